package dfs.client.block;

import dfs.client.block.HedgedReads.Asking;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.frame.Cancellation;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One read of a block that has several copies. Its caller asks one server after the other, straight
 * into his buffer; when one takes unusually long a second is asked on a thread of its own, into a
 * buffer of its own, and whoever is first ends the other's request. Only the caller ever touches
 * the caller's buffer, so what comes late is not in it.
 */
final class CopiesRead {
  private static final long NEVER_NANOS = Long.MAX_VALUE;

  private final HedgedReads hedged;
  private final Time time;
  private final boolean[] here;
  private final List<String> order;
  private final Asking asking;
  private final ByteBuffer into;
  private final int count;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Guarded by {@code lock}, as are all below: the first of the order that was not asked yet. */
  private int next;

  /** What the caller waits for; null while it waits for nothing that can be ended. */
  private @Nullable Cancellation own;

  private long dueNanos;
  private @Nullable Cancellation second;
  private @Nullable ByteBuffer found;
  private @Nullable IOException failure;
  private boolean over;

  CopiesRead(
      HedgedReads hedged,
      BlockServices services,
      List<String> order,
      Asking asking,
      ByteBuffer into) {
    this.hedged = hedged;
    this.time = services.time();
    this.order = order;
    this.asking = asking;
    this.into = into;
    this.count = into.remaining();
    this.here = new boolean[order.size()];
    for (int i = 0; i < here.length; i++) {
      here[i] = services.isHere(order.get(i));
    }
  }

  /** Fills the buffer, or throws what all of them said. */
  void run() throws IOException {
    try {
      while (true) {
        int turn = takeTurn();
        if (turn < 0) {
          awaitSecond();
          return;
        }
        if (askOwn(turn)) {
          return;
        }
      }
    } finally {
      end();
    }
  }

  private int takeTurn() {
    lock.lock();
    try {
      return found != null || next >= order.size() ? -1 : next++;
    } finally {
      lock.unlock();
    }
  }

  /** Whether the bytes are there. */
  private boolean askOwn(int turn) throws IOException {
    Cancellation cancellation = new Cancellation();
    String address = order.get(turn);
    // A call within this process cannot be left: a second one would be waited for with it.
    boolean watched = !here[turn] && begin(cancellation, address);
    try {
      ask(address, cancellation, into.slice());
      into.position(into.limit());
      return true;
    } catch (IOException e) {
      return wasOvertaken(e);
    } finally {
      if (watched) {
        hedged.unwatch(this);
      }
    }
  }

  /** Whether there is another copy that could be asked as well, later. */
  private boolean begin(Cancellation cancellation, String address) {
    long now = time.monotonicNanos();
    lock.lock();
    try {
      own = cancellation;
      dueNanos = now + hedged.load(address).unusualNanos(now);
      if (found != null) {
        cancellation.cancel();
      }
      if (next >= order.size()) {
        return false;
      }
    } finally {
      lock.unlock();
    }
    hedged.watch(this);
    return true;
  }

  private boolean wasOvertaken(IOException e) {
    lock.lock();
    try {
      own = null;
      ByteBuffer bytes = found;
      if (bytes == null) {
        fail(e);
        return false;
      }
      into.put(bytes);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void fail(IOException e) {
    IOException first = failure;
    if (first == null) {
      failure = e;
    } else if (!first.equals(e)) {
      first.addSuppressed(e);
    }
  }

  /** All were asked: what the second one says is all that can help. */
  private void awaitSecond() throws IOException {
    lock.lock();
    try {
      while (found == null && second != null) {
        changed.await();
      }
      ByteBuffer bytes = found;
      if (bytes == null) {
        throw failure == null ? new IOException("no copy was asked") : failure;
      }
      into.put(bytes);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while a copy was read");
    } finally {
      lock.unlock();
    }
  }

  /** Whoever is still asked is not waited for. */
  private void end() {
    Cancellation loser;
    lock.lock();
    try {
      over = true;
      loser = second;
    } finally {
      lock.unlock();
    }
    if (loser != null) {
      loser.cancel();
    }
  }

  /**
   * Asks a second server if it is time, on the thread of the timer.
   *
   * @return when to look again, from now on
   */
  long look(long nowNanos) {
    lock.lock();
    try {
      if (over || own == null || found != null || second != null || next >= order.size()) {
        return NEVER_NANOS;
      }
      if (nowNanos - dueNanos < 0) {
        return dueNanos - nowNanos;
      }
      if (!hedged.mayHedge()) {
        return NEVER_NANOS;
      }
      Cancellation cancellation = new Cancellation();
      String address = order.get(next++);
      second = cancellation;
      time.thread("dfs-read-hedge", () -> askSecond(address, cancellation)).start();
      return NEVER_NANOS;
    } finally {
      lock.unlock();
    }
  }

  private void askSecond(String address, Cancellation cancellation) {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    IOException failed = null;
    try {
      ask(address, cancellation, bytes.slice());
    } catch (IOException e) {
      failed = e;
    } catch (RuntimeException e) {
      failed = new IOException("asking " + address + " failed", e);
    }
    Cancellation slower = null;
    lock.lock();
    try {
      second = null;
      if (failed != null) {
        if (!over) {
          fail(failed);
        }
      } else if (!over) {
        found = bytes;
        slower = own;
        hedged.hedgeWon();
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (slower != null) {
      slower.cancel();
    }
  }

  private void ask(String address, Cancellation cancellation, ByteBuffer bytes) throws IOException {
    ServerLoad load = hedged.load(address);
    long began = time.monotonicNanos();
    load.begin();
    boolean told = false;
    try {
      asking.ask(address, cancellation, bytes);
      long now = time.monotonicNanos();
      load.answered(count, now - began, now);
      told = true;
    } catch (IOException e) {
      long now = time.monotonicNanos();
      if (cancellation.isCancelled()) {
        hedged.oneLeftBehind();
        load.leftBehind(now - began, now);
      } else {
        load.failed(ChunkBlockStore.isPassing(e), now);
      }
      told = true;
      throw e;
    } finally {
      if (!told) {
        load.failed(true, time.monotonicNanos());
      }
    }
  }
}

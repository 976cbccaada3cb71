package dfs.client.block;

import static java.util.Objects.requireNonNull;

import dfs.protocol.block.BlockRecord;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes a block whose server is in another process: appends are copied into a ring and sent by a
 * thread that lives while there is something to send. Who waits for durability waits for the ring
 * to be empty and then asks the server himself. As a {@link BlockWriter} it is not for concurrent
 * use, except {@link #flush}.
 */
final class AheadWriter implements BlockWriter {
  private final Replica replica;
  private final AheadBuffers buffers;
  private final Time time;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** What waits to be sent, the one being sent first; all below are guarded by {@code lock}. */
  private final Deque<Waiting> waiting = new ArrayDeque<>();

  private @Nullable ByteBuffer ring;
  private boolean sending;
  private long sentBytes;

  /** A record and where its bytes lie in the ring. */
  private record Waiting(BlockRecord record, int from, int to) {}

  AheadWriter(Replica replica, AheadBuffers buffers, Time time) {
    this.replica = replica;
    this.buffers = buffers;
    this.time = time;
  }

  @Override
  public long block() {
    return replica.block();
  }

  @Override
  public long epoch() {
    return replica.epoch();
  }

  @Override
  public long lengthBytes() {
    return replica.lengthBytes();
  }

  @Override
  public long remainingBytes() {
    return replica.remainingBytes();
  }

  @Override
  public long durableBytes() {
    return replica.durableBytes();
  }

  @Override
  public long append(Origin origin, ByteBuffer payload) throws IOException {
    ByteBuffer into = ring();
    BlockRecord record = replica.next(origin, payload);
    lock.lock();
    try {
      int from = place(record.length());
      into.put(from, payload, payload.position(), record.length());
      waiting.addLast(new Waiting(record, from, from + record.length()));
      if (!sending) {
        sending = true;
        time.lightThread("dfs-block-sender", this::send).start();
      }
      return record.blockOffset();
    } finally {
      lock.unlock();
    }
  }

  private ByteBuffer ring() throws IOException {
    lock.lock();
    try {
      ByteBuffer known = ring;
      if (known == null) {
        known = buffers.take();
        ring = known;
      }
      return known;
    } catch (OutOfMemoryError e) {
      throw new IOException("no memory for what is sent ahead to block " + block(), e);
    } finally {
      lock.unlock();
    }
  }

  /** Waits until so many bytes are free in one piece of the ring; where they begin. */
  private int place(int count) throws IOException {
    while (true) {
      replica.check();
      Waiting first = waiting.peekFirst();
      Waiting last = waiting.peekLast();
      if (first == null || last == null) {
        return 0;
      }
      boolean wrapped = last.to <= first.from;
      int end = wrapped ? first.from : AheadBuffers.AHEAD_BYTES;
      if (last.to + count <= end) {
        return last.to;
      }
      if (!wrapped && count <= first.from) {
        return 0;
      }
      changed.awaitUninterruptibly();
    }
  }

  private void send() {
    while (true) {
      Waiting next;
      ByteBuffer payload;
      lock.lock();
      try {
        next = waiting.peekFirst();
        if (next == null || replica.isFailed()) {
          waiting.clear();
          sending = false;
          changed.signalAll();
          return;
        }
        payload = requireNonNull(ring).slice(next.from, next.to - next.from);
      } finally {
        lock.unlock();
      }
      try {
        replica.send(next.record, payload, false);
      } catch (IOException e) {
        continue;
      } catch (RuntimeException | Error e) {
        // Whoever waits for it would wait for ever.
        replica.fail(new IOException("sending to block " + block() + " failed", e));
        continue;
      }
      lock.lock();
      try {
        waiting.removeFirst();
        sentBytes = next.record.blockOffset() + next.record.length();
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Waits until everything before {@code target} is at the server. */
  private void awaitSent(long target) throws IOException {
    lock.lock();
    try {
      while (sentBytes < target && !replica.isFailed()) {
        changed.awaitUninterruptibly();
      }
      replica.check();
    } finally {
      lock.unlock();
    }
  }

  /** Where the appends that returned end: those may be waited for. */
  private long appendedBytes() {
    lock.lock();
    try {
      Waiting last = waiting.peekLast();
      return last == null ? sentBytes : last.record.blockOffset() + last.record.length();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long appendSynced(Origin origin, ByteBuffer payload) throws IOException {
    awaitSent(appendedBytes());
    BlockRecord record = replica.next(origin, payload);
    replica.send(record, payload.duplicate(), true);
    lock.lock();
    try {
      sentBytes = record.blockOffset() + record.length();
    } finally {
      lock.unlock();
    }
    return record.blockOffset();
  }

  @Override
  public void flush() throws IOException {
    replica.check();
    long target = appendedBytes();
    if (replica.durableBytes() < target) {
      awaitSent(target);
      replica.flush(target);
    }
  }

  @Override
  public BlockEnd seal(boolean closed) throws IOException {
    awaitSent(appendedBytes());
    BlockEnd end = replica.seal(closed);
    lock.lock();
    try {
      ByteBuffer unused = ring;
      if (unused != null && !sending) {
        buffers.give(unused);
      }
      ring = null;
    } finally {
      lock.unlock();
    }
    return end;
  }
}

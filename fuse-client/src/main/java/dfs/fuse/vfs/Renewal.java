package dfs.fuse.vfs;

import com.google.protobuf.ByteString;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions of a mount, one after the other. When one is over, the thread that hears of it lets
 * nothing of it stay in the kernel, closes it, opens the next, again and again while that fails,
 * and only then gives it to who calls: so no answer, page or handle of one is ever taken for
 * another's. Called by {@link RenewedVfs} and, at its end, by a session. Thread-safe; no lock is
 * held while a session is opened or the kernel forgets.
 */
final class Renewal {
  private static final Logger LOG = LoggerFactory.getLogger(Renewal.class);
  private static final long BACK_OFF_FIRST_NANOS = 50_000_000L;
  private static final long BACK_OFF_MAX_NANOS = 2_000_000_000L;

  /**
   * Calls wait so long after a session was lost for the next, which is usually there in a moment;
   * later ones are errors at once, rather than hang for as long as the server is away.
   */
  static final long PATIENCE_NANOS = 10_000_000_000L;

  /** So many calls may wait; the driver's other threads take what the kernel writes back. */
  private static final int WAITING_MAX = 128;

  /** Opening a session is bounded by its handshake, a little less than this. */
  private static final long CLOSE_SECONDS = 15;

  private final Sessions sessions;
  private final KnownInodes inodes;
  private final PastNodes nodes = new PastNodes();
  private final Time time;
  private final Consumer<String> problem;
  private final Semaphore waiting = new Semaphore(WAITING_MAX);
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** The newest that could be opened. */
  private volatile Generation present;

  private volatile boolean closed;

  /**
   * Whose inodes the kernel knows; written by who makes a generation, of whom there is one at a
   * time.
   */
  private volatile ByteString cluster = ByteString.EMPTY;

  // All below: guarded by the lock.
  private @Nullable KernelCaches caches;

  /** The generation that was lost last, when, and why there is no other yet. */
  private long lostNumber;

  private long lostNanos;
  private String why = "";
  private String obstacle = "";

  /** Threads that look for another session. */
  private int renewing;

  /**
   * Opens the first session.
   *
   * @param problem hears why there is none, and an empty text when there is one again
   */
  Renewal(Sessions sessions, KnownInodes inodes, Time time, Consumer<String> problem)
      throws IOException {
    this.sessions = sessions;
    this.inodes = inodes;
    this.time = time;
    this.problem = problem;
    MetadataSession first = sessions.open();
    lock.lock();
    try {
      this.present = begin(1, first);
    } finally {
      lock.unlock();
    }
  }

  private Generation begin(long number, MetadataSession session) throws IOException {
    boolean begun = false;
    try {
      ByteString now = session.cluster();
      if (!cluster.isEmpty() && !now.isEmpty() && !now.equals(cluster)) {
        throw new IOException("the metadata server has another volume now");
      }
      cluster = now.isEmpty() ? cluster : now;
      Generation generation =
          new Generation(
              number, session, sessions.blocks(session), inodes, nodes, time, this::lost);
      begun = true;
      return generation;
    } finally {
      if (!begun) {
        session.close();
      }
    }
  }

  void attach(KernelCaches kernel) {
    lock.lock();
    try {
      caches = kernel;
      present.vfs.attach(kernel);
    } finally {
      lock.unlock();
    }
  }

  /** The newest generation, which may be over. */
  Generation present() {
    return present;
  }

  /** A generation that is not over; null if there is none, or not in time. */
  @Nullable Generation await() {
    Generation generation = present;
    if (!generation.isOver()) {
      return generation;
    }
    if (!waiting.tryAcquire()) {
      return null;
    }
    try {
      return awaitNext();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } finally {
      waiting.release();
    }
  }

  private @Nullable Generation awaitNext() throws InterruptedException {
    long calledNanos = time.monotonicNanos();
    lock.lock();
    try {
      while (present.isOver()) {
        // That it is over may be known to its callers before it is known here.
        long sinceNanos = lostNumber >= present.number ? lostNanos : calledNanos;
        long leftNanos = sinceNanos + PATIENCE_NANOS - time.monotonicNanos();
        if (closed || leftNanos <= 0) {
          return null;
        }
        var _ = changed.awaitNanos(leftNanos);
      }
      return present;
    } finally {
      lock.unlock();
    }
  }

  /** The session of a generation is over; called on a thread of its own. */
  private void lost(Generation old, String reason) {
    LOG.warn("session {} is over: {}; what is open in it is lost", old.session(), reason);
    boolean last;
    lock.lock();
    try {
      last = closed;
      renewing++;
      lostNumber = old.number;
      lostNanos = time.monotonicNanos();
      why = "its session is over: " + reason;
      obstacle = "";
    } finally {
      lock.unlock();
    }
    tell();
    try {
      old.vfs.drop(reason);
      if (last) {
        return;
      }
      old.closeSession();
      Generation next = openNext(old.number + 1);
      if (next != null) {
        LOG.warn("session {} follows session {}", next.session(), old.session());
      }
      tell();
    } finally {
      lock.lock();
      try {
        renewing--;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
    old.abandon();
  }

  /** Null when the mount is closed meanwhile. */
  private @Nullable Generation openNext(long number) {
    long backOffNanos = BACK_OFF_FIRST_NANOS;
    while (!closed) {
      try {
        Generation next = begin(number, sessions.open());
        if (give(next)) {
          return next;
        }
        next.close();
        return null;
      } catch (IOException | RuntimeException e) {
        pause(backOffNanos, "; there is no other yet: " + e.getMessage());
        backOffNanos = Math.min(2 * backOffNanos, BACK_OFF_MAX_NANOS);
      }
    }
    return null;
  }

  /** From now on this one is called; false when the mount is closed. */
  private boolean give(Generation next) {
    lock.lock();
    try {
      if (closed) {
        return false;
      }
      // One that was over at once may have its own successor already.
      if (next.number > present.number) {
        if (caches != null) {
          next.vfs.attach(caches);
        }
        present = next;
      }
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Waits before another attempt, and says what is in the way when that is news. */
  private void pause(long nanos, String obstructed) {
    boolean news;
    lock.lock();
    try {
      news = !obstacle.equals(obstructed);
      obstacle = obstructed;
    } finally {
      lock.unlock();
    }
    if (news) {
      LOG.warn("the mount has no session{}", obstructed);
      tell();
    }
    lock.lock();
    try {
      long left = nanos;
      while (!closed && left > 0) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /** Says what is so now; one at a time, so that the last that is said is the newest. */
  private synchronized void tell() {
    String now;
    lock.lock();
    try {
      now = lostNumber >= present.number ? why + obstacle : "";
    } finally {
      lock.unlock();
    }
    problem.accept(now);
  }

  /** Writes back and ends what there is; looks for no further session. */
  void close() throws IOException {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      changed.signalAll();
      long left = TimeUnit.SECONDS.toNanos(CLOSE_SECONDS);
      while (renewing > 0 && left > 0) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
    if (present.isOver()) {
      present.closeSession();
    } else {
      present.close();
    }
  }
}

package dfs.chunk.server;

import dfs.protocol.seam.Time;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps threads from moving more than so many bytes a second all together, by letting each wait
 * after a piece of its work as long as the bytes so far should have taken. What they did not use of
 * the last second they may catch up. Thread-safe.
 */
final class Pace {
  /** For a rate: there is no bound. */
  static final long UNBOUNDED = 0;

  /** So much of what was not used can be caught up: work that comes in bursts, or slow reads. */
  static final long CAUGHT_UP_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final long bytesPerSecond;
  private final Time time;
  private final CompletableFuture<Void> stopped;
  private final AtomicLong dueNanos = new AtomicLong();

  /**
   * @param bytesPerSecond at most, or {@link #UNBOUNDED}
   * @param stopped ends a wait when it completes
   */
  Pace(long bytesPerSecond, Time time, CompletableFuture<Void> stopped) {
    this.bytesPerSecond = bytesPerSecond;
    this.time = time;
    this.stopped = stopped;
    dueNanos.set(time.monotonicNanos() - CAUGHT_UP_NANOS);
  }

  /** From now on: nothing that was not used before is caught up. */
  void begin() {
    dueNanos.set(time.monotonicNanos());
  }

  /**
   * So many bytes were moved: waits until that many may have been.
   *
   * @return whether to go on; not when it is stopped, or the thread is interrupted, which it then
   *     still is
   */
  boolean moved(long bytes) {
    if (bytesPerSecond == UNBOUNDED) {
      return !stopped.isDone();
    }
    long now = time.monotonicNanos();
    long takesNanos = bytes * SECOND_NANOS / bytesPerSecond;
    return pause(
        dueNanos.updateAndGet(due -> Math.max(due, now - CAUGHT_UP_NANOS) + takesNanos) - now);
  }

  /**
   * Waits for so long, whatever was moved.
   *
   * @return as {@link #moved}
   */
  boolean pause(long nanos) {
    try {
      return !time.await(stopped, nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}

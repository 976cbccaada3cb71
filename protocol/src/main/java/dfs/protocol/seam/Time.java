package dfs.protocol.seam;

import java.util.concurrent.TimeUnit;

/**
 * Time as a room sees it: a monotonic clock for leases and deadlines, a wall clock for stamps,
 * timers.
 */
public interface Time {
  /** Monotonic nanoseconds; only differences mean something. */
  long monotonicNanos();

  /** Nanoseconds since 1970-01-01T00:00Z; may jump. */
  long wallNanos();

  /** Runs a task once after a delay, on a thread of the clock's own; the task must not block. */
  Timer after(long delay, TimeUnit unit, Runnable task);

  /** A task that waits for its time. */
  interface Timer {
    /** The task will not start any more, if it has not started yet. */
    void cancel();
  }
}

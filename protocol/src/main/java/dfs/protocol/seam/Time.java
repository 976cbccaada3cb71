package dfs.protocol.seam;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Time as a room sees it: a monotonic clock for leases and deadlines, a wall clock for stamps,
 * timers, and the threads that wait. Threads come from here because a simulated clock moves only
 * when none of them can go on; what waits for a limited time waits by a timer.
 */
public interface Time {
  /** Monotonic nanoseconds; only differences mean something. */
  long monotonicNanos();

  /** Nanoseconds since 1970-01-01T00:00Z; may jump. */
  long wallNanos();

  /** Runs a task once after a delay, on a thread of the clock's own; the task must not block. */
  Timer after(long delay, TimeUnit unit, Runnable task);

  /** A daemon thread, not started yet, that may wait in the kernel. */
  default Thread thread(String name, Runnable task) {
    return Thread.ofPlatform().daemon().name(name).unstarted(task);
  }

  /** A thread, not started yet, for short work that never waits in the kernel for long. */
  default Thread lightThread(String name, Runnable task) {
    return Thread.ofVirtual().name(name).unstarted(task);
  }

  /** A thread for each task, as {@link #thread} gives them; they are kept for a while. */
  default ExecutorService threads(String name) {
    return Executors.newCachedThreadPool(task -> thread(name, task));
  }

  /**
   * Waits until a future is done, or the time is over.
   *
   * @return whether it is done
   */
  default boolean await(CompletableFuture<?> done, long nanos) throws InterruptedException {
    if (done.isDone() || nanos <= 0) {
      return done.isDone();
    }
    CompletableFuture<Void> over = new CompletableFuture<>();
    Timer timer = after(nanos, TimeUnit.NANOSECONDS, () -> over.complete(null));
    try {
      // It leaves nothing behind on what is not done: that may be waited for again and again.
      var _ = CompletableFuture.anyOf(done, over).get();
    } catch (ExecutionException e) {
      return true;
    } finally {
      timer.cancel();
    }
    return done.isDone();
  }

  /** Waits for so long; an interrupt is kept for whoever asks next, and ends the wait. */
  default void pause(long nanos) {
    try {
      var _ = await(new CompletableFuture<Void>(), nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A task that waits for its time. */
  interface Timer {
    /** The task will not start any more, if it has not started yet. */
    void cancel();
  }
}

package dfs.protocol.seam;

import java.time.Instant;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The machine's clocks. One daemon thread runs all timers, so that a task that blocks delays every
 * other; it starts with the first timer.
 */
public final class RealTime implements Time {
  private static final Logger LOG = LoggerFactory.getLogger(RealTime.class);
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final ScheduledThreadPoolExecutor scheduler;

  public RealTime() {
    scheduler =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("dfs-timers").factory());
    // Most timers are time limits that are cancelled: they must not stay until their time.
    scheduler.setRemoveOnCancelPolicy(true);
  }

  @Override
  public long monotonicNanos() {
    return System.nanoTime();
  }

  @Override
  public long wallNanos() {
    Instant now = Instant.now();
    return now.getEpochSecond() * NANOS_PER_SECOND + now.getNano();
  }

  @Override
  public Timer after(long delay, TimeUnit unit, Runnable task) {
    ScheduledFuture<?> future = scheduler.schedule(() -> run(task), delay, unit);
    return () -> future.cancel(false);
  }

  /** A task that fails must not take the other timers with it, nor be silent. */
  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      LOG.error("a timer's task failed", e);
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }
}

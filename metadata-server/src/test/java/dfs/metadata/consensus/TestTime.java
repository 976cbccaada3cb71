package dfs.metadata.consensus;

import dfs.protocol.seam.Time;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The real clocks, but a test can set the wall clock and stop the timers. */
final class TestTime implements Time {
  private final ScheduledExecutorService timers =
      Executors.newSingleThreadScheduledExecutor(
          task -> Thread.ofPlatform().daemon().name("test-clock").unstarted(task));
  private final AtomicLong stopped = new AtomicLong();
  private volatile boolean timersStopped;

  /** From now on the wall clock shows this. */
  void stopAt(long nanos) {
    stopped.set(nanos);
  }

  /** From now on nothing comes due, also what waits already. */
  void stopTimers() {
    timersStopped = true;
  }

  @Override
  public long monotonicNanos() {
    return System.nanoTime();
  }

  @Override
  public long wallNanos() {
    long at = stopped.get();
    return at != 0 ? at : System.currentTimeMillis() * 1_000_000;
  }

  @Override
  public Timer after(long delay, TimeUnit unit, Runnable task) {
    Future<?> future = timers.schedule(() -> run(task), delay, unit);
    return () -> future.cancel(false);
  }

  private void run(Runnable task) {
    if (!timersStopped) {
      task.run();
    }
  }
}

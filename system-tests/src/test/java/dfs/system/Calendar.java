package dfs.system;

import dfs.protocol.seam.RealTime;
import dfs.protocol.seam.Time;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The machine's clocks, but the date is the test's. */
record Calendar(Time real, AtomicLong wall) implements Time {
  static Calendar standingStill() {
    Time real = new RealTime();
    return new Calendar(real, new AtomicLong(real.wallNanos()));
  }

  @Override
  public long monotonicNanos() {
    return real.monotonicNanos();
  }

  @Override
  public long wallNanos() {
    return wall.get();
  }

  @Override
  public Timer after(long delay, TimeUnit unit, Runnable task) {
    return real.after(delay, unit, task);
  }

  void advance(long count, TimeUnit unit) {
    wall.addAndGet(unit.toNanos(count));
  }
}

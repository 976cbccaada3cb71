package dfs.client.file;

import dfs.protocol.seam.Time;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Nothing happens because of the time, which passes in pauses only. */
final class StillTime implements Time {
  private final AtomicLong nanos = new AtomicLong(1);

  @Override
  public void pause(long pauseNanos) {
    nanos.addAndGet(pauseNanos);
  }

  @Override
  public long monotonicNanos() {
    return nanos.get();
  }

  @Override
  public long wallNanos() {
    return 1;
  }

  @Override
  public Timer after(long delay, TimeUnit unit, Runnable task) {
    return () -> {};
  }
}

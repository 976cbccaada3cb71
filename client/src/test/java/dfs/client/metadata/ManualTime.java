package dfs.client.metadata;

import dfs.protocol.seam.Time;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Time that stands until a test moves it; timers run on the thread that does, in order. */
public final class ManualTime implements Time {
  private static final long START_NANOS = 5_000_000_000L;
  private static final long WALL_START_NANOS = 1_700_000_000_000_000_000L;

  private long now = START_NANOS;
  private long made;
  private final List<Waiting> waiting = new ArrayList<>();

  private record Waiting(long atNanos, long number, Runnable task) {}

  @Override
  public synchronized long monotonicNanos() {
    return now;
  }

  @Override
  public synchronized long wallNanos() {
    return WALL_START_NANOS + now;
  }

  @Override
  public synchronized Timer after(long delay, TimeUnit unit, Runnable task) {
    Waiting timer = new Waiting(now + Math.max(0, unit.toNanos(delay)), made++, task);
    waiting.add(timer);
    return () -> cancel(timer);
  }

  private synchronized void cancel(Waiting timer) {
    waiting.remove(timer);
  }

  public synchronized int timers() {
    return waiting.size();
  }

  /** Moves on, stopping at every timer on the way. */
  public void advance(long amount, TimeUnit unit) {
    long until = monotonicNanos() + unit.toNanos(amount);
    for (Waiting due = next(until); due != null; due = next(until)) {
      due.task.run();
    }
    jump(until);
  }

  /** Moves on as if the process had stood still: timers that are due run with the next advance. */
  synchronized void jump(long until) {
    now = Math.max(now, until);
  }

  private synchronized @Nullable Waiting next(long until) {
    Waiting first =
        waiting.stream()
            .min(Comparator.comparingLong(Waiting::atNanos).thenComparingLong(Waiting::number))
            .orElse(null);
    if (first == null || first.atNanos > until) {
      return null;
    }
    waiting.remove(first);
    now = Math.max(now, first.atNanos);
    return first;
  }
}

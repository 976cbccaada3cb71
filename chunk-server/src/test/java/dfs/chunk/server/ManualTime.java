package dfs.chunk.server;

import dfs.protocol.seam.Time;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;

/** A clock that goes when it is told to. Timers run in the thread that tells it. */
final class ManualTime implements Time {
  private final PriorityQueue<Waiting> timers =
      new PriorityQueue<>(Comparator.comparingLong(Waiting::atNanos));
  private long nowNanos = 1_000_000_000_000L;

  private record Waiting(long atNanos, Runnable task) {}

  @Override
  public synchronized long monotonicNanos() {
    return nowNanos;
  }

  @Override
  public synchronized long wallNanos() {
    return nowNanos;
  }

  @Override
  public synchronized Timer after(long delay, TimeUnit unit, Runnable task) {
    Waiting waiting = new Waiting(nowNanos + unit.toNanos(delay), task);
    timers.add(waiting);
    return () -> remove(waiting);
  }

  private synchronized void remove(Waiting waiting) {
    timers.remove(waiting);
  }

  void advance(long nanos) {
    List<Runnable> due = new ArrayList<>();
    synchronized (this) {
      nowNanos += nanos;
      for (Waiting next = timers.peek();
          next != null && next.atNanos <= nowNanos;
          next = timers.peek()) {
        due.add(next.task);
        timers.remove();
      }
    }
    due.forEach(Runnable::run);
  }
}

package dfs.chunk.server;

import dfs.protocol.seam.Time;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A clock that goes when it is told to. Timers run in the thread that tells it. */
final class ManualTime implements Time {
  private final PriorityQueue<Waiting> timers =
      new PriorityQueue<>(Comparator.comparingLong(Waiting::atNanos));
  private long nowNanos = 1_000_000_000_000L;
  private long leaptNanos;
  private volatile String leaping = "";

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

  /** From now on what a thread of this name waits for is over at once, by this clock. */
  void leap(String thread) {
    leaping = thread;
  }

  /** How long such waits were, together. */
  synchronized long leaptNanos() {
    return leaptNanos;
  }

  @Override
  public boolean await(CompletableFuture<?> done, long nanos) throws InterruptedException {
    if (!Thread.currentThread().getName().equals(leaping)) {
      return Time.super.await(done, nanos);
    }
    synchronized (this) {
      nowNanos += Math.max(0, nanos);
      leaptNanos += Math.max(0, nanos);
    }
    return done.isDone();
  }

  private synchronized void remove(Waiting waiting) {
    timers.remove(waiting);
  }

  /** How many wait for it to go on. */
  synchronized int waiting() {
    return timers.size();
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

package dfs.client.metadata;

import dfs.protocol.seam.Time;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The leader's clock as far as its messages told it: behind the true one by a message's way, and
 * never running backwards, whatever the leader says. Thread-safe.
 */
final class LeaderClock {
  private final Time time;
  private final AtomicLong last = new AtomicLong();

  /** What to add to the monotonic clock. */
  private volatile long offsetNanos;

  LeaderClock(Time time) {
    this.time = time;
  }

  /** A message that has just come says that the leader's clock shows this. */
  void learn(long leaderNanos) {
    offsetNanos = leaderNanos - time.monotonicNanos();
  }

  /** Nanoseconds since 1970. */
  long nowNanos() {
    return last.accumulateAndGet(time.monotonicNanos() + offsetNanos, Math::max);
  }
}

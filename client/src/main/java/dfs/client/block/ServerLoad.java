package dfs.client.block;

import dfs.protocol.Limits;

/**
 * How busy a chunk server is, as this process sees it: reads that it has not answered yet, and how
 * long it took with those before, smoothed as round trips are (RFC 6298). What is known grows old:
 * who was slow is tried again later. Thread-safe; nobody waits in it.
 */
final class ServerLoad {
  /** Times below this are alike: which server keeps the bytes in memory counts more. */
  private static final long ALIKE_NANOS = 2_000_000L;

  /** A server that could not be asked counts as one that takes so long. */
  private static final long FAILED_NANOS = 100_000_000L;

  /** What was measured counts half after so long. */
  private static final double HALF_LIFE_NANOS = 5e9;

  /** What one reader has under way ahead of himself is no load. */
  private static final int AHEAD_READS = 2;

  /** A call within this process takes that much less of a server than one by a socket. */
  private static final int HERE_SHARE = 4;

  /** Bounds of the time after which another copy is asked as well. */
  static final long HEDGE_NANOS_MIN = 50_000_000L;

  static final long HEDGE_NANOS_MAX = 1_000_000_000L;

  private final int ahead;
  private int outstanding;
  private double meanNanos;
  private double deviationNanos;
  private long atNanos;

  /**
   * @param here whether it is in this process
   */
  ServerLoad(boolean here, long nowNanos) {
    this.ahead = here ? AHEAD_READS * HERE_SHARE : AHEAD_READS;
    this.atNanos = nowNanos;
  }

  /** A read is sent; one of the three below follows. */
  synchronized void begin() {
    outstanding++;
  }

  /** It gave intact bytes, so many, after so long. */
  synchronized void answered(int bytes, long tookNanos, long nowNanos) {
    outstanding--;
    age(nowNanos);
    double took = (double) tookNanos / frames(bytes);
    deviationNanos += (Math.abs(took - meanNanos) - deviationNanos) / 4;
    meanNanos += (took - meanNanos) / 8;
  }

  /** It had not answered after so long, and nobody waits for it any more. */
  synchronized void leftBehind(long tookNanos, long nowNanos) {
    outstanding--;
    age(nowNanos);
    meanNanos = Math.max(meanNanos, (double) tookNanos);
  }

  /**
   * It gave no bytes, however quickly.
   *
   * @param away whether it will not give others either
   */
  synchronized void failed(boolean away, long nowNanos) {
    outstanding--;
    if (away) {
      age(nowNanos);
      meanNanos = Math.max(meanNanos, FAILED_NANOS);
    }
  }

  private void age(long nowNanos) {
    double kept = kept(nowNanos);
    meanNanos *= kept;
    deviationNanos *= kept;
    atNanos = nowNanos;
  }

  private double kept(long nowNanos) {
    return Math.exp(-Math.log(2) * Math.max(0, nowNanos - atNanos) / HALF_LIFE_NANOS);
  }

  private static int frames(int bytes) {
    return Math.max(1, (bytes + Limits.APPEND_BYTES - 1) / Limits.APPEND_BYTES);
  }

  /** How long a further read of it would take, roughly: for comparisons. */
  synchronized long costNanos(long nowNanos) {
    double each = Math.max(ALIKE_NANOS, meanNanos * kept(nowNanos));
    int waits = 1 + outstanding / ahead;
    return (long) (each * waits);
  }

  /** A read that took so long takes longer than usual here. */
  synchronized long unusualNanos(long nowNanos) {
    double high = (meanNanos + 4 * deviationNanos) * kept(nowNanos);
    return Math.clamp((long) high, HEDGE_NANOS_MIN, HEDGE_NANOS_MAX);
  }
}

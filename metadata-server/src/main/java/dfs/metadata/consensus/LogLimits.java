package dfs.metadata.consensus;

import java.util.concurrent.TimeUnit;

/**
 * Bounds of the log.
 *
 * @param queuedProposals proposals that may wait for an entry; more are refused with EAGAIN
 * @param flushCommands applied commands after which the state is flushed: they bound what a restart
 *     applies again
 * @param flushLogBytes applied bytes of log after which it is flushed
 * @param flushNanos time after which it is flushed if anything was applied
 * @param snapshotLogBytes bytes of log after which its beginning may go; an eighth of the disk if
 *     that is less
 * @param ballastBytes size of a file that is given up when the disk is full, so that the log can
 *     still be shortened
 * @param freeBytesMin free bytes of the disk below which what grows the store is refused with
 *     ENOSPC; below a quarter of it everything is
 */
public record LogLimits(
    int queuedProposals,
    long flushCommands,
    long flushLogBytes,
    long flushNanos,
    long snapshotLogBytes,
    long ballastBytes,
    long freeBytesMin) {
  /** What a server uses unless told otherwise. */
  public static final LogLimits DEFAULT =
      new LogLimits(
          16_384,
          100_000,
          64L << 20,
          TimeUnit.SECONDS.toNanos(60),
          1L << 30,
          64L << 20,
          128L << 20);

  /** One eighth of a small disk is kept, and its log takes no more. */
  private static final int SMALL_PARTS = 8;

  /** The usual limits, for a disk of this size: a small one is not used up by what is kept free. */
  public static LogLimits of(long diskBytes) {
    long eighth = Math.max(1, diskBytes / SMALL_PARTS);
    return new LogLimits(
        DEFAULT.queuedProposals(),
        DEFAULT.flushCommands(),
        Math.min(DEFAULT.flushLogBytes(), Math.max(1, eighth / 2)),
        DEFAULT.flushNanos(),
        Math.min(DEFAULT.snapshotLogBytes(), eighth),
        Math.min(DEFAULT.ballastBytes(), Math.max(1, eighth / 2)),
        Math.min(DEFAULT.freeBytesMin(), eighth));
  }

  public LogLimits {
    positive("queuedProposals", queuedProposals);
    positive("flushCommands", flushCommands);
    positive("flushLogBytes", flushLogBytes);
    positive("flushNanos", flushNanos);
    positive("snapshotLogBytes", snapshotLogBytes);
    positive("ballastBytes", ballastBytes);
    positive("freeBytesMin", freeBytesMin);
  }

  private static void positive(String name, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " is " + value);
    }
  }
}

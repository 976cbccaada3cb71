package dfs.metadata.consensus;

import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Refuses new commands before the disk is full, since a log that cannot write is lost to its
 * process. While the alarm is on the ballast is given up, so that the state can be flushed and the
 * log shortened. Looked at by the keeper's thread; {@link #raised} by anybody.
 */
final class SpaceAlarm {
  static final Path BALLAST = Path.of("ballast");
  private static final int PIECE_BYTES = 1 << 20;

  /** Of the free bytes below which the alarm is raised, one such part is for nobody. */
  private static final int FULL_PARTS = 4;

  /** One such part more must be free for the alarm to end. */
  private static final int SLACK_PARTS = 16;

  /** So many times as much is not much. */
  private static final int NEAR_TIMES = 2;

  private final Disk disk;
  private final LogLimits limits;
  private volatile boolean raised;
  private volatile long freeBytes;
  private volatile long appendedAtLook;

  SpaceAlarm(Disk disk, LogLimits limits) {
    this.disk = disk;
    this.limits = limits;
  }

  boolean raised() {
    return raised;
  }

  /** There is so little room that nothing at all may be added to the log. */
  boolean isFull() {
    return freeBytes < limits.freeBytesMin() / FULL_PARTS;
  }

  /** The alarm is raised, or will be before long. */
  boolean isNear() {
    return freeBytes < NEAR_TIMES * limits.freeBytesMin();
  }

  /**
   * Whether what was appended since the disk was looked at may have taken so much that the alarm is
   * due. The state takes about as much as the log.
   *
   * @param appendedBytes to the log, since the start
   */
  boolean mayBeDue(long appendedBytes) {
    return freeBytes - 2 * (appendedBytes - appendedAtLook) < limits.freeBytesMin();
  }

  private long slackBytes() {
    return limits.freeBytesMin() / SLACK_PARTS;
  }

  /** Free bytes of the disk when it was looked at last. */
  long freeBytes() {
    return freeBytes;
  }

  /**
   * Looks at the disk; true if the alarm was raised just now.
   *
   * @param appendedBytes to the log, since the start
   */
  boolean look(long appendedBytes) throws IOException {
    appendedAtLook = appendedBytes;
    freeBytes = disk.space().freeBytes();
    if (freeBytes < limits.freeBytesMin()) {
      boolean news = !raised;
      raised = true;
      // Deleted without a sync of the directory: a crash may bring it back, and it goes again.
      disk.delete(BALLAST);
      return news;
    }
    // With the ballast back in place the alarm must not go off again at once; but whoever removed
    // something waits for its end, and on a disk that others fill there is not much to remove.
    if (raised && freeBytes >= limits.freeBytesMin() + slackBytes() + ballastOwed()) {
      raised = false;
    }
    return false;
  }

  /** Puts the ballast in place if it is missing and there is room for it. */
  void restoreBallast() throws IOException {
    long owed = ballastOwed();
    if (owed == 0 || raised || freeBytes < limits.freeBytesMin() + owed) {
      return;
    }
    try {
      writeBallast();
    } catch (IOException e) {
      // Others may have filled the disk meanwhile: the log itself has lost nothing.
      disk.delete(BALLAST);
    }
  }

  private long ballastOwed() throws IOException {
    return disk.exists(BALLAST) ? 0 : limits.ballastBytes();
  }

  private void writeBallast() throws IOException {
    try (DiskFile file = disk.open(BALLAST, true)) {
      ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(PIECE_BYTES, limits.ballastBytes()));
      for (long at = 0; at < limits.ballastBytes(); at += zeros.capacity()) {
        zeros.clear().limit((int) Math.min(zeros.capacity(), limits.ballastBytes() - at));
        file.write(zeros, at);
      }
      file.sync(true);
    }
  }
}

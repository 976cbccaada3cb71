package dfs.chunk.server;

import dfs.protocol.block.BlockFault;
import dfs.protocol.seam.Disk;
import dfs.protocol.seam.Disk.Space;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps a disk from running full: no new blocks below the reserve, no appends below a quarter of
 * it, so that blocks that are open can be sealed and records find room. The reserve is a part of
 * the disk, and so many bytes at least, but of a small disk no more than an eighth. Space is
 * measured with each new block and each heartbeat; between, appended bytes are subtracted.
 * Thread-safe.
 */
final class SpaceReserve {
  /** Appends to blocks that are there already leave such a part of the reserve. */
  private static final int APPEND_SHARE = 4;

  /** Putting blocks together, which gives space back, leaves less. */
  private static final int COMPACT_SHARE = 16;

  private static final int PERCENT = 100;

  /** A disk that lost less than such a part of its size has not shrunk. */
  private static final int SHRUNK_PARTS = 100;

  private static final int FLOOR_PARTS_MIN = 8;

  private final Disk disk;
  private final long floorBytes;
  private final int floorPercent;
  private final AtomicLong appendedBytes = new AtomicLong();
  private final long openedTotalBytes;
  private volatile Space measured;

  SpaceReserve(Disk disk, long floorBytes, int floorPercent) throws IOException {
    this.disk = disk;
    this.floorBytes = floorBytes;
    this.floorPercent = floorPercent;
    this.measured = disk.space();
    this.openedTotalBytes = measured.totalBytes();
  }

  Space measure() throws IOException {
    Space space = disk.space();
    appendedBytes.set(0);
    measured = space;
    return space;
  }

  Space lastMeasured() {
    return measured;
  }

  /** What is said of a disk that is smaller than when it was opened; empty if it is not. */
  String shrunk(Space space) {
    return space.totalBytes() < openedTotalBytes - openedTotalBytes / SHRUNK_PARTS
        ? "smaller than it was: %d bytes, %d before".formatted(space.totalBytes(), openedTotalBytes)
        : "";
  }

  private long reserveBytes(Space space) {
    return Math.max(
        Math.min(floorBytes, space.totalBytes() / FLOOR_PARTS_MIN),
        space.totalBytes() / PERCENT * floorPercent);
  }

  /** What new blocks may take, bytes. */
  long forBlocks(Space space) {
    return Math.max(0, space.freeBytes() - reserveBytes(space));
  }

  /** What may be put together of other blocks, bytes: more than new ones may take. */
  long toCompact(Space space) {
    return Math.max(0, space.freeBytes() - reserveBytes(space) / COMPACT_SHARE);
  }

  void checkCompact(long bytes) throws IOException {
    Space space = measure();
    if (toCompact(space) < bytes) {
      throw full(space);
    }
  }

  void checkCreate() throws IOException {
    Space space = measure();
    if (space.freeBytes() < reserveBytes(space)) {
      throw full(space);
    }
  }

  void checkAppend(int bytes) throws IOException {
    Space space = measured;
    long since = appendedBytes.addAndGet(bytes);
    if (space.freeBytes() - since < reserveBytes(space) / APPEND_SHARE) {
      space = measure();
      if (space.freeBytes() - bytes < reserveBytes(space) / APPEND_SHARE) {
        throw full(space);
      }
    }
  }

  private BlockFault full(Space space) {
    return new BlockFault(
        BlockFault.Kind.NO_SPACE,
        "%d bytes are free, %d are kept in reserve"
            .formatted(space.freeBytes(), reserveBytes(space)));
  }
}

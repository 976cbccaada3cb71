package dfs.metadata.consensus;

import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import dfs.protocol.wire.RecordCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How far the log reached not long ago, outside the log: a log that ends before it has lost
 * something. Two slots, written in turn and in place, so that a torn write leaves the other one and
 * a write costs one flush of data. Used by the keeper's thread alone once the log is open.
 */
final class HighWaterMark implements AutoCloseable {
  static final Path NAME = Path.of("mark");
  private static final int SLOT_BYTES = 4096;
  private static final RecordCodec<Mark> CODEC = RecordCodec.of(Mark.class);

  /** Index and term of a log entry that was durable. */
  public record Mark(long index, long term) {}

  private final DiskFile file;
  private Mark newest;
  private int slot;

  private HighWaterMark(DiskFile file, Mark newest, int slot) {
    this.file = file;
    this.newest = newest;
    this.slot = slot;
  }

  static HighWaterMark create(Disk disk) throws IOException {
    DiskFile file = disk.open(NAME, true);
    HighWaterMark mark = new HighWaterMark(file, new Mark(0, 0), 0);
    try {
      file.truncate(2L * SLOT_BYTES);
      mark.advance(new Mark(0, 0));
      mark.advance(new Mark(0, 0));
      file.sync(true);
      disk.syncDirectory(Path.of(""));
    } catch (IOException e) {
      file.close();
      throw e;
    }
    return mark;
  }

  static HighWaterMark open(Disk disk) throws IOException {
    if (!disk.exists(NAME)) {
      throw new DamagedLogException("the high-water file mark is missing; " + LogDirectory.REMEDY);
    }
    DiskFile file = disk.open(NAME, false);
    try {
      @Nullable Mark first = readSlot(file, 0);
      @Nullable Mark second = readSlot(file, 1);
      if (first == null && second == null) {
        throw new DamagedLogException(
            "the high-water file mark is damaged; " + LogDirectory.REMEDY);
      }
      int slot = second == null || (first != null && first.index >= second.index) ? 0 : 1;
      Mark newest = slot == 0 ? first : second;
      return new HighWaterMark(file, newest == null ? new Mark(0, 0) : newest, slot);
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  private static @Nullable Mark readSlot(DiskFile file, int slot) throws IOException {
    return CheckedFile.unframe(
        CODEC, CheckedFile.readAt(file, (long) slot * SLOT_BYTES, SLOT_BYTES));
  }

  Mark newest() {
    return newest;
  }

  /** Raises the mark; returns when it is durable. */
  void advance(Mark to) throws IOException {
    if (to.index < newest.index || to.term < newest.term) {
      throw new AssertionError("the mark would go from " + newest + " back to " + to);
    }
    int next = 1 - slot;
    ByteBuffer frame = CheckedFile.frame(CODEC, to);
    file.write(frame, (long) next * SLOT_BYTES);
    file.sync(false);
    slot = next;
    newest = to;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}

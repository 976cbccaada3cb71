package dfs.chunk.journal;

import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The two slots that say where the journal is to be read from; written in turn, so that one is
 * always whole.
 */
final class Checkpoints {
  static final int SLOT_BYTES = 4096;
  private static final int MAGIC = 0x43534644;
  private static final int BODY_BYTES = 40;

  private final DiskFile file;
  private long sequence;

  Checkpoints(DiskFile file) {
    this.file = file;
  }

  /** Everything up to {@code lsn} lies in block files; the next entry is at this place. */
  record Checkpoint(long lsn, int segment, long offset) {}

  /** The newest whole checkpoint; null if there is none. */
  @Nullable Checkpoint read() throws IOException {
    Checkpoint newest = null;
    for (int slot = 0; slot < 2; slot++) {
      ByteBuffer bytes = buffer();
      file.read(bytes, (long) slot * SLOT_BYTES);
      if (bytes.position() < BODY_BYTES
          || bytes.getInt(0) != MAGIC
          || bytes.getInt(4) != crc(bytes)) {
        continue;
      }
      if (newest == null || bytes.getLong(8) > sequence) {
        sequence = bytes.getLong(8);
        newest = new Checkpoint(bytes.getLong(16), bytes.getInt(24), bytes.getLong(32));
      }
    }
    return newest;
  }

  /** Writes a checkpoint over the older slot and makes it durable. */
  void write(Checkpoint checkpoint) throws IOException {
    ByteBuffer bytes = buffer();
    bytes.putInt(0, MAGIC).putLong(8, sequence + 1).putLong(16, checkpoint.lsn());
    bytes.putInt(24, checkpoint.segment()).putLong(32, checkpoint.offset());
    bytes.putInt(4, crc(bytes));
    file.write(bytes, (sequence + 1) % 2 * SLOT_BYTES);
    file.sync(false);
    sequence++;
  }

  private static ByteBuffer buffer() {
    return ByteBuffer.allocate(SLOT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(8, BODY_BYTES - 8));
    return (int) crc.getValue();
  }
}

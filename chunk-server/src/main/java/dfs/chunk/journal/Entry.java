package dfs.chunk.journal;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One entry of the journal; drawn in this module's README.
 *
 * @param durableLsn everything up to here was durable when it was written
 * @param record the client's record, encoded
 * @param payload the bytes themselves, or null when they lie in the data file
 */
public record Entry(long lsn, long durableLsn, ByteBuffer record, @Nullable ByteBuffer payload) {
  static final int HEADER_BYTES = 40;
  private static final int MAGIC = 0x4A534644;
  private static final byte KIND_DATA = 0;
  private static final int FLAG_PAYLOAD = 1;
  private static final int RECORD_LENGTH_AT = 4;

  static int encodedBytes(ByteBuffer record, @Nullable ByteBuffer payload) {
    return HEADER_BYTES + record.remaining() + (payload == null ? 0 : payload.remaining());
  }

  /** Writes the entry at the position of {@code out}; consumes neither record nor payload. */
  void encode(ByteBuffer out, int directory) {
    int start = out.position();
    int length = encodedBytes(record, payload);
    out.putInt(MAGIC).putInt(0).putInt(length).putInt(directory).putLong(lsn).putLong(durableLsn);
    out.put(KIND_DATA)
        .put((byte) (payload == null ? 0 : FLAG_PAYLOAD))
        .putInt(0)
        .putShort((short) 0);
    out.put(record.duplicate());
    if (payload != null) {
      out.put(payload.duplicate());
    }
    out.putInt(start + 4, crc(out, start, length));
  }

  /**
   * The entry at {@code start}, which must lie whole in {@code in}; null if there is none of this
   * directory.
   */
  static @Nullable Entry decode(ByteBuffer in, int start, int directory) {
    if (in.limit() - start < HEADER_BYTES || in.getInt(start) != MAGIC) {
      return null;
    }
    int length = in.getInt(start + 8);
    if (length < HEADER_BYTES + RECORD_LENGTH_AT + 2
        || length > in.limit() - start
        || in.getInt(start + 12) != directory
        || in.getInt(start + 4) != crc(in, start, length)) {
      return null;
    }
    int body = start + HEADER_BYTES;
    int recordLength = Short.toUnsignedInt(in.getShort(body + RECORD_LENGTH_AT));
    if (recordLength > length - HEADER_BYTES) {
      return null;
    }
    boolean inside = (in.get(start + 33) & FLAG_PAYLOAD) != 0;
    ByteBuffer payload =
        inside ? in.slice(body + recordLength, length - HEADER_BYTES - recordLength) : null;
    return new Entry(
        in.getLong(start + 16),
        in.getLong(start + 24),
        in.slice(body, recordLength).order(in.order()),
        payload);
  }

  private static int crc(ByteBuffer bytes, int start, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(start + 8, length - 8));
    return (int) crc.getValue();
  }
}

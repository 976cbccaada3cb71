package dfs.metadata.state;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;

/**
 * A record as it was before it was superseded: w u64 | policy u32 | the record's bytes without
 * their stamp, which is w. When it was superseded is in its key.
 *
 * @param writtenNanos stamp of the command that wrote it
 * @param policy how long it is kept; 0: as the volume says
 */
public record Image(long writtenNanos, int policy, ByteString bytes) {
  private static final int HEADER_BYTES = Long.BYTES + Integer.BYTES;

  byte[] toBytes() {
    ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + bytes.size());
    out.putLong(writtenNanos).putInt(policy);
    bytes.copyTo(out);
    return out.array();
  }

  static Image of(ByteBuffer in) {
    return new Image(in.getLong(), in.getInt(), ByteString.copyFrom(in));
  }

  /** The image of a record in these bytes of its table. */
  static Image ofRecord(byte[] record) {
    return new Image(
        ByteBuffer.wrap(record).getLong(),
        0,
        ByteString.copyFrom(record, Long.BYTES, record.length - Long.BYTES));
  }

  /** The record alone. */
  public <T> T restored(Table<T> table) {
    return restore(table).value();
  }

  /** The record as its table has it. */
  <T> Stored<T> restore(Table<T> table) {
    ByteBuffer record = ByteBuffer.allocate(Long.BYTES + bytes.size()).putLong(writtenNanos);
    bytes.copyTo(record);
    return table.decode(record.flip());
  }
}

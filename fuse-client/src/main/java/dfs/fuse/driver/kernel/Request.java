package dfs.fuse.driver.kernel;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Caller;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One request as it lies in a reader's buffer. The header (struct fuse_in_header):
 *
 * <pre>
 *  0 len u32 | 4 opcode u32 | 8 unique u64 | 16 nodeid u64 | 24 uid u32 | 28 gid u32 | 32 pid u32 | 36 total_extlen u16 | 38 -
 * </pre>
 *
 * Body offsets count from its end. The view is valid until the reader reads again.
 */
final class Request {
  static final int HEADER_BYTES = 40;
  private static final int EXTENSION_BYTES = 8;
  private static final int EXTENSION_GROUPS = 32;

  private final ByteBuffer bytes;
  private int length;
  private long epoch;

  Request(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /** Takes up a request of {@code length} bytes; whether it is a whole one. */
  boolean take(int length) {
    this.length = length;
    bytes.clear().limit(length);
    return length >= HEADER_BYTES && bytes.getInt(0) == length;
  }

  /** The work on it begins in this epoch of the cache. */
  void begin(long cacheEpoch) {
    epoch = cacheEpoch;
  }

  long epoch() {
    return epoch;
  }

  int opcode() {
    return bytes.getInt(4);
  }

  long unique() {
    return bytes.getLong(8);
  }

  long node() {
    return bytes.getLong(16);
  }

  int process() {
    return bytes.getInt(32);
  }

  Caller caller() {
    return new Caller(bytes.getInt(24), bytes.getInt(28), groups());
  }

  /**
   * Groups that the kernel attaches to requests that create: struct fuse_ext_header, then
   * fuse_supp_groups.
   */
  private List<Integer> groups() {
    int at = HEADER_BYTES + bodyBytes();
    while (at + EXTENSION_BYTES <= length) {
      int size = bytes.getInt(at);
      if (bytes.getInt(at + 4) == EXTENSION_GROUPS) {
        List<Integer> groups = new ArrayList<>();
        for (int i = 0; i < bytes.getInt(at + EXTENSION_BYTES); i++) {
          groups.add(bytes.getInt(at + EXTENSION_BYTES + 4 + (4 * i)));
        }
        return groups;
      }
      if (size < EXTENSION_BYTES) {
        break;
      }
      at += size;
    }
    return List.of();
  }

  int bodyBytes() {
    return length - HEADER_BYTES - (Short.toUnsignedInt(bytes.getShort(36)) * 8);
  }

  int u32(int offset) {
    return bytes.getInt(HEADER_BYTES + offset);
  }

  long u64(int offset) {
    return bytes.getLong(HEADER_BYTES + offset);
  }

  /** The bytes from {@code offset} up to the next NUL. */
  ByteString text(int offset) {
    int from = HEADER_BYTES + offset;
    int end = from;
    while (bytes.get(end) != 0) {
      end++;
    }
    return ByteString.copyFrom(bytes.slice(from, end - from));
  }

  /** {@code count} bytes from {@code offset}; shares the buffer. */
  ByteBuffer data(int offset, int count) {
    return bytes.slice(HEADER_BYTES + offset, count);
  }
}

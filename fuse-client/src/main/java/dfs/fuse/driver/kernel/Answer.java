package dfs.fuse.driver.kernel;

import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Errno;
import java.nio.ByteBuffer;

/**
 * One answer being built: struct fuse_out_header (0 len u32 | 4 error i32 | 8 unique u64) and a
 * body after it. The buffer belongs to the reader's thread.
 */
final class Answer {
  static final int HEADER_BYTES = 16;
  static final int ENTRY_BYTES = 128;
  private static final int ATTRIBUTE_BYTES = 88;
  private static final int BLOCK_BYTES = 128 << 10;
  private static final int SECTOR_BYTES = 512;
  private static final long NANOS = 1_000_000_000L;

  private final ByteBuffer bytes;

  Answer(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /** Starts an empty answer. */
  Answer start() {
    bytes.clear().position(HEADER_BYTES);
    return this;
  }

  /**
   * The room for the body, at most {@code limit} bytes from here; what is put there belongs to the
   * answer.
   */
  ByteBuffer body() {
    return bytes;
  }

  Answer u16(int value) {
    bytes.putShort((short) value);
    return this;
  }

  Answer u32(int value) {
    bytes.putInt(value);
    return this;
  }

  Answer u64(long value) {
    bytes.putLong(value);
    return this;
  }

  /** struct fuse_attr, 88 bytes. */
  Answer attributes(Attributes a) {
    u64(a.ino()).u64(a.sizeBytes()).u64((a.allocatedBytes() + SECTOR_BYTES - 1) / SECTOR_BYTES);
    u64(Math.floorDiv(a.accessNanos(), NANOS));
    u64(Math.floorDiv(a.modifyNanos(), NANOS));
    u64(Math.floorDiv(a.changeNanos(), NANOS));
    u32((int) Math.floorMod(a.accessNanos(), NANOS));
    u32((int) Math.floorMod(a.modifyNanos(), NANOS));
    u32((int) Math.floorMod(a.changeNanos(), NANOS));
    return u32(a.statMode())
        .u32(a.links())
        .u32(a.uid())
        .u32(a.gid())
        .u32((int) a.device())
        .u32(BLOCK_BYTES)
        .u32(0);
  }

  /** struct fuse_entry_out: name and attributes may be kept this long. */
  Answer entry(Attributes a, long validityNanos) {
    int nanos = (int) (validityNanos % NANOS);
    u64(a.ino()).u64(0).u64(validityNanos / NANOS).u64(validityNanos / NANOS).u32(nanos).u32(nanos);
    return attributes(a);
  }

  /** struct fuse_entry_out of no inode: the absence of the name may be kept this long. */
  Answer absentEntry(long validityNanos) {
    int nanos = (int) (validityNanos % NANOS);
    u64(0).u64(0).u64(validityNanos / NANOS).u64(0).u32(nanos).u32(0);
    for (int i = 0; i < ATTRIBUTE_BYTES / Long.BYTES; i++) {
      u64(0);
    }
    return this;
  }

  /** struct fuse_attr_out. */
  Answer attributesOut(Attributes a, long validityNanos) {
    u64(validityNanos / NANOS).u32((int) (validityNanos % NANOS)).u32(0);
    return attributes(a);
  }

  /** struct fuse_open_out. */
  Answer openOut(long handle, int flags) {
    return u64(handle).u32(flags).u32(0);
  }

  /** Fills in the header; returns the length of the whole. */
  int finish(long unique) {
    int length = bytes.position();
    bytes.putInt(0, length).putInt(4, 0).putLong(8, unique);
    return length;
  }

  /** An answer that is only an error. */
  int fail(long unique, Errno errno) {
    bytes.clear().position(HEADER_BYTES);
    bytes.putInt(0, HEADER_BYTES).putInt(4, -errno.number()).putLong(8, unique);
    return HEADER_BYTES;
  }
}

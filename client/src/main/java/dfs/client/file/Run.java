package dfs.client.file;

import dfs.protocol.Limits;
import java.nio.ByteBuffer;

/**
 * Bytes of a file that lie together in memory, at most {@link Limits#APPEND_BYTES}. Guarded by its
 * file's lock.
 */
final class Run {
  private static final int SMALL_BYTES = 64 << 10;
  private static final int FIRST_BYTES = 4 << 10;

  private final BufferPool pool;
  private final long offset;
  private ByteBuffer bytes;
  private int length;

  Run(BufferPool pool, long offset) {
    this.pool = pool;
    this.offset = offset;
    this.bytes = ByteBuffer.allocate(0);
  }

  long offset() {
    return offset;
  }

  int length() {
    return length;
  }

  long end() {
    return offset + length;
  }

  /** Adds as many bytes of {@code from} at the end as fit; returns how many. */
  int append(ByteBuffer from) {
    int count = Math.min(from.remaining(), Limits.APPEND_BYTES - length);
    reserve(length + count);
    bytes.put(length, from, from.position(), count);
    from.position(from.position() + count);
    length += count;
    return count;
  }

  /** Replaces bytes inside the run. */
  void overwrite(long at, ByteBuffer from) {
    bytes.put((int) (at - offset), from, from.position(), from.remaining());
    from.position(from.limit());
  }

  /** Forgets the bytes from {@code end} on. */
  void cut(long end) {
    length = (int) (end - offset);
  }

  /** The bytes of [from, to), which lie inside the run; a view. */
  ByteBuffer view(long from, long to) {
    return bytes.slice((int) (from - offset), (int) (to - from));
  }

  ByteBuffer view() {
    return bytes.slice(0, length);
  }

  /** The memory goes back; the run must not be used any more. */
  void release() {
    if (bytes.isDirect()) {
      pool.give(bytes);
    }
    bytes = ByteBuffer.allocate(0);
    length = 0;
  }

  private void reserve(int size) {
    if (size <= bytes.capacity()) {
      return;
    }
    ByteBuffer larger =
        size > SMALL_BYTES
            ? pool.take()
            : ByteBuffer.allocate(Math.max(FIRST_BYTES, Integer.highestOneBit(size - 1) << 1));
    larger.put(0, bytes, 0, length);
    bytes = larger;
  }
}

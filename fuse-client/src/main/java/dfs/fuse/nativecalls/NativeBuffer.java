package dfs.fuse.nativecalls;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Off-heap memory that system calls read and write, freed by {@link #close}. One thread uses it at
 * a time.
 */
public final class NativeBuffer implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;
  private final ByteBuffer bytes;

  /** Page-aligned memory of {@code size} bytes; a page is backed only once it is touched. */
  public NativeBuffer(int size) {
    segment = arena.allocate(size, 4096);
    bytes = segment.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The memory, little-endian; the same buffer each time, with a position and limit of its own. */
  public ByteBuffer bytes() {
    return bytes;
  }

  MemorySegment segment() {
    return segment;
  }

  @Override
  public void close() {
    arena.close();
  }
}

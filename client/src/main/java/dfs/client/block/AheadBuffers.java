package dfs.client.block;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/** Off-heap buffers for what writers are ahead of their servers; a few are kept. Thread-safe. */
final class AheadBuffers {
  /** How far a writer may be ahead. */
  static final int AHEAD_BYTES = 4 << 20;

  private static final int KEPT_MAX = 4;

  private final Deque<ByteBuffer> kept = new ArrayDeque<>();

  synchronized ByteBuffer take() {
    ByteBuffer buffer = kept.pollLast();
    return buffer != null ? buffer : ByteBuffer.allocateDirect(AHEAD_BYTES);
  }

  /** Gives back a buffer that nobody uses any more. */
  synchronized void give(ByteBuffer buffer) {
    if (kept.size() < KEPT_MAX) {
      kept.addLast(buffer.clear());
    }
  }

  synchronized void clear() {
    kept.clear();
  }
}

package dfs.client.file;

import dfs.protocol.Limits;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Off-heap buffers of {@link Limits#APPEND_BYTES} each; a few are kept for the next user.
 * Thread-safe.
 */
final class BufferPool {
  private static final int KEPT_MAX = 64;

  private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();

  ByteBuffer take() {
    synchronized (free) {
      ByteBuffer buffer = free.poll();
      if (buffer != null) {
        return buffer.clear();
      }
    }
    return ByteBuffer.allocateDirect(Limits.APPEND_BYTES);
  }

  void give(ByteBuffer buffer) {
    synchronized (free) {
      if (free.size() < KEPT_MAX) {
        free.push(buffer);
      }
    }
  }
}

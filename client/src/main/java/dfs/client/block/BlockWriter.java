package dfs.client.block;

import dfs.protocol.metadata.Change.BlockEnd;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The only writer of one block. Appends are pipelined: {@link #append} returns when the bytes are
 * on their way (at most 4 MiB ahead of the server), {@link #flush} when everything appended before
 * is durable on every member. After the first failure every call fails with the same error. Not for
 * concurrent use, except {@link #flush}, which may run beside appends.
 */
public interface BlockWriter {
  long block();

  long epoch();

  /** Bytes appended so far. */
  long lengthBytes();

  /** Bytes that still fit. */
  long remainingBytes();

  /** Bytes that every member has made durable. */
  long durableBytes();

  /**
   * Appends the bytes of {@code payload}, at most {@link dfs.protocol.Limits#APPEND_BYTES} and at
   * most what is left of the block; its contents may be reused at once.
   *
   * @return the offset in the block
   */
  long append(Origin origin, ByteBuffer payload) throws IOException;

  /**
   * Appends and makes durable, with everything before it: one flush on the server for a payload of
   * at most {@link dfs.protocol.Limits#JOURNAL_INLINE_BYTES}.
   *
   * @return the offset in the block
   */
  long appendSynced(Origin origin, ByteBuffer payload) throws IOException;

  /**
   * Waits until everything appended before the call is durable. A flush of nothing new costs
   * nothing.
   */
  void flush() throws IOException;

  /** Flushes and seals on every member at the present length; what goes into the commit. */
  BlockEnd seal(boolean closed) throws IOException;

  /**
   * Which bytes of which file an append holds: kept with the block for ever.
   *
   * @param map map id that is written to
   * @param lease term and counter of the lease grant, (term &lt;&lt; 32 | counter)
   * @param sequence dense per inode and session
   * @param modifyNanos mtime of the write
   * @param sizeBytes size of the file after it
   */
  record Origin(
      long ino,
      long map,
      long fileOffset,
      long lease,
      long sequence,
      long modifyNanos,
      long sizeBytes) {}
}

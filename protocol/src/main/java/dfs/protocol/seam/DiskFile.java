package dfs.protocol.seam;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A file of a {@link Disk}. Reads and writes are positional; safe for concurrent use. */
public interface DiskFile extends AutoCloseable {
  /** Reads at most {@code into.remaining()} bytes; returns how many, -1 at the end. */
  int read(ByteBuffer into, long offset) throws IOException;

  /** Writes all of {@code from} at {@code offset}. */
  void write(ByteBuffer from, long offset) throws IOException;

  long size() throws IOException;

  void truncate(long size) throws IOException;

  /**
   * Makes the written bytes durable: fdatasync; with {@code metadata} fsync. An error is final,
   * never to be retried.
   */
  void sync(boolean metadata) throws IOException;

  @Override
  void close() throws IOException;
}

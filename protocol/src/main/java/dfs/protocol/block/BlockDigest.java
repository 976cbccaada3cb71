package dfs.protocol.block;

import com.google.protobuf.ByteString;

/**
 * What a chunk server says of a block that it has just read whole: two copies are the same if this
 * is.
 *
 * @param lengthBytes how long the block is
 * @param digest SHA-256 of the CRC32C, little-endian, of each unit of the block, in order
 */
public record BlockDigest(long lengthBytes, ByteString digest) {
  /** Length of a digest. */
  public static final int BYTES = 32;

  public BlockDigest {
    if (lengthBytes < 0 || digest.size() != BYTES) {
      throw new IllegalArgumentException(
          "a block of %d bytes with a digest of %d".formatted(lengthBytes, digest.size()));
    }
  }
}

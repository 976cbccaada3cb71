package dfs.protocol.metadata;

import dfs.protocol.Limits;

/**
 * A run of a file's bytes: [fileOffset, fileOffset + length) lies at [blockOffset, blockOffset +
 * length) of the block, for ever. {@code unwritten} runs are preallocated, name no block and read
 * as zeros.
 */
public record Extent(
    long fileOffset, long lengthBytes, long block, long blockOffset, boolean unwritten) {
  public Extent {
    if (fileOffset < 0
        || lengthBytes <= 0
        || fileOffset > Limits.FILE_SIZE_BYTES - lengthBytes
        || blockOffset < 0
        || (unwritten && block != 0)
        || (!unwritten && block <= 0)) {
      throw new IllegalArgumentException(
          "extent " + fileOffset + "+" + lengthBytes + " in " + block + "@" + blockOffset);
    }
  }

  public long fileEnd() {
    return fileOffset + lengthBytes;
  }
}

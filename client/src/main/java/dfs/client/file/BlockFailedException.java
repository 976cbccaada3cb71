package dfs.client.file;

import java.io.IOException;

/**
 * A block that was being written broke, or could not be started: its bytes must go into another
 * one.
 */
final class BlockFailedException extends IOException {
  private static final long serialVersionUID = 1L;

  BlockFailedException(long block, IOException cause) {
    super("block " + block + ": " + cause.getMessage(), cause);
  }
}

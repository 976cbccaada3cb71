package dfs.client.block;

import java.io.IOException;

/**
 * The servers that were asked do not have the block (any more): it may have been moved or deleted.
 */
public final class NoSuchBlockException extends IOException {
  private static final long serialVersionUID = 1L;

  public NoSuchBlockException(String message) {
    super(message);
  }
}

package dfs.metadata.consensus;

import java.io.IOException;

/**
 * The directory of the log lacks something that was durable once. A server that went on would
 * forget what it has acknowledged or voted, so it does not start. The message says what is missing
 * and what to do.
 */
public final class DamagedLogException extends IOException {
  private static final long serialVersionUID = 1L;

  public DamagedLogException(String message) {
    super(message);
  }

  public DamagedLogException(String message, Throwable cause) {
    super(message, cause);
  }
}

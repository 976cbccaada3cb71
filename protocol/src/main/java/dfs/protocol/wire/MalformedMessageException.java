package dfs.protocol.wire;

/**
 * Bytes that are no message: truncated, of an unknown kind, or refused by the record's own checks.
 */
public final class MalformedMessageException extends Exception {
  private static final long serialVersionUID = 1L;

  public MalformedMessageException(String message) {
    super(message);
  }

  public MalformedMessageException(String message, Throwable cause) {
    super(message, cause);
  }
}

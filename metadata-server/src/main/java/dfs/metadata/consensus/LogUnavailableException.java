package dfs.metadata.consensus;

import java.io.IOException;

/** The log cannot take or finish an order now; whether it will take effect is not known. */
public final class LogUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  public LogUnavailableException(String message) {
    super(message);
  }

  public LogUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dfs.client.metadata;

import java.io.IOException;

/** The session was fenced or has expired; an operation under way may or may not have run. */
public final class SessionEndedException extends IOException {
  private static final long serialVersionUID = 1L;

  public SessionEndedException(String message) {
    super(message);
  }
}

package dfs.client.nio;

import java.io.IOException;

/**
 * The servers did not answer within the {@code timeout} of the file system, or no session followed
 * one that was over: what is asked next is likely to wait as long. Whether what was asked for has
 * happened is not known.
 */
public final class NoAnswerException extends IOException {
  private static final long serialVersionUID = 1L;

  NoAnswerException(String message) {
    super(message);
  }

  NoAnswerException(IOException cause) {
    super(cause.getMessage(), cause);
  }
}

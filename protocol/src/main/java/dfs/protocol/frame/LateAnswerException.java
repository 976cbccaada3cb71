package dfs.protocol.frame;

import java.io.IOException;

/** A server that is connected did not answer in time: whether it did what it was asked is open. */
final class LateAnswerException extends IOException {
  private static final long serialVersionUID = 1L;

  LateAnswerException(String message) {
    super(message);
  }
}

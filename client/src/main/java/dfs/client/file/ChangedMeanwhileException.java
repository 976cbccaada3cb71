package dfs.client.file;

import java.io.IOException;

/** Somebody else changed the file that a write without a lease builds on: it must begin again. */
final class ChangedMeanwhileException extends IOException {
  private static final long serialVersionUID = 1L;

  ChangedMeanwhileException(String message) {
    super(message);
  }
}

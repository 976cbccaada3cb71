package dfs.client.file;

import java.io.IOException;

/** The file was emptied and got another map while something was written to it. */
final class OtherMapException extends IOException {
  private static final long serialVersionUID = 1L;

  OtherMapException(String message) {
    super(message);
  }
}

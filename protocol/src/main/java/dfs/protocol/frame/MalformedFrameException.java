package dfs.protocol.frame;

import java.io.IOException;

/** The other end sent what is no frame; nothing that follows on the connection can be trusted. */
final class MalformedFrameException extends IOException {
  private static final long serialVersionUID = 1L;

  MalformedFrameException(String message) {
    super(message);
  }
}

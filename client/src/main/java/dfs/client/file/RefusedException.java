package dfs.client.file;

import dfs.protocol.metadata.Errno;
import java.io.IOException;

/** The metadata server refused what a file needed. */
public final class RefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  RefusedException(String message, Errno errno) {
    super(message);
    this.errno = errno;
  }

  public Errno errno() {
    return errno;
  }
}

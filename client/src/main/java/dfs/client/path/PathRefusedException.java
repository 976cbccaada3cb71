package dfs.client.path;

import dfs.protocol.metadata.Errno;
import java.io.IOException;

/** Something about a path was refused. The message says what, and the path comes apart from it. */
public final class PathRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String path;
  private final Errno errno;

  PathRefusedException(String path, Errno errno, String reason) {
    super(reason);
    this.path = path;
    this.errno = errno;
  }

  PathRefusedException(String path, Errno errno) {
    this(path, errno, errno.text());
  }

  /** The path inside the volume. */
  public String path() {
    return path;
  }

  public Errno errno() {
    return errno;
  }
}

package dfs.fuse.nativecalls;

import java.io.IOException;

/** A system call failed. */
public final class SystemCallException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  SystemCallException(String call, int errno, String text) {
    super(call + ": " + text);
    this.errno = errno;
  }

  /** The error number as in errno(3). */
  public int errno() {
    return errno;
  }
}

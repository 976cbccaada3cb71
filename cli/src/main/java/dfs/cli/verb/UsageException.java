package dfs.cli.verb;

import java.io.Serial;

/** A command line that means nothing; its message says why. */
final class UsageException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}

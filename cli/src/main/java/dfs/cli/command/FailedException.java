package dfs.cli.command;

import java.io.Serial;

/** A command failed for a reason that a person can do something about. */
final class FailedException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * @param subject what it is about: a path, a process
   */
  FailedException(String subject, String reason) {
    super(subject + ": " + reason);
  }
}

package dfs.cli.verb;

import java.io.IOException;

/** One of the file verbs. */
interface Verb {
  VerbSpec spec();

  /** With which status it ends when something failed. */
  default int failedStatus() {
    return VerbLine.FAILED;
  }

  /**
   * Does it. What concerns one operand alone goes to {@link Call#failed}, and the others are done.
   *
   * @throws IOException what ends it
   */
  void run(Call call) throws IOException;
}

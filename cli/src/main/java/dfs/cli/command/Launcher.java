package dfs.cli.command;

import dfs.cli.data.DataDirectory;
import java.util.Optional;

/** The script that started this process, {@code scripts/dfs}: what a person types again. */
final class Launcher {
  private static final String PROPERTY = "dfs.launcher";

  private Launcher() {}

  /** Its absolute path; empty when Java was started without it. */
  static Optional<String> path() {
    return Optional.ofNullable(System.getProperty(PROPERTY));
  }

  /** A command line for a shell, without what follows. */
  static String line(String command) {
    return path().orElse("dfs") + " " + command;
  }

  /** A command line about this data directory, which is named unless it is the one by default. */
  static String line(String command, DataDirectory data) {
    return line(command) + (data.equals(Places.data()) ? "" : " --data " + data.root());
  }
}

package dfs.cli.config;

import dfs.cli.preflight.Problem;
import java.util.List;

/** A file cannot be used as it is. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  ConfigException(List<Problem> problems) {
    super(problems.toString());
    this.problems = List.copyOf(problems);
  }

  /** All that is wrong, each with its line and what to do. */
  public List<Problem> problems() {
    return problems;
  }
}

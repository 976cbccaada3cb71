package dfs.contract;

import java.nio.file.Path;

/**
 * One row of the contract: what is done in an empty directory, and what has to come of it.
 *
 * @param name the method, and the situation
 */
public record Case(String name, Body body) {
  /** What is done; throws what no row expects. */
  public interface Body {
    void run(Path directory) throws Exception;
  }

  static Case of(String name, Body body) {
    return new Case(name, body);
  }
}

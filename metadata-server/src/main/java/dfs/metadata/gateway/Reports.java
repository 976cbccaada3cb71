package dfs.metadata.gateway;

import org.jspecify.annotations.Nullable;

/** What the servers tell about themselves. */
public interface Reports {
  /** The report of this name as JSON, or null if there is none. May take long. */
  @Nullable String report(String what);

  /**
   * Of how many blocks a chunk server that is away has the only good copy, below 0 while it is not
   * known.
   */
  default long lastCopies(long server) {
    return 0;
  }
}

package dfs.metadata.gateway;

import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;

/** What the servers tell about themselves. */
public interface Reports {
  /** {@link Reply.Report}, or why this caller is not given it. May take long. */
  Reply report(Caller caller, Query.GetReport query);

  /**
   * Of how many blocks a chunk server that is away has the only good copy, below 0 while it is not
   * known.
   */
  default long lastCopies(long server) {
    return 0;
  }

  /** Whether the chunk servers may have more room soon than they have now. */
  default boolean makesRoom() {
    return false;
  }
}

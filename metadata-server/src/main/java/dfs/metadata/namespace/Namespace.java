package dfs.metadata.namespace;

import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;

/**
 * The state of a volume: what commands do to it, and what can be asked of it. Queries may run on
 * many threads, beside {@link #apply}. Called by {@code consensus} (apply, flush) and by {@code
 * gateway} (query) and {@code keeper} (survey).
 */
public interface Namespace extends StateMachine, AutoCloseable {
  /**
   * Answers a query on the state after some applied command, with permission checks for the caller.
   * Openings are not tracked here: Open checks access only, Release is the session's business.
   *
   * @param asOfNanos 0 for the present, else an instant, rounded down to a kept one
   */
  Reply query(Caller caller, Query query, long asOfNanos);

  /** What the servers' own upkeep needs to see. */
  Survey survey();

  @Override
  void close();
}

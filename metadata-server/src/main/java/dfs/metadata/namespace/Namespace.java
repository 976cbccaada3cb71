package dfs.metadata.namespace;

import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.List;

/**
 * The state of a volume and what commands do to it. {@link #apply} is called by one thread, in log
 * order; queries by many, beside it. Called by {@code consensus} (apply, flush) and by {@code
 * gateway} (query) and {@code keeper} (survey).
 */
public interface Namespace extends AutoCloseable {
  /** Index of the last log entry whose effects are in the state; 0: none. */
  long appliedIndex();

  /** Stamp of the last applied command; the next one's must be larger. */
  long lastStampNanos();

  /**
   * Applies the commands of the log entries {@code firstIndex} ... as one atomic batch that also
   * holds the new applied index. The k-th reply answers the k-th command. A command whose session
   * is unknown or fenced is refused with ESTALE; a repeat of a slot's sequence is answered from the
   * slot and not run again.
   *
   * @param entryEnds for each log entry, the number of commands up to its end: an entry is never
   *     split over batches
   */
  List<Reply> apply(long firstIndex, List<Integer> entryEnds, List<Command> commands);

  /**
   * Answers a query on the state after some applied command, with permission checks for the caller.
   * Openings are not tracked here: Open checks access only, Release is the session's business.
   *
   * @param asOfNanos 0 for the present, else an instant, rounded down to a kept one
   */
  Reply query(Caller caller, Query query, long asOfNanos);

  /** What the servers' own upkeep needs to see. */
  Survey survey();

  /** Makes the state durable up to the applied index: every family in one flush. */
  void flush();

  /** Applied index of the durable state. */
  long flushedIndex();

  @Override
  void close();
}

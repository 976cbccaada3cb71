package dfs.metadata.namespace;

import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Reply;
import java.util.List;

/** What the log drives. {@link #apply} is called by one thread, in log order. */
public interface StateMachine {
  /** Index of the last log entry whose effects are in the state; 0: none. */
  long appliedIndex();

  /** Stamp of the last applied command; the next one's must be larger. */
  long lastStampNanos();

  /**
   * Applies commands as one atomic batch that also holds the new applied index. The k-th reply
   * answers the k-th command. A command whose session is unknown or fenced is refused with ESTALE;
   * a repeat of a slot's sequence is answered from the slot and not run again.
   *
   * @param lastIndex index of the log entry that the last of the commands lies in; an entry is
   *     never split over batches
   */
  List<Reply> apply(long lastIndex, List<Command> commands);

  /** Makes the state durable up to the applied index: every family in one flush. */
  void flush();

  /**
   * Gives the space of what was deleted back to the disk, as far as that needs no more room than
   * this for a while.
   */
  void compact(long roomBytes);

  /** Applied index of the durable state. */
  long flushedIndex();
}

package dfs.metadata.namespace;

import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

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

  /**
   * The answer to a change that is done and is sent again: what is done is not judged by what has
   * become of things since.
   *
   * @return null: the last operation of that slot is another one, or none
   */
  @Nullable Reply repeated(long session, int slot, long sequence, Change change);

  /**
   * Whether there is a way for the caller to an inode now: directories that let it be looked up,
   * from the root on, or from one that is open to the caller; to a file, by any of its names.
   *
   * @param open which directories are open to the caller
   * @return OK, also of what is not there or is a directory that was removed, for who asks for that
   *     hears so; EACCES, also of a directory with something in it that has no name; ESTALE of a
   *     file that has no name
   */
  Errno wayTo(Caller caller, long ino, LongPredicate open);

  /** What the servers' own upkeep needs to see. */
  Survey survey();

  @Override
  void close();
}

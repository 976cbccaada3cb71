package dfs.client.metadata;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;

/**
 * A session with the metadata server. Thread-safe; survives broken streams and restarts of the
 * server.
 */
public interface MetadataSession extends AutoCloseable {
  /**
   * Runs an operation and waits for its answer, at most 64 at a time. A broken stream is opened
   * again and the operation repeated under its slot and sequence: it runs once.
   *
   * @throws SessionEndedException when the session was fenced or has expired: the outcome may be
   *     unknown
   */
  Reply call(Caller caller, Operation operation) throws IOException;

  /** As {@link #call}, for a query as of a kept instant. */
  Reply callAsOf(Caller caller, Operation operation, long asOfNanos) throws IOException;

  /** Of one that has changed nothing yet it may be another one after a restart of the server. */
  long id();

  /** Id of the cluster, whose inodes mean nothing in another one; empty: it does not tell. */
  ByteString cluster();

  /**
   * Whether it has ended, in whatever way: no operation is run any more. True already when {@link
   * #call} says so.
   */
  boolean isOver();

  /** Whether space was short when the server answered last: what is written may find no room. */
  boolean isSpaceScarce();

  /** The lease that is held now; NONE once it is no longer certain. */
  LeaseMode lease();

  /** Term and counter of the present grant, (term &lt;&lt; 32 | counter). */
  long leaseNumber();

  /**
   * Nanoseconds for which the lease is certain: what may be cached may be cached this long. 0 when
   * NONE.
   */
  long leaseValidNanos();

  /** The leader's clock: nanoseconds since 1970. */
  long nowNanos();

  /** Who hears of recalls; set once before the first call. Hears also of an end that was before. */
  void listen(LeaseListener listener);

  /** Ends the session in good order; everything must be flushed and released. */
  @Override
  void close();
}

package dfs.metadata.consensus;

import dfs.protocol.metadata.Reply;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The one order of all commands. Called by {@code gateway} and {@code keeper}; calls a {@link
 * dfs.metadata.namespace.StateMachine}. Thread-safe.
 */
public interface ReplicatedLog extends AutoCloseable {
  /**
   * Stamps an order and puts it into the log. The future completes on the applying thread, so what
   * depends on it must not block, once the order is durable on a majority and applied; it fails
   * with {@link LogUnavailableException} when that is not known to have happened. Waits for nobody:
   * a full queue refuses with EAGAIN as a {@link Reply.Refused}.
   */
  CompletableFuture<Reply> propose(Proposal proposal);

  /**
   * As {@link #propose(Proposal)}; then calls {@code then} with the reply, or with null and the
   * failure.
   */
  default void propose(Proposal proposal, BiConsumer<@Nullable Reply, @Nullable Throwable> then) {
    var _ =
        propose(proposal)
            .whenComplete(then)
            .exceptionally(
                failure -> {
                  if (!(failure.getCause() instanceof LogUnavailableException)) {
                    LoggerFactory.getLogger(ReplicatedLog.class)
                        .error("what follows {} failed", proposal.order(), failure);
                  }
                  return null;
                });
  }

  /**
   * Whether a read of the state now sees everything that was ever acknowledged: asked before and
   * after a query is evaluated.
   */
  boolean hasAuthority();

  /** The present term; grows with each start or change of leader. */
  long term();

  /** Whether its disk will soon be too full for changes that grow the state, or is already. */
  boolean isShortOfSpace();

  /** What {@code status} shows: names to values, in order. */
  Map<String, String> condition();

  /** Commands and log entries since the start, for counting. */
  Counts counts();

  /**
   * Counters since the start.
   *
   * @param commands proposed orders that were applied
   * @param entries log entries that held them
   * @param flushes syncs of the log's storage
   */
  record Counts(long commands, long entries, long flushes) {}

  /** Flushes the state and stops; what was acknowledged is durable anyway. */
  @Override
  void close();
}

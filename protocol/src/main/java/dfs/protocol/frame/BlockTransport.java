package dfs.protocol.frame;

import dfs.protocol.block.BlockService;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How the blocks of one process are reached from another. The real side is {@link FrameTransport};
 * a simulated one loses and delays. Thread-safe.
 */
public interface BlockTransport extends AutoCloseable {
  /**
   * Serves blocks at a socket until what is returned is closed; calls that are under way are
   * finished then.
   *
   * @throws IOException when the path cannot be bound, or somebody serves there
   */
  Serving serve(Path socket, BlockService service) throws IOException;

  /**
   * The service at a socket; nothing is sent yet.
   *
   * @param answerNanos a request that has no answer by then fails, and nothing that it was given is
   *     touched any more; whether it was done is not known
   * @param cancellation ends a request in the same way; null for a caller who waits until then
   */
  BlockService connect(Path socket, long answerNanos, @Nullable Cancellation cancellation);

  /** Whether the server there left a request without an answer lately, and answered none since. */
  boolean isSuspect(Path socket);

  /** Closes the connections to others; what is served stays. */
  @Override
  void close();

  /** Blocks that are served. */
  interface Serving extends AutoCloseable {
    @Override
    void close();
  }
}

package dfs.metadata.keeper;

import dfs.protocol.session.ChunkMessage;
import java.util.ArrayList;
import java.util.List;

/**
 * Which chunk servers flush much more slowly than the others, by what they say of themselves. On a
 * disk that all share they are slow together, which none can help.
 */
public final class SlowServers {
  private static final int TIMES = 10;
  private static final long LEAST_NANOS = 200_000_000L;

  private SlowServers() {}

  /**
   * A server that is slow.
   *
   * @param flushNanos how long a flush takes there, in nanoseconds
   * @param othersNanos how long it takes with most of the others
   */
  public record Slow(long server, long flushNanos, long othersNanos) {}

  /** Those of these that are slow, in their order; none where fewer than two have flushed. */
  public static List<Slow> among(List<ChunkServers.Condition> servers) {
    List<Slow> slow = new ArrayList<>();
    for (ChunkServers.Condition server : servers) {
      long own = flushNanos(server);
      List<Long> others =
          servers.stream()
              .filter(other -> other.server() != server.server() && other.alive())
              .map(SlowServers::flushNanos)
              .filter(nanos -> nanos > 0)
              .sorted()
              .toList();
      if (own >= LEAST_NANOS && !others.isEmpty()) {
        long usual = others.get(others.size() / 2);
        if (own / TIMES >= usual) {
          slow.add(new Slow(server.server(), own, usual));
        }
      }
    }
    return slow;
  }

  private static long flushNanos(ChunkServers.Condition server) {
    return server.directories().stream()
        .mapToLong(ChunkMessage.DirectoryState::flushNanos)
        .max()
        .orElse(0);
  }
}

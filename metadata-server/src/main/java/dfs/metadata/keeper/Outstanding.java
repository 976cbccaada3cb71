package dfs.metadata.keeper;

import dfs.protocol.seam.Time;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What servers were told of blocks and did not answer yet: a server is not told again before its
 * time, or each answer, which brings the next round, would bring a repeat of all the others.
 * Thread-safe.
 */
final class Outstanding {
  private final Time time;
  private final long againNanos;
  private final Map<Long, Map<Long, Long>> orders = new ConcurrentHashMap<>();

  Outstanding(Time time, long againNanos) {
    this.time = time;
    this.againNanos = againNanos;
  }

  /** Whether a server is to be told now; if so, it is taken to have been. */
  boolean take(long server, long block) {
    long now = time.monotonicNanos();
    Map<Long, Long> toServer = orders.computeIfAbsent(server, s -> new ConcurrentHashMap<>());
    Long told = toServer.get(block);
    if (told != null && now - told < againNanos) {
      return false;
    }
    toServer.put(block, now);
    return true;
  }

  /** What a server was told before its connection ended it may never have heard. */
  void gone(long server) {
    orders.remove(server);
  }

  /** What this server was told of these is done. */
  void forget(long server, List<Long> blocks) {
    Map<Long, Long> toServer = orders.get(server);
    if (toServer != null) {
      blocks.forEach(toServer::remove);
    }
  }

  /** These blocks are done with. */
  void forget(List<Long> blocks) {
    orders.values().forEach(toServer -> blocks.forEach(toServer::remove));
  }

  /** Forgets all blocks but these. */
  void retain(Set<Long> blocks) {
    orders.values().forEach(toServer -> toServer.keySet().retainAll(blocks));
  }
}

package dfs.metadata.keeper;

import dfs.protocol.session.ChunkMessage.BlockState;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which replicas chunk servers have, as they said since they connected. What a server said before
 * its connection ended counts no more. Thread-safe.
 */
final class Replicas {
  static final int OPEN = 0;
  static final int SEALED = 1;
  static final int DAMAGED = 2;

  private final Map<Long, Server> servers = new ConcurrentHashMap<>();

  /** One connected server; complete once it has named all it has. */
  private static final class Server {
    final Map<Long, BlockState> blocks = new ConcurrentHashMap<>();
    volatile boolean complete;
  }

  void connected(long server) {
    servers.put(server, new Server());
  }

  void gone(long server) {
    servers.remove(server);
  }

  /** A page of a server's first report, or what changed since. */
  void report(long server, List<BlockState> blocks, boolean last) {
    Server known = servers.get(server);
    if (known != null) {
      blocks.forEach(block -> known.blocks.put(block.block(), block));
      known.complete |= last;
    }
  }

  void deleted(long server, List<Long> blocks) {
    Server known = servers.get(server);
    if (known != null) {
      blocks.forEach(known.blocks::remove);
    }
  }

  /** Servers that are connected and have named everything they have. */
  Set<Long> complete() {
    Set<Long> complete = ConcurrentHashMap.newKeySet();
    servers.forEach(
        (id, server) -> {
          if (server.complete) {
            complete.add(id);
          }
        });
    return complete;
  }

  /** The replica of a block on a complete server; null if it has none. */
  @Nullable BlockState of(long server, long block) {
    Server known = servers.get(server);
    return known == null ? null : known.blocks.get(block);
  }

  /** The blocks of which a server has a replica. */
  Set<Long> blocksOf(long server) {
    Server known = servers.get(server);
    return known == null ? Set.of() : Set.copyOf(known.blocks.keySet());
  }
}

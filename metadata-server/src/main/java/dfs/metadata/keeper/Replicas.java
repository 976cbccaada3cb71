package dfs.metadata.keeper;

import dfs.metadata.namespace.Survey.Block;
import dfs.protocol.session.ChunkMessage.BlockState;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
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
  private final AtomicLong changes = new AtomicLong();

  /** One connected server; complete once it has named all it has. */
  private static final class Server {
    final Map<Long, BlockState> blocks = new ConcurrentHashMap<>();

    /** Those that it was told to delete: whatever it said of them before it heard that is over. */
    final Set<Long> doomed = ConcurrentHashMap.newKeySet();

    volatile boolean complete;
  }

  /** Grows whenever something is said or ordered. */
  long changes() {
    return changes.get();
  }

  void connected(long server) {
    changes.incrementAndGet();
    servers.put(server, new Server());
  }

  void gone(long server) {
    changes.incrementAndGet();
    servers.remove(server);
  }

  /** A page of a server's first report, or what changed since; whether that is complete now. */
  boolean report(long server, List<BlockState> blocks, boolean last) {
    Server known = servers.get(server);
    if (known == null) {
      return false;
    }
    blocks.forEach(block -> known.blocks.put(block.block(), block));
    boolean completes = last && !known.complete;
    known.complete |= last;
    changes.incrementAndGet();
    return completes;
  }

  /** It ended a replica; what is damaged stays so. */
  void sealed(long server, BlockState replica) {
    Server known = servers.get(server);
    if (known != null) {
      known.blocks.merge(
          replica.block(), replica, (old, now) -> old.state() == DAMAGED ? old : now);
      changes.incrementAndGet();
    }
  }

  void deleted(long server, List<Long> blocks) {
    Server known = servers.get(server);
    if (known != null) {
      blocks.forEach(known.blocks::remove);
      blocks.forEach(known.doomed::remove);
      changes.incrementAndGet();
    }
  }

  /**
   * The server is about to be told to delete these: they count no more, whatever it says yet.
   *
   * @return those that counted until now
   */
  List<Long> doom(long server, List<Long> blocks) {
    Server known = servers.get(server);
    if (known == null) {
      return List.of();
    }
    changes.incrementAndGet();
    return blocks.stream().filter(known.doomed::add).toList();
  }

  /** The server was not told, now or before: they count again. */
  void spare(long server, List<Long> blocks) {
    Server known = servers.get(server);
    if (known != null) {
      blocks.forEach(known.doomed::remove);
      changes.incrementAndGet();
    }
  }

  boolean isDoomed(long server, long block) {
    Server known = servers.get(server);
    return known != null && known.doomed.contains(block);
  }

  /** Whether the server has the block, sealed at its length, and is to keep it. */
  boolean isGood(long server, Block block) {
    BlockState replica = of(server, block.id());
    return replica != null
        && replica.state() == SEALED
        && replica.lengthBytes() == block.lengthBytes()
        && !isDoomed(server, block.id());
  }

  /** Whether what it has ends elsewhere for ever, or is not what was written. */
  boolean isWrong(long server, Block block) {
    BlockState replica = of(server, block.id());
    return replica != null
        && (replica.state() == DAMAGED
            || (replica.state() == SEALED && replica.lengthBytes() != block.lengthBytes()));
  }

  /** Blocks of which somebody has a damaged replica. */
  Set<Long> damaged() {
    Set<Long> damaged = new HashSet<>();
    for (Server server : servers.values()) {
      for (BlockState replica : server.blocks.values()) {
        if (replica.state() == DAMAGED) {
          damaged.add(replica.block());
        }
      }
    }
    return damaged;
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

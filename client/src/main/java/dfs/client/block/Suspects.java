package dfs.client.block;

import dfs.protocol.block.BlockFault;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * Chunk servers on which something failed a moment ago, or that answer nobody: a hint where no new
 * block should go while there are others. Thread-safe.
 */
final class Suspects {
  private static final long SUSPECT_NANOS = 10_000_000_000L;

  private final Time time;
  private final Predicate<String> silent;
  private final Map<Long, Long> sinceNanos = new ConcurrentHashMap<>();
  private final Map<Long, String> addresses = new ConcurrentHashMap<>();

  /**
   * @param silent whether who is at an address answers nobody
   */
  Suspects(Time time, Predicate<String> silent) {
    this.time = time;
    this.silent = silent;
  }

  /** These are servers of the volume. */
  void know(BlockGrant grant) {
    for (int i = 0; i < grant.servers().size(); i++) {
      addresses.put(grant.servers().get(i), grant.addresses().get(i));
    }
  }

  /** Writing a block failed: on its first server, or on the one behind it that the fault names. */
  void blame(BlockGrant grant, IOException cause) {
    int member = failed(grant, cause);
    if (member >= 0 && member < grant.servers().size()) {
      sinceNanos.put(grant.servers().get(member), time.monotonicNanos());
    }
  }

  /** Which member failed, by its place in the chain; -1 when none did, or nobody knows which. */
  private static int failed(BlockGrant grant, IOException cause) {
    if (!(cause instanceof BlockFault fault)) {
      return 0;
    }
    return switch (fault.kind()) {
      case DISK, NOT_READY -> 0;
      case MEMBER_FAILED -> named(grant.addresses(), String.valueOf(fault.getMessage()));
      default -> -1;
    };
  }

  private static int named(List<String> addresses, String message) {
    for (int i = 1; i < addresses.size(); i++) {
      if (message.contains(" " + addresses.get(i) + ":")) {
        return i;
      }
    }
    return -1;
  }

  /** Ids of those that are suspect now. */
  List<Long> now() {
    long now = time.monotonicNanos();
    sinceNanos.values().removeIf(since -> now - since > SUSPECT_NANOS);
    Set<Long> suspects = new TreeSet<>(sinceNanos.keySet());
    addresses.forEach(
        (server, address) -> {
          if (silent.test(address)) {
            suspects.add(server);
          }
        });
    return List.copyOf(suspects);
  }
}

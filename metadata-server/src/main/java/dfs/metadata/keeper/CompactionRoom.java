package dfs.metadata.keeper;

import dfs.protocol.Limits;
import dfs.protocol.session.ChunkMessage.DirectoryState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Where what lives of some blocks may go. On full servers it takes of what they keep in reserve:
 * where every block has something that lives, no other space ever comes back.
 *
 * @param servers as many as there should be copies; none where there is no room
 * @param bytes no more may go there at once
 */
record CompactionRoom(List<Long> servers, long bytes) {
  private static final CompactionRoom NONE = new CompactionRoom(List.of(), 0);

  CompactionRoom {
    servers = List.copyOf(servers);
  }

  static CompactionRoom find(ChunkServers servers, int copies) {
    List<Long> usual = servers.place(copies).servers();
    if (usual.size() == copies) {
      return new CompactionRoom(usual, Limits.BLOCK_BYTES);
    }
    List<Long> leaving = servers.leaving();
    List<ChunkServers.Condition> able =
        servers.conditions().stream()
            .filter(server -> server.alive() && !leaving.contains(server.server()))
            .filter(server -> reserveBytes(server) >= CompactionPlan.EMPTIED_BYTES_MIN)
            .sorted(Comparator.comparingLong(CompactionRoom::reserveBytes).reversed())
            .toList();
    Set<String> hosts = new HashSet<>();
    List<ChunkServers.Condition> chosen = new ArrayList<>();
    choose(able, copies, chosen, server -> hosts.add(server.host()));
    choose(able, copies, chosen, server -> true);
    if (chosen.size() < copies) {
      return NONE;
    }
    long least = chosen.stream().mapToLong(CompactionRoom::reserveBytes).min().orElse(0);
    return new CompactionRoom(
        chosen.stream().map(ChunkServers.Condition::server).toList(),
        Math.min(least, Limits.BLOCK_BYTES));
  }

  private static void choose(
      List<ChunkServers.Condition> able,
      int copies,
      List<ChunkServers.Condition> chosen,
      Predicate<ChunkServers.Condition> wanted) {
    for (ChunkServers.Condition server : able) {
      if (chosen.size() < copies && !chosen.contains(server) && wanted.test(server)) {
        chosen.add(server);
      }
    }
  }

  private static long reserveBytes(ChunkServers.Condition server) {
    return server.directories().stream()
        .filter(directory -> directory.isWell() && directory.weightThousandths() > 0)
        .mapToLong(DirectoryState::compactBytes)
        .sum();
  }
}

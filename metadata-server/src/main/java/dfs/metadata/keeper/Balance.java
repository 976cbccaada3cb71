package dfs.metadata.keeper;

import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.seam.Time;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves copies from the fullest server to the emptiest while the disks of these differ much in how
 * full they are, and nothing more urgent is to be done. A move is a copy, a change of members, and
 * the old copy is then surplus: {@link Repair} and {@link Surplus} do all of it. Used by the
 * keeper's thread; keeps nothing that a restart would miss.
 */
final class Balance {
  private static final Logger LOG = LoggerFactory.getLogger(Balance.class);

  /** Begins when more than this part of a disk is between the fullest and the emptiest. */
  private static final double BEGIN = 0.10;

  /** Ends when it is no more than this. */
  private static final double END = 0.05;

  private static final int MOVES_MAX = 2;
  private static final int BLOCKS_PER_ROUND = 1000;

  /** The old copy is gone by then, or nobody knows when it will be. */
  private static final long MOVING_NANOS = 120_000_000_000L;

  private final Survey survey;
  private final ChunkServers servers;
  private final Replicas replicas;
  private final Repair repair;
  private final Time time;

  /** Copies whose bytes are still, or already, where they were not when the move began. */
  private final Map<Long, Move> moves = new HashMap<>();

  private boolean begun;

  /** Where the search for a block goes on. */
  private long after;

  /** A copy that goes from one server to another. */
  private record Move(long from, long to, long bytes, long sinceNanos) {}

  /** A server, with what it will have when all moves are done. */
  private record Filling(long server, long usedBytes, double capacityBytes) {
    double level() {
      return (double) usedBytes / capacityBytes;
    }

    Filling plus(long bytes) {
      return new Filling(server, usedBytes + bytes, capacityBytes);
    }
  }

  Balance(Survey survey, ChunkServers servers, Replicas replicas, Repair repair, Time time) {
    this.survey = survey;
    this.servers = servers;
    this.replicas = replicas;
    this.repair = repair;
    this.time = time;
  }

  /** Orders a move, if there is reason for one and few are under way. */
  void round() {
    long now = time.monotonicNanos();
    moves
        .entrySet()
        .removeIf(
            entry ->
                replicas.of(entry.getValue().from(), entry.getKey()) == null
                    || now - entry.getValue().sinceNanos() > MOVING_NANOS);
    if (!repair.isQuiet() || moves.size() >= MOVES_MAX) {
      return;
    }
    List<Filling> byLevel = fillings();
    if (byLevel.size() < 2) {
      return;
    }
    Filling emptiest = byLevel.getFirst();
    Filling fullest = byLevel.getLast();
    double gap = fullest.level() - emptiest.level();
    begun = gap > (begun ? END : BEGIN);
    if (!begun) {
      return;
    }
    Block block = find(fullest, emptiest);
    if (block != null && repair.move(block, fullest.server(), emptiest.server())) {
      moves.put(
          block.id(), new Move(fullest.server(), emptiest.server(), block.lengthBytes(), now));
      LOG.info(
          "block {} goes from server {}, which is {} % full, to server {}, which is {} % full",
          block.id(),
          fullest.server(),
          Math.round(100 * fullest.level()),
          emptiest.server(),
          Math.round(100 * emptiest.level()));
    }
  }

  /** The emptiest first. */
  private List<Filling> fillings() {
    List<Filling> fillings = new ArrayList<>();
    for (ChunkServers.Fill fill : servers.fills()) {
      Filling filling = new Filling(fill.server(), fill.usedBytes(), fill.capacityBytes());
      for (Move move : moves.values()) {
        if (move.from() == fill.server()) {
          filling = filling.plus(-move.bytes());
        } else if (move.to() == fill.server()) {
          filling = filling.plus(move.bytes());
        }
      }
      fillings.add(filling);
    }
    fillings.sort(Comparator.comparingDouble(Filling::level));
    return fillings;
  }

  /** A block that is better off there, of those that come next. */
  private @Nullable Block find(Filling from, Filling to) {
    List<Block> page = survey.blocks(BlockState.CLOSED, after, BLOCKS_PER_ROUND);
    Optional<Block> found = page.stream().filter(block -> isBetterOff(block, from, to)).findFirst();
    boolean more = page.size() == BLOCKS_PER_ROUND;
    after = found.isPresent() ? found.get().id() : more ? page.getLast().id() : 0;
    return found.orElse(null);
  }

  /** And does not make the emptier one the fuller one, or it would go to and fro. */
  private boolean isBetterOff(Block block, Filling from, Filling to) {
    List<Long> members = block.servers();
    return block.lengthBytes() > 0
        && members.contains(from.server())
        && !members.contains(to.server())
        && replicas.of(to.server(), block.id()) == null
        && !moves.containsKey(block.id())
        && from.plus(-block.lengthBytes()).level() >= to.plus(block.lengthBytes()).level()
        && servers.isSpreadAsFar(members, Repair.replaced(members, from.server(), to.server()))
        && !repair.settledOn(block).isEmpty();
  }
}

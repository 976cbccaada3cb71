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
import java.util.Set;
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
  private record Filling(long server, long usedBytes, long totalBytes, double weight) {
    /**
     * 0 for an empty one, 1 for a full one. Servers that get new blocks by their free space times
     * their weight go through the same levels together.
     */
    double level() {
      double free = Math.max(0, 1 - (double) usedBytes / totalBytes);
      return 1 - Math.pow(free, 1 / weight);
    }

    Filling plus(long bytes) {
      return new Filling(server, usedBytes + bytes, totalBytes, weight);
    }
  }

  /** A copy that might go from one server to another. */
  private record Step(Block block, Filling from, Filling to) {
    double gap() {
      return from.level() - to.level();
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
    List<Filling> targets = withSpace(byLevel);
    double gap = targets.isEmpty() ? 0 : byLevel.getLast().level() - targets.getFirst().level();
    begun = gap > (begun ? END : BEGIN);
    Step step = begun ? find(byLevel, targets) : null;
    if (step != null && repair.move(step.block(), step.from().server(), step.to().server())) {
      long bytes = step.block().lengthBytes();
      moves.put(step.block().id(), new Move(step.from().server(), step.to().server(), bytes, now));
      LOG.info(
          "block {} goes from server {}, which is {} % full, to server {}, which is {} % full",
          step.block().id(),
          step.from().server(),
          Math.round(100 * step.from().level()),
          step.to().server(),
          Math.round(100 * step.to().level()));
    }
  }

  /** Those that can be given a block, the emptiest first. */
  private List<Filling> withSpace(List<Filling> byLevel) {
    Set<Long> able = Set.copyOf(servers.withSpace());
    return byLevel.stream().filter(filling -> able.contains(filling.server())).toList();
  }

  /** The emptiest first. */
  private List<Filling> fillings() {
    List<Filling> fillings = new ArrayList<>();
    for (ChunkServers.Fill fill : servers.fills()) {
      Filling filling =
          new Filling(fill.server(), fill.usedBytes(), fill.totalBytes(), fill.weight());
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

  /**
   * Of the blocks that come next the one that is best moved, from the fullest server to the
   * emptiest: what may not go there, because of its other copies or of the room, may go elsewhere.
   */
  private @Nullable Step find(List<Filling> byLevel, List<Filling> targets) {
    Map<Long, Filling> fillings = new HashMap<>();
    byLevel.forEach(filling -> fillings.put(filling.server(), filling));
    List<Block> page = survey.blocks(BlockState.CLOSED, after, BLOCKS_PER_ROUND);
    Step best = null;
    for (Block block : page) {
      for (long member : block.servers()) {
        Filling from = fillings.get(member);
        Step step =
            from == null ? null : best(block, from, targets, best == null ? END : best.gap());
        best = step == null ? best : step;
      }
    }
    after = page.size() == BLOCKS_PER_ROUND ? page.getLast().id() : 0;
    return best;
  }

  /** Where a copy goes best from a server, if that is better than a gap of so much. */
  private @Nullable Step best(Block block, Filling from, List<Filling> targets, double gap) {
    for (Filling to : targets) {
      Step step = new Step(block, from, to);
      if (step.gap() <= gap) {
        return null;
      }
      if (isBetterOff(block, from, to)) {
        return step;
      }
    }
    return null;
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

package dfs.metadata.keeper;

import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.session.ChunkMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * How copies are by what the chunk servers that are here have said: the same that {@link Repair}
 * acts upon.
 */
final class ReportedCopies implements CopyStates {
  private final Replicas replicas;
  private final Set<Long> here;
  private final Set<Long> complete;
  private final Set<Long> known;
  private final int volume;
  private final BiPredicate<Long, Long> missing;

  /**
   * @param here servers that are heard of
   * @param complete those of them that have named all they have
   * @param known servers that may come back
   * @param volume how many copies there are where nothing else is said
   * @param missing whether a server, asked for a block, has not said for long that it has it
   */
  ReportedCopies(
      Replicas replicas,
      Set<Long> here,
      Set<Long> complete,
      Set<Long> known,
      int volume,
      BiPredicate<Long, Long> missing) {
    this.replicas = replicas;
    this.here = Set.copyOf(here);
    this.complete = Set.copyOf(complete);
    this.known = Set.copyOf(known);
    this.volume = volume;
    this.missing = missing;
  }

  @Override
  public boolean isComplete() {
    return complete.containsAll(here);
  }

  @Override
  public Verdict of(Block block) {
    List<Copy> copies = new ArrayList<>();
    for (long server : block.servers()) {
      copies.add(new Copy(server, stateOf(server, block)));
    }
    int wanted = block.copies() == 0 ? volume : block.copies();
    int good = count(copies, CopyState.GOOD);
    boolean confirmed = count(copies, CopyState.UNCONFIRMED) == 0;
    State state =
        block.state() == BlockState.OPEN ? ofOpen(copies) : ofEnded(block, copies, wanted, good);
    return new Verdict(state, wanted, good, confirmed, copies);
  }

  private static State ofOpen(List<Copy> copies) {
    boolean damaged = count(copies, CopyState.DAMAGED) > 0;
    if (count(copies, CopyState.OPEN) > 0) {
      return damaged ? State.CORRUPT : State.OPEN;
    }
    return count(copies, CopyState.AWAY) > 0 ? State.UNREACHABLE : State.LOST;
  }

  private State ofEnded(Block block, List<Copy> copies, int wanted, int good) {
    long spare =
        complete.stream()
            .filter(server -> !block.servers().contains(server) && replicas.isGood(server, block))
            .count();
    boolean wrong = count(copies, CopyState.DAMAGED) + count(copies, CopyState.OTHER_LENGTH) > 0;
    if (good + spare > 0 && wrong) {
      return State.CORRUPT;
    }
    if (good >= wanted) {
      return good + spare > wanted ? State.OVER : State.HEALTHY;
    }
    if (good + spare > 0) {
      return State.UNDER;
    }
    boolean waitedFor = count(copies, CopyState.AWAY) + count(copies, CopyState.UNCONFIRMED) > 0;
    return waitedFor ? State.UNREACHABLE : State.LOST;
  }

  private static int count(List<Copy> copies, CopyState state) {
    return (int) copies.stream().filter(copy -> copy.state() == state).count();
  }

  private CopyState stateOf(long server, Block block) {
    if (!known.contains(server)) {
      return CopyState.FORGOTTEN;
    }
    if (!here.contains(server)) {
      return CopyState.AWAY;
    }
    ChunkMessage.BlockState replica = replicas.of(server, block.id());
    if (replica != null && replica.state() == Replicas.DAMAGED) {
      return CopyState.DAMAGED;
    }
    if (block.state() == BlockState.OPEN) {
      return CopyState.OPEN;
    }
    if (replicas.isGood(server, block)) {
      return CopyState.GOOD;
    }
    if (replica != null && replica.state() == Replicas.SEALED) {
      // What is to be deleted is none any more.
      return replica.lengthBytes() == block.lengthBytes()
          ? CopyState.MISSING
          : CopyState.OTHER_LENGTH;
    }
    return complete.contains(server) && missing.test(server, block.id())
        ? CopyState.MISSING
        : CopyState.UNCONFIRMED;
  }
}

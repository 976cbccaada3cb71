package dfs.metadata.keeper;

import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Takes away replicas that are too much. What a server said when it came may be over: before one of
 * several goes, those that stay are asked anew and look at their files. Used by {@link Repair} in
 * the keeper's thread, unless said otherwise.
 */
final class Surplus {
  private static final int BLOCKS_PER_ORDER = 1000;

  /** So many blocks wait for confirmation at a time; others wait for their turn. */
  private static final int ASKED_MAX = 10_000;

  /** A deletion that was not answered is ordered again after this time. */
  private static final long DELETE_AGAIN_NANOS = 30_000_000_000L;

  /** What is confirmed counts for so long; who has not answered by then is asked again. */
  private static final long FRESH_NANOS = 30_000_000_000L;

  private final Survey survey;
  private final ChunkServers servers;
  private final Replicas replicas;
  private final Repair repair;
  private final LongSupplier term;
  private final Time time;
  private final Outstanding ordered;
  private final Map<Long, Question> questions = new ConcurrentHashMap<>();

  /** What was asked of the servers of a block, and who has confirmed it since. */
  private record Question(long sinceNanos, int asked, Set<Long> confirmed) {}

  Surplus(
      Survey survey,
      ChunkServers servers,
      Replicas replicas,
      Repair repair,
      LongSupplier term,
      Time time) {
    this.survey = survey;
    this.servers = servers;
    this.replicas = replicas;
    this.repair = repair;
    this.term = term;
    this.time = time;
    this.ordered = new Outstanding(time, DELETE_AGAIN_NANOS);
  }

  /** What a server was told it may never have heard, and what it said is over; any thread. */
  void gone(long server) {
    ordered.gone(server);
    questions.values().forEach(question -> question.confirmed().remove(server));
  }

  /** What a server was told to delete, and has; any thread. */
  void deleted(long server, List<Long> blocks) {
    ordered.forget(server, blocks);
  }

  /** A server says what it has; whether all have answered some question now. Any thread. */
  boolean reported(long server, List<ChunkMessage.BlockState> blocks) {
    boolean answered = false;
    for (ChunkMessage.BlockState block : blocks) {
      Question question = questions.get(block.block());
      answered |=
          question != null
              && question.confirmed().add(server)
              && question.confirmed().size() >= question.asked();
    }
    return answered;
  }

  /**
   * Replicas on servers that are no members, and are not being made ones, go once every member has
   * confirmed its own, and there are enough; those that are not what they should be, once one has;
   * those of relocated blocks once every member of the target has confirmed that; those of blocks
   * that are gone at once. Which are told to go counts no more from before the order on: it may be
   * obeyed late, when that server is a member again.
   *
   * @return whether there are any
   */
  boolean delete(Set<Long> complete) {
    questions.values().removeIf(this::isOld);
    Map<Long, List<ChunkMessage.BlockState>> toAsk = new HashMap<>();
    boolean any = false;
    long mark = survey.allocationMark();
    for (long server : complete) {
      List<Long> surplus = new ArrayList<>();
      for (long id : replicas.blocksOf(server)) {
        if (id < mark && surplus.size() < BLOCKS_PER_ORDER) {
          Verdict verdict = judge(server, id, complete, toAsk);
          any |= verdict != Verdict.STAYS;
          if (verdict == Verdict.GOES && ordered.take(server, id)) {
            surplus.add(id);
          }
        }
      }
      if (!surplus.isEmpty()) {
        List<Long> doomed = replicas.doom(server, surplus);
        if (!servers.order(server, new ChunkOrder.Delete(surplus, mark, term.getAsLong(), 0))) {
          replicas.spare(server, doomed);
          ordered.forget(server, surplus);
        }
      }
    }
    toAsk.forEach(repair::ask);
    return any;
  }

  private enum Verdict {
    STAYS,
    GOES,
    /** It goes when those that stay have confirmed theirs. */
    WAITS
  }

  private Verdict judge(
      long server, long id, Set<Long> complete, Map<Long, List<ChunkMessage.BlockState>> toAsk) {
    if (repair.isChanging(id) || repair.isCopying(id, server)) {
      return Verdict.STAYS;
    }
    Block block = survey.block(id);
    if (block == null) {
      return Verdict.GOES;
    }
    if (block.state() == BlockState.RELOCATED) {
      Block target = survey.block(block.target());
      return target == null || !repair.isConfirmed(target, complete)
          ? Verdict.STAYS
          : confirmed(target, target.servers(), target.servers().size(), toAsk);
    }
    if (block.servers().contains(server) || !Repair.isSealed(block)) {
      return Verdict.STAYS;
    }
    List<Long> good = good(block, complete);
    ChunkMessage.BlockState replica = replicas.of(server, id);
    boolean whole =
        replica != null
            && replica.state() == Replicas.SEALED
            && replica.lengthBytes() == block.lengthBytes();
    if (!whole) {
      return good.isEmpty() ? Verdict.STAYS : confirmed(block, good, 1, toAsk);
    }
    boolean enough = good.size() == block.servers().size() && good.size() >= repair.wanted(block);
    return enough ? confirmed(block, good, good.size(), toAsk) : Verdict.STAYS;
  }

  /** Members that have the block, as far as is known, and stay. */
  private List<Long> good(Block block, Set<Long> complete) {
    return block.servers().stream()
        .filter(member -> complete.contains(member) && replicas.isGood(member, block))
        .filter(member -> !repair.isDraining(member))
        .toList();
  }

  /** Whether so many of these, who have the block, have said so lately; else all are asked. */
  private Verdict confirmed(
      Block block, List<Long> having, int needed, Map<Long, List<ChunkMessage.BlockState>> toAsk) {
    Question question = questions.get(block.id());
    if (question != null) {
      return having.stream().filter(question.confirmed()::contains).count() >= needed
          ? Verdict.GOES
          : Verdict.WAITS;
    }
    if (questions.size() < ASKED_MAX) {
      Question next =
          new Question(
              time.monotonicNanos(), block.servers().size(), ConcurrentHashMap.newKeySet());
      questions.put(block.id(), next);
      ChunkMessage.BlockState asked =
          new ChunkMessage.BlockState(block.id(), block.epoch(), block.lengthBytes(), 0);
      for (long member : block.servers()) {
        toAsk.computeIfAbsent(member, m -> new ArrayList<>()).add(asked);
      }
    }
    return Verdict.WAITS;
  }

  private boolean isOld(Question question) {
    return time.monotonicNanos() - question.sinceNanos() > FRESH_NANOS;
  }
}

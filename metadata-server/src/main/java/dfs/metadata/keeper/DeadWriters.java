package dfs.metadata.keeper;

import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the blocks of sessions that are fenced, each at the length that its servers can prove, and
 * then the sessions. Rounds are the keeper's; what servers say comes from the transport's threads.
 */
final class DeadWriters {
  private static final Logger LOG = LoggerFactory.getLogger(DeadWriters.class);
  private static final int ENDS_PER_ORDER = 256;
  private static final int BLOCKS_PER_ORDER = 1000;
  private static final long AGAIN_NANOS = 5_000_000_000L;

  private final Survey survey;
  private final ChunkServers servers;
  private final LongSupplier term;
  private final Function<Upkeep, @Nullable Reply> propose;
  private final Time time;
  private final Outstanding asked;

  /** What the members answered: block, server, replica; a length below 0 if it has none. */
  private final Map<Long, Map<Long, ChunkMessage.BlockState>> answers = new ConcurrentHashMap<>();

  /** Where what files have in a block ends: who might change that is fenced. */
  private final Map<Long, Named> namedEnds = new HashMap<>();

  /** Where the bytes end that files name, and when that was looked up: it may become less. */
  private record Named(long end, long sinceNanos) {}

  /** Servers that are known, here or not; others were forgotten. */
  private Set<Long> registered = Set.of();

  /**
   * @param propose null when the order did not get through
   */
  DeadWriters(
      Survey survey,
      ChunkServers servers,
      LongSupplier term,
      Function<Upkeep, @Nullable Reply> propose,
      Time time) {
    this.survey = survey;
    this.servers = servers;
    this.term = term;
    this.propose = propose;
    this.time = time;
    this.asked = new Outstanding(time, AGAIN_NANOS);
  }

  /** What this server says of blocks that it was told to seal. */
  void sealed(long server, List<ChunkMessage.BlockState> blocks) {
    for (ChunkMessage.BlockState block : blocks) {
      answers.computeIfAbsent(block.block(), b -> new ConcurrentHashMap<>()).put(server, block);
    }
  }

  /** It may come back with what it did not have. */
  void gone(long server) {
    asked.gone(server);
    answers.values().forEach(known -> known.remove(server));
  }

  void round() {
    registered =
        survey.servers().stream().map(Survey.Server::id).collect(Collectors.toUnmodifiableSet());
    Set<Long> open = new HashSet<>();
    Map<Long, List<ChunkMessage.BlockState>> toAsk = new HashMap<>();
    for (Survey.Session session : survey.sessions()) {
      if (session.fenced()) {
        end(session.id(), open, toAsk);
      }
    }
    toAsk.forEach(
        (server, blocks) -> {
          for (int from = 0; from < blocks.size(); from += BLOCKS_PER_ORDER) {
            int to = Math.min(from + BLOCKS_PER_ORDER, blocks.size());
            servers.order(
                server, new ChunkOrder.SealLongest(blocks.subList(from, to), term.getAsLong(), 0));
          }
        });
    answers.keySet().retainAll(open);
    namedEnds.keySet().retainAll(open);
    asked.retain(open);
  }

  private void end(long session, Set<Long> open, Map<Long, List<ChunkMessage.BlockState>> toAsk) {
    List<BlockEnd> ends = new ArrayList<>();
    boolean all = true;
    for (Block block : survey.blocksOfSession(session)) {
      BlockEnd end = endOf(block, toAsk);
      if (end == null) {
        all = false;
        open.add(block.id());
      } else {
        ends.add(end);
      }
    }
    for (int from = 0; from < ends.size(); from += ENDS_PER_ORDER) {
      int to = Math.min(from + ENDS_PER_ORDER, ends.size());
      all &= propose.apply(new Upkeep.SealDead(ends.subList(from, to))) instanceof Reply.Done;
    }
    if (all) {
      var _ = propose.apply(new Upkeep.EndSession(session));
    }
  }

  /**
   * Everybody who is here is asked. The longest that anybody has counts, if it has all that files
   * have in the block: others get what they lack as copies. If files have nothing in it that may be
   * nothing. Otherwise the block waits for all its members but those that are forgotten. When all
   * have spoken what is missing is lost: the block ends where the longest does, and where files say
   * if nobody has it.
   */
  private @Nullable BlockEnd endOf(Block block, Map<Long, List<ChunkMessage.BlockState>> toAsk) {
    if (block.state() == BlockState.SEALED) {
      return new BlockEnd(block.id(), block.epoch(), block.lengthBytes(), true);
    }
    Map<Long, ChunkMessage.BlockState> known = answers.getOrDefault(block.id(), Map.of());
    Set<Long> unheard = new HashSet<>(block.servers());
    unheard.removeAll(known.keySet());
    Set<Long> here = new HashSet<>(unheard);
    here.retainAll(servers.alive());
    unheard.retainAll(registered);
    for (long server : here) {
      if (asked.take(server, block.id())) {
        toAsk
            .computeIfAbsent(server, s -> new ArrayList<>())
            .add(new ChunkMessage.BlockState(block.id(), block.epoch(), 0, 0));
      }
    }
    OptionalLong longest =
        known.values().stream()
            .filter(answer -> answer.state() == Replicas.SEALED)
            .mapToLong(ChunkMessage.BlockState::lengthBytes)
            .filter(length -> length >= 0 && length <= Limits.BLOCK_BYTES)
            .max();
    if (!here.isEmpty()) {
      return null;
    }
    long named = namedEnd(block.id());
    if (longest.orElse(0) < named) {
      if (!unheard.isEmpty()) {
        return null;
      }
      LOG.error(
          "block {} of a dead writer is lost from {} on: files have {} bytes of it",
          block.id(),
          longest.orElse(0),
          named);
    }
    return new BlockEnd(block.id(), block.epoch(), longest.orElse(named), true);
  }

  private long namedEnd(long block) {
    long now = time.monotonicNanos();
    Named known = namedEnds.get(block);
    if (known == null || now - known.sinceNanos() > AGAIN_NANOS) {
      known = new Named(survey.namedEnd(block), now);
      namedEnds.put(block, known);
    }
    return known.end();
  }
}

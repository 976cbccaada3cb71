package dfs.metadata.keeper;

import dfs.metadata.consensus.Proposal;
import dfs.metadata.consensus.ReplicatedLog;
import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that each sealed block has as many good copies as it should. A copy is good when its
 * server said, since it connected, that it has the block sealed at its length; it is lost when its
 * server was away for long, or does not have it so. Blocks with the fewest good copies come first.
 * Used by the keeper's thread, unless said otherwise; needs no memory beyond a restart.
 */
final class Repair {
  private static final Logger LOG = LoggerFactory.getLogger(Repair.class);
  private static final int BLOCKS_PER_PAGE = 1000;
  private static final int COPIES_PER_SERVER = 4;
  private static final int COPIES_PER_STEP = 64;

  /** After a start nothing is copied or deleted until all servers have reported, or so long. */
  private static final long SAFE_NANOS = 60_000_000_000L;

  /** A server has this long to say of a replica that it is whole after all. */
  private static final long DOUBT_NANOS = 5_000_000_000L;

  /** A copy that failed is not ordered again before this time. */
  private static final long AGAIN_NANOS = 10_000_000_000L;

  private final ReplicatedLog log;
  private final Survey survey;
  private final ChunkServers servers;
  private final CapabilityKeys capabilities;
  private final Replicas replicas;
  private final Time time;
  private final long lostNanos;
  private final long startedNanos;
  private final Map<Long, Long> absentSince = new HashMap<>();
  private final Map<Doubt, Long> doubts = new HashMap<>();
  private final Map<Long, Copying> copying = new ConcurrentHashMap<>();
  private final Map<Long, Long> failedNanos = new ConcurrentHashMap<>();

  /** Blocks with too few copies, as the last survey saw it, the most urgent first. */
  private final Deque<Long> wanting = new ArrayDeque<>();

  private boolean safe;
  private volatile Health health = new Health(0, 0, 0, 0);

  /** A replica that ought to be there and is not known to be. */
  private record Doubt(long server, long block) {}

  /** A copy that was ordered. */
  private record Copying(long server) {}

  /** What is known of one block's members. */
  private record Members(Block block, List<Long> good, List<Long> pending, List<Long> bad) {
    List<Long> remaining() {
      List<Long> remaining = new ArrayList<>(good);
      remaining.addAll(pending);
      return remaining;
    }
  }

  Repair(
      ReplicatedLog log,
      Survey survey,
      ChunkServers servers,
      CapabilityKeys capabilities,
      Replicas replicas,
      Time time,
      long lostNanos) {
    this.log = log;
    this.survey = survey;
    this.servers = servers;
    this.capabilities = capabilities;
    this.replicas = replicas;
    this.time = time;
    this.lostNanos = lostNanos;
    this.startedNanos = time.monotonicNanos();
  }

  Health health() {
    return health;
  }

  /** The target of a copy says that it cannot make it. */
  void copyFailed(long server, long block) {
    Copying known = copying.get(block);
    if (known != null && known.server() == server && copying.remove(block, known)) {
      failedNanos.put(block, time.monotonicNanos());
    }
  }

  /** The copies that a server was making are not to be expected any more. */
  void gone(long server) {
    copying.values().removeIf(known -> known.server() == server);
  }

  /** Whether a copy of this block is on its way. */
  boolean isCopying(long block) {
    return copying.containsKey(block);
  }

  /** Looks at all sealed blocks. */
  void survey() {
    Set<Long> complete = complete();
    safe = look(complete);
    int wanted = survey.copies();
    List<Members> under = new ArrayList<>();
    Map<Long, List<ChunkMessage.BlockState>> toSeal = new HashMap<>();
    long healthy = 0;
    long unreachable = 0;
    long lost = 0;
    for (BlockState state : List.of(BlockState.SEALED, BlockState.CLOSED)) {
      long after = 0;
      for (List<Block> page = page(state, after); !page.isEmpty(); page = page(state, after)) {
        for (Block block : page) {
          Members members = members(block, complete, toSeal);
          if (members.good().size() >= wanted) {
            healthy++;
          } else if (!members.good().isEmpty() || !spares(block, complete).isEmpty()) {
            under.add(members);
          } else if (members.pending().isEmpty() && complete.containsAll(block.servers())) {
            lost++;
          } else {
            unreachable++;
          }
        }
        after = page.getLast().id();
      }
    }
    doubts.keySet().removeIf(doubt -> isSettled(doubt, complete));
    toSeal.forEach(
        (server, blocks) -> servers.order(server, new ChunkOrder.SealAt(blocks, log.term(), 0)));
    health = new Health(healthy, under.size(), unreachable, lost);
    under.sort(Comparator.comparingInt(members -> members.good().size()));
    wanting.clear();
    under.forEach(members -> wanting.add(members.block().id()));
    if (safe) {
      deleteSurplus(complete, wanted);
    }
  }

  private Set<Long> complete() {
    Set<Long> complete = replicas.complete();
    complete.retainAll(servers.alive());
    return complete;
  }

  /** Goes on with the blocks that want copies, as many as there are servers free to make them. */
  void step() {
    Set<Long> complete = complete();
    copying.entrySet().removeIf(entry -> isThere(entry.getValue().server(), entry.getKey()));
    if (!safe) {
      return;
    }
    Iterator<Long> next = wanting.iterator();
    for (int ordered = 0; ordered < COPIES_PER_STEP && next.hasNext(); ) {
      long id = next.next();
      Block block = survey.block(id);
      if (block == null || !isSealed(block)) {
        next.remove();
      } else if (!copying.containsKey(id) && !hasJustFailed(id)) {
        Next done = mend(members(block, complete, new HashMap<>()), complete);
        if (done == Next.BUSY) {
          return;
        }
        ordered += done == Next.ORDERED ? 1 : 0;
        if (done == Next.SETTLED) {
          next.remove();
        }
      }
    }
  }

  private boolean isThere(long server, long id) {
    Block block = survey.block(id);
    return block == null || isGood(replicas.of(server, id), block);
  }

  private static boolean isSealed(Block block) {
    return block.state() == BlockState.SEALED || block.state() == BlockState.CLOSED;
  }

  /** What became of a block that wants a copy. */
  private enum Next {
    /** There is nothing more to do for it, until the next survey. */
    SETTLED,
    ORDERED,
    /** Who might make a copy has enough to do. */
    BUSY
  }

  /** A good copy that nobody counts is counted; without one, another is ordered. */
  private Next mend(Members members, Set<Long> complete) {
    Block block = members.block();
    int missing = survey.copies() - members.remaining().size();
    List<Long> spares = spares(block, complete);
    if (missing <= 0 || (members.good().isEmpty() && spares.isEmpty())) {
      return Next.SETTLED;
    }
    if (!spares.isEmpty()) {
      List<Long> after = members.remaining();
      after.addAll(spares.subList(0, Math.min(missing, spares.size())));
      propose(new Upkeep.SetMembers(block.id(), block.servers(), after));
      return Next.SETTLED;
    }
    Set<Long> able = new LinkedHashSet<>(servers.withSpace());
    able.retainAll(complete);
    able.removeIf(
        server -> block.servers().contains(server) || replicas.of(server, block.id()) != null);
    if (able.isEmpty()) {
      return Next.SETTLED;
    }
    able.removeIf(server -> copiesTo(server) >= COPIES_PER_SERVER);
    if (able.isEmpty()) {
      return Next.BUSY;
    }
    return order(members, able.iterator().next()) ? Next.ORDERED : Next.SETTLED;
  }

  private long copiesTo(long server) {
    return copying.values().stream().filter(copy -> copy.server() == server).count();
  }

  /** Servers that are no members and have the block, whole. */
  private List<Long> spares(Block block, Set<Long> complete) {
    return complete.stream()
        .filter(server -> !block.servers().contains(server))
        .filter(server -> isGood(replicas.of(server, block.id()), block))
        .toList();
  }

  private boolean isSettled(Doubt doubt, Set<Long> complete) {
    Block block = survey.block(doubt.block());
    return block == null
        || !complete.contains(doubt.server())
        || !block.servers().contains(doubt.server());
  }

  private List<Block> page(BlockState state, long after) {
    return survey.blocks(state, after, BLOCKS_PER_PAGE);
  }

  /** Notes who is away; whether enough have reported to decide anything. */
  private boolean look(Set<Long> complete) {
    long now = time.monotonicNanos();
    boolean all = true;
    for (Survey.Server known : survey.servers()) {
      if (complete.contains(known.id())) {
        absentSince.remove(known.id());
      } else {
        absentSince.putIfAbsent(known.id(), now);
        all = false;
      }
    }
    return all || now - startedNanos > SAFE_NANOS || (hasWaited(now) && !complete.isEmpty());
  }

  /** Whoever is away has been so for as long as makes its copies lost. */
  private boolean hasWaited(long now) {
    return absentSince.values().stream().allMatch(since -> now - since > lostNanos)
        && now - startedNanos > lostNanos;
  }

  private boolean isLost(long server) {
    Long since = absentSince.get(server);
    return since != null && time.monotonicNanos() - since > lostNanos;
  }

  private Members members(
      Block block, Set<Long> complete, Map<Long, List<ChunkMessage.BlockState>> toSeal) {
    Members members = new Members(block, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    for (long server : block.servers()) {
      if (!complete.contains(server)) {
        (isLost(server) ? members.bad() : members.pending()).add(server);
        continue;
      }
      ChunkMessage.BlockState replica = replicas.of(server, block.id());
      Doubt doubt = new Doubt(server, block.id());
      if (isGood(replica, block)) {
        doubts.remove(doubt);
        members.good().add(server);
      } else if (isWrong(replica) || isOld(doubt)) {
        members.bad().add(server);
      } else {
        members.pending().add(server);
        toSeal
            .computeIfAbsent(server, s -> new ArrayList<>())
            .add(new ChunkMessage.BlockState(block.id(), block.epoch(), block.lengthBytes(), 0));
      }
    }
    return members;
  }

  /** It ends elsewhere for ever, or its bytes are not those that were written. */
  private static boolean isWrong(ChunkMessage.@Nullable BlockState replica) {
    return replica != null && replica.state() != Replicas.OPEN;
  }

  /**
   * A replica that is not known, or open, may have been made or sealed since its server reported:
   * the server is told to seal it, which it answers with what it has.
   */
  private boolean isOld(Doubt doubt) {
    long now = time.monotonicNanos();
    return now - doubts.computeIfAbsent(doubt, d -> now) > DOUBT_NANOS;
  }

  private static boolean isGood(ChunkMessage.@Nullable BlockState replica, Block block) {
    return replica != null
        && replica.state() == Replicas.SEALED
        && replica.lengthBytes() == block.lengthBytes();
  }

  private boolean hasJustFailed(long block) {
    Long failed = failedNanos.get(block);
    if (failed == null || time.monotonicNanos() - failed > AGAIN_NANOS) {
      failedNanos.remove(block);
      return false;
    }
    return true;
  }

  private boolean order(Members members, long target) {
    Block block = members.block();
    ChunkOrder.Copy order =
        new ChunkOrder.Copy(
            new ChunkMessage.BlockState(
                block.id(), block.epoch(), block.lengthBytes(), Replicas.SEALED),
            block.session(),
            !block.solo(),
            servers.addresses(members.good()),
            capabilities.toRead(block.id(), 0, Limits.BLOCK_BYTES, 0),
            log.term(),
            0);
    copying.put(block.id(), new Copying(target));
    if (!servers.order(target, order)) {
      copying.remove(block.id());
      return false;
    }
    LOG.info("server {} is to copy block {} from {}", target, block.id(), members.good());
    return true;
  }

  /**
   * Replicas on servers that are no members go once every member has confirmed its own, and there
   * are enough; those that are not what they should be, once one has; those of blocks that are gone
   * at once.
   */
  private void deleteSurplus(Set<Long> complete, int wanted) {
    long mark = survey.allocationMark();
    for (long server : complete) {
      List<Long> surplus = new ArrayList<>();
      for (long id : replicas.blocksOf(server)) {
        if (id < mark
            && surplus.size() < BLOCKS_PER_PAGE
            && isSurplus(server, id, complete, wanted)) {
          surplus.add(id);
        }
      }
      if (!surplus.isEmpty()) {
        servers.order(server, new ChunkOrder.Delete(surplus, mark, log.term(), 0));
      }
    }
  }

  private boolean isSurplus(long server, long id, Set<Long> complete, int wanted) {
    Copying known = copying.get(id);
    if (known != null && known.server() == server) {
      return false;
    }
    Block block = survey.block(id);
    if (block == null) {
      return true;
    }
    if (block.servers().contains(server) || !isSealed(block)) {
      return false;
    }
    List<Long> confirmed =
        block.servers().stream()
            .filter(member -> complete.contains(member) && isGood(replicas.of(member, id), block))
            .toList();
    if (!isGood(replicas.of(server, id), block)) {
      return !confirmed.isEmpty();
    }
    return confirmed.size() == block.servers().size() && confirmed.size() >= wanted;
  }

  private void propose(Upkeep.SetMembers order) {
    log.propose(
        Proposal.upkeep(order),
        (reply, failure) -> {
          if (failure != null) {
            LOG.warn("{} did not get through", order, failure);
          } else {
            LOG.info("block {} lies on {} now: {}", order.block(), order.after(), reply);
          }
        });
  }
}

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
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
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

  /** So many blocks a step looks at: others wait for the next one. */
  private static final int LOOKS_PER_STEP = 4096;

  /**
   * After a start nothing is copied or deleted until all servers have reported, or so many times
   * the time after which a server is lost has passed.
   */
  private static final int SAFE_LOSSES = 2;

  /** A server has this long to say of a replica that it is whole after all. */
  private static final long DOUBT_NANOS = 5_000_000_000L;

  private final ReplicatedLog log;
  private final Survey survey;
  private final ChunkServers servers;
  private final CapabilityKeys capabilities;
  private final Replicas replicas;
  private final Time time;
  private final long lostNanos;
  private final long startedNanos;
  private final Surplus surplus;
  private final Map<Long, Long> absentSince = new HashMap<>();
  private final Map<Doubt, Long> doubts = new ConcurrentHashMap<>();
  private final CopiesUnderWay copying;

  /**
   * Blocks whose members are being changed: what the state says of them may be over. One of which
   * it is not known whether that came about stays here, and is left alone, until a restart.
   */
  private final Set<Long> moving = ConcurrentHashMap.newKeySet();

  /** Blocks with too few copies, as the last survey saw it, the most urgent first. */
  private final Deque<Long> wanting = new ArrayDeque<>();

  private Set<Long> draining = Set.of();

  /** Servers that are known no more. */
  private final Set<Long> forgotten = new HashSet<>();

  /** Enough have reported once: from then on each block speaks for itself. */
  private boolean safe;

  /** Who was away when {@link #health} was found. */
  private volatile Set<Long> away = Set.of();

  /** Who came or went since the last survey began; guarded by this. */
  private final Set<Long> changed = new HashSet<>();

  /** Of the last survey, if it left nothing to be done. */
  private @Nullable Basis quietAt;

  private volatile Health health = new Health(0, 0, 0, 0);
  private volatile int copiesMost;

  /** A replica that ought to be there and is not known to be. */
  private record Doubt(long server, long block) {}

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
    this.copying = new CopiesUnderWay(time);
    this.surplus = new Surplus(survey, servers, replicas, this, log::term, time);
    this.startedNanos = time.monotonicNanos();
  }

  Health health() {
    return health;
  }

  /** The most copies that are wanted of a sealed block; any thread. */
  int copiesMost() {
    return copiesMost;
  }

  /**
   * Of how many blocks a server that is away has the only good copy; below 0 when it was here when
   * that was looked at last. Any thread.
   */
  long lastCopies(long server) {
    // First who is away: what is found later knows of it.
    return away.contains(server) ? health.onlyOn().getOrDefault(server, 0L) : -1;
  }

  /** The target of a copy says that it cannot make it. */
  void copyFailed(long server, long block) {
    copying.failed(server, block);
  }

  /** The copies that a server was making are not to be expected any more. */
  void gone(long server) {
    changedMeanwhile(server);
    surplus.gone(server);
    copying.gone(server);
  }

  /** What it has by now was not looked at: it may have been given blocks. */
  private synchronized void changedMeanwhile(long server) {
    changed.add(server);
    sawAway(away);
  }

  private synchronized void sawAway(Set<Long> absent) {
    Set<Long> still = new HashSet<>(absent);
    still.removeAll(changed);
    away = Set.copyOf(still);
  }

  private synchronized void beginLooking() {
    changed.clear();
  }

  /** Whether enough has been reported to move blocks about, or to delete them. */
  boolean isSafe() {
    return safe;
  }

  /**
   * The servers of a sealed block, when each has it, good, and they are as many as they should be;
   * else none: it is to be mended first.
   */
  List<Long> settledOn(Block block) {
    boolean settled =
        block.servers().size() >= wanted(block, survey.copies()) && isConfirmed(block, complete());
    return settled ? block.servers() : List.of();
  }

  /** Whether every server of a sealed block has said that it has it, good. */
  boolean isConfirmed(Block block, Set<Long> complete) {
    return isSealed(block)
        && !block.servers().isEmpty()
        && block.servers().stream()
            .allMatch(server -> complete.contains(server) && replicas.isGood(server, block));
  }

  /** Whether a copy of this block is on its way; any thread. */
  boolean isCopying(long block) {
    return copying.isOf(block);
  }

  /** Whether a copy of this block is on its way to this server. */
  boolean isCopying(long block, long server) {
    return copying.isOf(block, server);
  }

  /** Whether nothing is away, and all that can be mended is, as far as is known. */
  boolean isQuiet() {
    return safe && wanting.isEmpty() && health.unreachable() == 0;
  }

  /** Orders a copy of a settled block that takes the place of another; whether that was heard. */
  boolean move(Block block, long from, long to) {
    return !copying.isOf(block.id())
        && !moving.contains(block.id())
        && !copying.isResting(to, block.id())
        && order(members(block, complete(), null), to, from);
  }

  /** These servers, with one in another's place. */
  static List<Long> replaced(List<Long> servers, long from, long to) {
    return servers.stream().map(server -> server == from ? (Long) to : server).toList();
  }

  /** A copy that is there takes its place, if nothing else has happened to the block. */
  private void settle(CopiesUnderWay.Copy made) {
    Block block = survey.block(made.block());
    if (block != null
        && made.instead() != 0
        && settledOn(block).contains(made.instead())
        && !block.servers().contains(made.server())) {
      List<Long> after = replaced(block.servers(), made.instead(), made.server());
      propose(new Upkeep.SetMembers(block.id(), block.servers(), after));
    }
  }

  /** Whether the members of a block are being changed. */
  boolean isChanging(long block) {
    return moving.contains(block);
  }

  boolean isDraining(long server) {
    return draining.contains(server);
  }

  /** How many copies of a block there should be. */
  int wanted(Block block) {
    return wanted(block, survey.copies());
  }

  /** A server says what it has; whether something was waiting for that. Any thread. */
  boolean reported(long server, List<ChunkMessage.BlockState> blocks) {
    return surplus.reported(server, blocks);
  }

  /** What a server was told to delete, and has; any thread. */
  void deleted(long server, List<Long> blocks) {
    surplus.deleted(server, blocks);
  }

  /** What a survey is made of. */
  private record Basis(
      long blocks,
      long replicas,
      Set<Long> complete,
      Set<Long> draining,
      int volume,
      List<List<Long>> devices) {
    Basis {
      complete = Set.copyOf(complete);
      draining = Set.copyOf(draining);
      devices = List.copyOf(devices);
    }
  }

  /** Looks at all sealed blocks, unless all was well and nothing has changed. */
  void survey() {
    beginLooking();
    Set<Long> drainedBefore = draining;
    Set<Long> complete = complete();
    safe |= look(complete);
    int volume = survey.copies();
    Basis now =
        new Basis(
            survey.blockChanges(),
            replicas.changes(),
            complete,
            draining,
            volume,
            servers.byDevice());
    if (now.equals(quietAt)) {
      sawAway(absentSince.keySet());
      return;
    }
    Sights sights = new Sights();
    // One that has just begun may be given a block by who does not know yet.
    drainedBefore.stream()
        .filter(draining::contains)
        .forEach(server -> sights.leftOn.put(server, 0L));
    // In the order in which a block goes through these states: so none is missed.
    seeOpen(complete, sights);
    for (BlockState state : List.of(BlockState.SEALED, BlockState.CLOSED)) {
      long after = 0;
      for (List<Block> page = page(state, after); !page.isEmpty(); page = page(state, after)) {
        page.forEach(block -> see(block, complete, wanted(block, volume), sights));
        after = page.getLast().id();
      }
    }
    doubts.keySet().removeIf(doubt -> isSettled(doubt, complete));
    sights.toAsk.forEach(this::ask);
    health =
        new Health(
            sights.healthy,
            sights.wanting,
            sights.unreachable,
            sights.lost,
            sights.lostBlocks,
            sights.leftOn,
            sights.onlyOn,
            sights.onOneHost,
            sights.onOneDisk,
            sights.over,
            sights.corrupt);
    copiesMost = sights.most;
    sawAway(absentSince.keySet());
    wanting.clear();
    sights.under.forEach(wanting::addAll);
    boolean deleting = safe && surplus.delete(complete);
    boolean quiet = safe && !deleting && wanting.isEmpty() && isQuiet(sights);
    // What is left on one that has just begun is said by the next survey.
    quietAt = quiet && drainedBefore.equals(draining) ? now : null;
  }

  /** Whether all is well, and nothing will change by time alone. */
  private boolean isQuiet(Sights sights) {
    return sights.wanting + sights.unreachable + sights.lost == 0
        && sights.toAsk.isEmpty()
        && doubts.isEmpty()
        && copying.isEmpty()
        && absentSince.isEmpty();
  }

  private static int wanted(Block block, int volume) {
    return block.copies() == 0 ? volume : block.copies();
  }

  private void see(Block block, Set<Long> complete, int wanted, Sights sights) {
    Members members = members(block, complete, sights);
    int good = members.sources().size();
    count(block, sights.leftOn);
    int spare = spares(block, complete).size();
    sights.share(servers, members.sources());
    sights.judge(
        good + spare,
        wanted,
        block.servers().stream()
            .anyMatch(server -> complete.contains(server) && replicas.isWrong(server, block)));
    if (good >= wanted) {
      sights.healthy++;
      if ((members.good().size() >= wanted && block.servers().size() > wanted)
          || !members.leaving().isEmpty()) {
        sights.want(block, Sights.ENOUGH);
      }
    } else if (good + spare > 0) {
      sights.wanting++;
      sights.want(block, good);
    } else if (members.pending().isEmpty()
        && block.servers().stream().allMatch(s -> complete.contains(s) || isForgotten(s))) {
      sights.lose(block);
    } else {
      sights.unreachable++;
      sights.onlyAway(block, complete);
    }
    if (good + spare == 0 && !sources(members).isEmpty()) {
      sights.want(block, 0);
    }
  }

  private void seeOpen(Set<Long> complete, Sights sights) {
    long after = 0;
    for (List<Block> page = page(BlockState.OPEN, after);
        !page.isEmpty();
        page = page(BlockState.OPEN, after)) {
      for (Block block : page) {
        count(block, sights.leftOn);
        if (block.servers().stream().noneMatch(s -> complete.contains(s) && mayHaveAll(s, block))
            && survey.namedEnd(block.id()) > 0) {
          sights.onlyAway(block, complete);
        }
      }
      after = page.getLast().id();
    }
  }

  /** Whether what a server said of a block that is open does not contradict that. */
  private boolean mayHaveAll(long server, Block block) {
    ChunkMessage.BlockState replica = replicas.of(server, block.id());
    return replica == null
        || replica.state() == Replicas.OPEN
        || (replica.state() == Replicas.SEALED
            && replica.lengthBytes() >= survey.namedEnd(block.id()));
  }

  private static void count(Block block, Map<Long, Long> leftOn) {
    block.servers().forEach(server -> leftOn.computeIfPresent(server, (s, left) -> left + 1));
  }

  /** Who has a replica open seals it, which is answered with what there is. */
  void ask(long server, List<ChunkMessage.BlockState> blocks) {
    for (int from = 0; from < blocks.size(); from += BLOCKS_PER_PAGE) {
      int to = Math.min(from + BLOCKS_PER_PAGE, blocks.size());
      servers.order(server, new ChunkOrder.SealAt(blocks.subList(from, to), log.term(), 0));
    }
  }

  private Set<Long> complete() {
    Set<Long> complete = replicas.complete();
    complete.retainAll(servers.alive());
    complete.removeAll(servers.failed());
    return complete;
  }

  /** Goes on with the blocks that want copies, as many as there are servers free to make them. */
  void step() {
    Set<Long> complete = complete();
    copying.forget(
        made -> {
          boolean there = isThere(made.server(), made.block());
          if (there) {
            settle(made);
          }
          return there;
        });
    if (!safe) {
      return;
    }
    Iterator<Long> next = wanting.iterator();
    int ordered = 0;
    for (int looks = 0;
        looks < LOOKS_PER_STEP && ordered < COPIES_PER_STEP && next.hasNext();
        looks++) {
      long id = next.next();
      Block block = survey.block(id);
      if (block == null || !isSealed(block)) {
        next.remove();
      } else if (!copying.isOf(id) && !moving.contains(id)) {
        Next done = mend(members(block, complete, null), complete);
        ordered += done == Next.ORDERED ? 1 : 0;
        if (done == Next.SETTLED) {
          next.remove();
        }
      }
    }
  }

  private boolean isThere(long server, long id) {
    Block block = survey.block(id);
    return block == null || replicas.isGood(server, block);
  }

  static boolean isSealed(Block block) {
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
    int wanted = wanted(block, survey.copies());
    boolean enough = members.good().size() >= wanted;
    if (enough && (block.servers().size() > wanted || !members.leaving().isEmpty())) {
      List<Long> after = servers.apart(members.good(), wanted);
      propose(new Upkeep.SetMembers(block.id(), block.servers(), after));
      return Next.SETTLED;
    }
    int missing = wanted - members.remaining().size();
    List<Long> spares = spares(block, complete);
    if (missing <= 0 || (spares.isEmpty() && sources(members).isEmpty())) {
      return Next.SETTLED;
    }
    if (!spares.isEmpty()) {
      List<Long> after = members.remaining();
      after.addAll(spares.subList(0, Math.min(missing, spares.size())));
      int kept = Math.min(Math.max(0, wanted - after.size()), members.leaving().size());
      after.addAll(members.leaving().subList(0, kept));
      propose(new Upkeep.SetMembers(block.id(), block.servers(), after));
      // One that lacks more than these goes on when they are counted.
      return missing > spares.size() ? Next.BUSY : Next.SETTLED;
    }
    List<Long> able = able(members, complete);
    if (able.isEmpty()) {
      return Next.SETTLED;
    }
    able.removeIf(server -> copying.isResting(server, block.id()));
    // The farthest only: what is near is no better because the others are busy.
    for (long server : servers.farthest(able, members.sources())) {
      if (copying.countTo(server) < COPIES_PER_SERVER) {
        return order(members, server, 0) ? Next.ORDERED : Next.SETTLED;
      }
    }
    return Next.BUSY;
  }

  /**
   * Servers that may make a copy, by their space: those that have nothing of the block; after them
   * members whose replica is wrong, which they replace once they know that a whole one can be read
   * elsewhere. Where there is none the latter come first: they need only what is damaged there.
   */
  private List<Long> able(Members members, Set<Long> complete) {
    Block block = members.block();
    List<Long> able = new ArrayList<>();
    List<Long> wrong = new ArrayList<>();
    for (long server : servers.withSpace()) {
      boolean here = complete.contains(server) && !replicas.isDoomed(server, block.id());
      if (here && members.bad().contains(server)) {
        wrong.add(server);
      } else if (here
          && !block.servers().contains(server)
          && replicas.of(server, block.id()) == null) {
        able.add(server);
      }
    }
    able.addAll(members.sources().isEmpty() ? 0 : able.size(), wrong);
    return able;
  }

  /**
   * Who can be read to make a copy: good ones; without any, all that have something of it, if they
   * are several. What is damaged in one may be right in another.
   */
  private List<Long> sources(Members members) {
    if (!members.sources().isEmpty()) {
      return members.sources();
    }
    List<Long> some =
        members.bad().stream()
            .filter(server -> replicas.of(server, members.block().id()) != null)
            .toList();
    return some.size() > 1 ? some : List.of();
  }

  /** Servers that are no members and have the block, whole. */
  private List<Long> spares(Block block, Set<Long> complete) {
    return complete.stream()
        .filter(server -> !block.servers().contains(server) && !draining.contains(server))
        .filter(server -> replicas.isGood(server, block))
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

  /**
   * Notes who is away, and cuts off who was so for long; whether enough have reported to decide
   * anything.
   */
  private boolean look(Set<Long> complete) {
    long now = time.monotonicNanos();
    boolean all = true;
    Set<Long> known = new HashSet<>();
    Set<Long> drainingNow = new HashSet<>();
    for (Survey.Server server : survey.servers()) {
      known.add(server.id());
      if (server.draining()) {
        drainingNow.add(server.id());
      }
    }
    draining = drainingNow;
    servers.withhold(drainingNow);
    absentSince.keySet().retainAll(known);
    for (long server : known) {
      if (complete.contains(server)) {
        absentSince.remove(server);
      } else {
        absentSince.putIfAbsent(server, now);
        all = false;
        if (isLost(server)) {
          servers.cutIfSilent(server);
        }
      }
    }
    return all || now - startedNanos > SAFE_LOSSES * lostNanos;
  }

  /** Whether a server was away for so long that its copies do not count, or is forgotten. */
  boolean isLost(long server) {
    Long since = absentSince.get(server);
    if (since == null) {
      return isForgotten(server);
    }
    return time.monotonicNanos() - since > lostNanos;
  }

  private boolean isForgotten(long server) {
    if (!forgotten.contains(server)
        && survey.servers().stream().noneMatch(known -> known.id() == server)) {
      forgotten.add(server);
    }
    return forgotten.contains(server);
  }

  /**
   * @param sights takes what is to be asked; null: nothing is, and what was not asked counts as
   *     pending
   */
  private Members members(Block block, Set<Long> complete, @Nullable Sights sights) {
    Members members = new Members(block);
    for (long server : block.servers()) {
      if (!complete.contains(server)) {
        (isLost(server) ? members.bad() : members.pending()).add(server);
        continue;
      }
      Doubt doubt = new Doubt(server, block.id());
      if (replicas.isGood(server, block)) {
        doubts.remove(doubt);
        (draining.contains(server) ? members.leaving() : members.good()).add(server);
      } else if (replicas.isWrong(server, block) || isMissing(server, block.id())) {
        members.bad().add(server);
      } else {
        members.pending().add(server);
        if (sights != null && sights.ask(server, block)) {
          doubts.putIfAbsent(doubt, time.monotonicNanos());
        }
      }
    }
    return members;
  }

  /**
   * A replica that is not known, or open, may have been made or sealed since its server reported:
   * the server is told to seal it, which it answers with what it has. Any thread.
   */
  boolean isMissing(long server, long block) {
    Long since = doubts.get(new Doubt(server, block));
    return since != null && time.monotonicNanos() - since > DOUBT_NANOS;
  }

  private boolean order(Members members, long target, long instead) {
    Block block = members.block();
    List<Long> from = new ArrayList<>(sources(members));
    from.removeIf(server -> server == target);
    ChunkOrder.Copy order =
        new ChunkOrder.Copy(
            new ChunkMessage.BlockState(
                block.id(), block.epoch(), block.lengthBytes(), Replicas.SEALED),
            block.session(),
            !block.solo(),
            servers.addresses(from),
            capabilities.toRead(block.id(), 0, Limits.BLOCK_BYTES, 0),
            log.term(),
            0);
    copying.begin(block.id(), target, instead, members.sources().isEmpty());
    if (!servers.order(target, order)) {
      copying.cancel(block.id());
      return false;
    }
    LOG.info("server {} is to copy block {} from {}", target, block.id(), from);
    return true;
  }

  private void propose(Upkeep.SetMembers order) {
    moving.add(order.block());
    log.propose(
        Proposal.upkeep(order),
        (reply, failure) -> {
          if (failure != null) {
            LOG.warn("{} did not get through", order, failure);
          } else {
            moving.remove(order.block());
            LOG.info("block {} lies on {} now: {}", order.block(), order.after(), reply);
          }
        });
  }
}

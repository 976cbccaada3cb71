package dfs.metadata.keeper;

import dfs.metadata.consensus.Proposal;
import dfs.metadata.consensus.ReplicatedLog;
import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every second for what is to be done without anybody asking: blocks of dead sessions are
 * sealed, blocks without owners die and are deleted in two phases, maps and history are trimmed.
 * Everything it does is an order in the log or to a chunk server; it keeps nothing that a restart
 * would miss. Runs on a thread of its own.
 */
public final class BlockKeeper implements AutoCloseable, ChunkServers.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(BlockKeeper.class);
  private static final long PERIOD_MILLIS = 1000;

  /** Looking for lost copies reads the records of all blocks. */
  private static final long REPAIR_NANOS = 5_000_000_000L;

  private static final long ANSWER_SECONDS = 10;
  private static final int BLOCKS_PER_ROUND = 256;
  private static final int MAPS_PER_ROUND = 64;
  private static final int STEPS_PER_ROUND = 256;

  private final ReplicatedLog log;
  private final Survey survey;
  private final ChunkServers servers;
  private final Time time;
  private final Map<Long, Set<Long>> deletedAt = new ConcurrentHashMap<>();

  /** What the members of dead sessions' blocks answered: block, server, replica. */
  private final Map<Long, Map<Long, ChunkMessage.BlockState>> sealedAt = new ConcurrentHashMap<>();

  private final Replicas replicas = new Replicas();
  private final Repair repair;
  private final Set<Long> damaged = ConcurrentHashMap.newKeySet();
  private final Thread thread = Thread.ofPlatform().daemon().name("keeper").unstarted(this::run);

  /** Used by the keeper's thread alone. */
  private long repairedNanos;

  /** Guarded by this. */
  private boolean woken;

  private volatile boolean closed;

  /**
   * @param lostNanos the copies of a server that was away so long count as lost
   */
  public BlockKeeper(
      ReplicatedLog log,
      Survey survey,
      ChunkServers servers,
      CapabilityKeys capabilities,
      Time time,
      long lostNanos) {
    this.repair = new Repair(log, survey, servers, capabilities, replicas, time, lostNanos);
    this.log = log;
    this.survey = survey;
    this.servers = servers;
    this.time = time;
    this.repairedNanos = time.monotonicNanos() - REPAIR_NANOS;
    servers.listen(this);
  }

  public void start() {
    thread.start();
  }

  /** Replicas that chunk servers reported as damaged. */
  public Set<Long> damaged() {
    return Set.copyOf(damaged);
  }

  /** Sealed blocks by how many good copies they have. */
  public Health health() {
    return repair.health();
  }

  private void run() {
    while (!closed) {
      try {
        round();
      } catch (RuntimeException e) {
        LOG.error("a round of upkeep failed", e);
      }
      pause();
    }
  }

  private synchronized void pause() {
    try {
      if (!closed && !woken) {
        TimeUnit.MILLISECONDS.timedWait(this, PERIOD_MILLIS);
      }
      woken = false;
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  private void round() {
    endSessions();
    condemn();
    delete();
    long now = time.monotonicNanos();
    if (now - repairedNanos >= REPAIR_NANOS) {
      repairedNanos = now;
      repair.survey();
    }
    repair.step();
    for (long map : survey.mapsToReap(MAPS_PER_ROUND)) {
      repeat(new Upkeep.ReapMap(map));
    }
    if (survey.historyDue(time.wallNanos())) {
      repeat(new Upkeep.AdvanceHistory());
    }
  }

  /** Orders a step until there is nothing more to do. */
  private void repeat(Upkeep step) {
    for (int i = 0; i < STEPS_PER_ROUND && !closed; i++) {
      if (!(propose(step) instanceof Reply.Progress progress) || !progress.more()) {
        return;
      }
    }
  }

  private @Nullable Reply propose(Upkeep order) {
    try {
      return log.propose(Proposal.upkeep(order)).get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed = true;
      return null;
    } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
      LOG.warn("{} did not get through: {}", order, e.toString());
      return null;
    }
  }

  /** A fenced session ends when its blocks are closed: at the length that its servers can prove. */
  private void endSessions() {
    for (Survey.Session session : survey.sessions()) {
      if (!session.fenced()) {
        continue;
      }
      List<BlockEnd> ends = new ArrayList<>();
      boolean all = true;
      for (Block block : survey.blocksOfSession(session.id())) {
        BlockEnd end = endOf(block);
        all &= end != null;
        if (end != null) {
          ends.add(end);
        }
      }
      if (!ends.isEmpty()) {
        propose(new Upkeep.SealDead(ends));
      }
      if (all) {
        propose(new Upkeep.EndSession(session.id()));
      }
    }
  }

  private @Nullable BlockEnd endOf(Block block) {
    if (block.state() == BlockState.SEALED) {
      return new BlockEnd(block.id(), block.epoch(), block.lengthBytes(), true);
    }
    Map<Long, ChunkMessage.BlockState> answers = sealedAt.getOrDefault(block.id(), Map.of());
    Set<Long> asked = new HashSet<>(block.servers());
    asked.retainAll(servers.alive());
    asked.removeAll(answers.keySet());
    if (asked.isEmpty() && !answers.isEmpty()) {
      // Who is away has no acknowledged byte that the others lack. The longest counts: others get
      // what they lack as copies. A server that has nothing was asked before the writer came.
      sealedAt.remove(block.id());
      long length =
          answers.values().stream().mapToLong(ChunkMessage.BlockState::lengthBytes).max().orElse(0);
      return new BlockEnd(block.id(), block.epoch(), Math.max(0, length), true);
    }
    for (long server : asked) {
      servers.order(
          server,
          new ChunkOrder.SealLongest(
              List.of(new ChunkMessage.BlockState(block.id(), block.epoch(), 0, 0)),
              log.term(),
              0));
    }
    return null;
  }

  private void condemn() {
    List<Long> ownerless = survey.ownerless(0, BLOCKS_PER_ROUND);
    if (!ownerless.isEmpty()) {
      propose(new Upkeep.CondemnBlocks(ownerless));
    }
  }

  /** Dead blocks: their servers are told to delete them; once all have, they are gone. */
  private void delete() {
    List<Long> gone = new ArrayList<>();
    long mark = survey.allocationMark();
    for (Block block : survey.blocks(BlockState.DEAD, 0, BLOCKS_PER_ROUND)) {
      Set<Long> left = new HashSet<>(block.servers());
      left.removeAll(deletedAt.getOrDefault(block.id(), Set.of()));
      if (left.isEmpty()) {
        gone.add(block.id());
      }
      for (long server : left) {
        servers.order(server, new ChunkOrder.Delete(List.of(block.id()), mark, log.term(), 0));
      }
    }
    if (!gone.isEmpty() && propose(new Upkeep.BlocksGone(gone)) instanceof Reply.Done) {
      gone.forEach(deletedAt::remove);
      damaged.removeAll(gone);
    }
  }

  @Override
  public void connected(long server) {
    replicas.connected(server);
  }

  @Override
  public void gone(long server) {
    replicas.gone(server);
    repair.gone(server);
  }

  @Override
  public void report(long server, List<ChunkMessage.BlockState> blocks, boolean last) {
    replicas.report(server, blocks, last);
    for (ChunkMessage.BlockState replica : blocks) {
      if (replica.state() == Replicas.DAMAGED) {
        damaged.add(replica.block());
      }
    }
    if (blocks.stream().anyMatch(replica -> repair.isCopying(replica.block()))) {
      wake();
    }
  }

  @Override
  public void copyFailed(long server, long block, String reason) {
    LOG.warn("chunk server {} cannot copy block {}: {}", server, block, reason);
    repair.copyFailed(server, block);
  }

  @Override
  public void deleted(long server, List<Long> blocks) {
    replicas.deleted(server, blocks);
    for (long block : blocks) {
      if (survey.block(block) == null) {
        continue;
      }
      deletedAt.computeIfAbsent(block, b -> ConcurrentHashMap.newKeySet()).add(server);
    }
    wake();
  }

  @Override
  public void sealed(long server, List<ChunkMessage.BlockState> blocks) {
    for (ChunkMessage.BlockState block : blocks) {
      if (block.state() == Replicas.SEALED || block.lengthBytes() < 0) {
        sealedAt.computeIfAbsent(block.block(), b -> new ConcurrentHashMap<>()).put(server, block);
      }
      if (block.state() == Replicas.SEALED) {
        replicas.report(server, List.of(block), false);
      }
    }
    wake();
  }

  /** Something happened that a round may go on with. */
  private synchronized void wake() {
    woken = true;
    notifyAll();
  }

  @Override
  public void close() {
    closed = true;
    wake();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package dfs.metadata.keeper;

import dfs.metadata.consensus.Proposal;
import dfs.metadata.consensus.ReplicatedLog;
import dfs.metadata.namespace.Survey;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkMessage;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every second for what is to be done without anybody asking: blocks of dead sessions are
 * sealed, blocks without owners die and are deleted in two phases, maps and history are trimmed,
 * before space runs out history is given up, and copies go from full servers to empty ones.
 * Everything it does is an order in the log or to a chunk server; it keeps nothing that a restart
 * would miss. Runs on a thread of its own.
 */
public final class BlockKeeper implements AutoCloseable, ChunkServers.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(BlockKeeper.class);
  private static final long PERIOD_NANOS = 1_000_000_000L;

  /** Looking for lost copies reads the records of all blocks. */
  private static final long REPAIR_NANOS = 5_000_000_000L;

  private static final long ANSWER_NANOS = 10_000_000_000L;
  private static final int MAPS_PER_ROUND = 64;
  private static final int STEPS_PER_ROUND = 256;

  private final ReplicatedLog log;
  private final Survey survey;
  private final ChunkServers servers;
  private final Time time;
  private final Replicas replicas = new Replicas();
  private final Repair repair;
  private final DeadWriters deadWriters;
  private final Deletions deletions;
  private final Thread thread;
  private final ScarceSpace scarceSpace;
  private final Compaction compaction;
  private final Balance balance;

  /** Used by the keeper's thread alone. */
  private long repairedNanos;

  /**
   * A server went, or has named all it has: the next round looks what that means for the blocks.
   */
  private volatile boolean lookAtOnce;

  /** Completed when something happened that a round may go on with. */
  private final AtomicReference<CompletableFuture<Void>> woken =
      new AtomicReference<>(new CompletableFuture<>());

  /** Instants of the past at which somebody looks; empty while that is not known. */
  private volatile Supplier<Optional<List<Long>>> looked = () -> Optional.of(List.of());

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
    this.deadWriters = new DeadWriters(survey, servers, log::term, this::propose, time);
    this.deletions =
        new Deletions(
            survey, servers, log::term, this::propose, repair::isLost, repair::isSafe, time);
    this.scarceSpace =
        new ScarceSpace(
            survey,
            () -> isEverybodyKnown(survey, servers) && servers.isShortOfSpace(survey.copies()),
            log::isShortOfSpace,
            this::propose,
            this::trim,
            time);
    this.compaction =
        new Compaction(
            survey, servers, capabilities, replicas, repair, log::term, this::propose, time);
    this.balance = new Balance(survey, servers, replicas, repair, time);
    this.log = log;
    this.survey = survey;
    this.servers = servers;
    this.time = time;
    this.thread = time.thread("keeper", this::run);
    this.repairedNanos = time.monotonicNanos() - REPAIR_NANOS;
    servers.listen(this);
  }

  /** Nobody who may have room is only away for a while. */
  private boolean isEverybodyKnown(Survey state, ChunkServers servers) {
    Set<Long> alive = servers.alive();
    return repair.isSafe()
        && state.servers().stream()
            .allMatch(server -> alive.contains(server.id()) || repair.isLost(server.id()));
  }

  /**
   * Who knows at which instants somebody looks; set before the start, or nobody does.
   *
   * @param instants empty while that is not known: nothing is trimmed then
   */
  public void spare(Supplier<Optional<List<Long>>> instants) {
    looked = instants;
  }

  public void start() {
    thread.start();
  }

  /** Blocks of which a server that is here has a damaged replica. */
  public Set<Long> damaged() {
    return replicas.damaged();
  }

  /** How copies are by what the servers that are here have said until now. */
  public CopyStates copies() {
    Set<Long> here = servers.alive();
    Set<Long> complete = replicas.complete();
    complete.retainAll(here);
    complete.removeAll(servers.failed());
    Set<Long> known = new HashSet<>();
    survey.servers().forEach(server -> known.add(server.id()));
    return new ReportedCopies(replicas, here, complete, known, survey.copies(), repair::isMissing);
  }

  /** The most copies that are wanted of a sealed block, as of the last look at them. */
  public int copiesMost() {
    return repair.copiesMost();
  }

  /** Sealed blocks by how many good copies they have. */
  public Health health() {
    return repair.health();
  }

  /**
   * Of how many blocks a server that is away has the only good copy; below 0 while that is not
   * known.
   */
  public long lastCopies(long server) {
    return repair.lastCopies(server);
  }

  /** Whether the chunk servers may have more room soon than they have now. */
  public boolean makesRoom() {
    wake();
    return !scarceSpace.isSpent();
  }

  private void run() {
    while (!closed) {
      round();
      pause();
    }
  }

  private void pause() {
    try {
      if (time.await(woken.get(), PERIOD_NANOS)) {
        woken.set(new CompletableFuture<>());
      }
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  /** Everything that is to be done now. What fails keeps nothing else from being done. */
  void round() {
    part("ending dead sessions", deadWriters::round);
    part("dropping trees", this::dropTrees);
    part("reaping maps", this::reapMaps);
    part("advancing history", this::advanceHistory);
    part("making room", scarceSpace::round);
    part("condemning blocks", deletions::condemn);
    part("deleting blocks", deletions::round);
    part("looking for lost copies", this::look);
    part("copying", repair::step);
    part("compacting", this::compact);
    part("balancing", balance::round);
  }

  private static void part(String what, Runnable part) {
    try {
      part.run();
    } catch (RuntimeException e) {
      LOG.error("{} failed in this round", what, e);
    }
  }

  private void look() {
    long now = time.monotonicNanos();
    if (lookAtOnce || now - repairedNanos >= REPAIR_NANOS) {
      lookAtOnce = false;
      repairedNanos = now;
      repair.survey();
    }
  }

  /** What a relocation made surplus is looked for at once. */
  private void compact() {
    if (compaction.round()) {
      lookAtOnce = true;
    }
  }

  private void dropTrees() {
    for (long tree : survey.treesToDrop(MAPS_PER_ROUND)) {
      if (!repeat(new Upkeep.DropTree(tree))) {
        return;
      }
    }
  }

  private void reapMaps() {
    for (long map : survey.mapsToReap(MAPS_PER_ROUND)) {
      if (!repeat(new Upkeep.ReapMap(map))) {
        return;
      }
    }
  }

  /** Takes away what the history has given up, and the maps that only it held. */
  private void trim() {
    advanceHistory();
    reapMaps();
  }

  private void advanceHistory() {
    boolean isDue = survey.historyDue(time.wallNanos());
    List<Long> viewed = survey.viewed();
    if (isDue || !viewed.isEmpty()) {
      Optional<List<Long>> known = looked.get();
      if (known.isPresent() && (isDue || !Set.copyOf(known.get()).containsAll(viewed))) {
        // Who begins to look meanwhile counts from the next step on.
        var _ = repeat(() -> looked.get().map(Upkeep.AdvanceHistory::new));
      }
    }
  }

  private boolean repeat(Upkeep step) {
    return repeat(() -> Optional.of(step));
  }

  /** Orders steps until there is none, or nothing more to do; whether the log takes orders. */
  private boolean repeat(Supplier<Optional<? extends Upkeep>> steps) {
    for (int i = 0; i < STEPS_PER_ROUND && !closed; i++) {
      Optional<? extends Upkeep> step = steps.get();
      if (step.isEmpty()) {
        return true;
      }
      Reply reply = propose(step.get());
      if (!(reply instanceof Reply.Progress progress) || !progress.more()) {
        return reply != null;
      }
    }
    return true;
  }

  private @Nullable Reply propose(Upkeep order) {
    CompletableFuture<Reply> reply = log.propose(Proposal.upkeep(order));
    try {
      if (time.await(reply, ANSWER_NANOS)) {
        return reply.get();
      }
      LOG.warn("{} did not get through in time", order);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed = true;
    } catch (ExecutionException e) {
      LOG.warn("{} did not get through: {}", order, e.toString());
    }
    return null;
  }

  @Override
  public void connected(long server) {
    gone(server);
    replicas.connected(server);
  }

  @Override
  public void gone(long server) {
    replicas.gone(server);
    repair.gone(server);
    compaction.gone(server);
    deadWriters.gone(server);
    deletions.gone(server);
    lookAtOnce = true;
    wake();
  }

  @Override
  public void report(long server, List<ChunkMessage.BlockState> blocks, boolean last) {
    boolean completes = replicas.report(server, blocks, last);
    if (repair.reported(server, blocks) || completes) {
      lookAtOnce = true;
      wake();
    }
    if (blocks.stream()
        .anyMatch(
            replica ->
                repair.isCopying(replica.block()) || compaction.isFilling(replica.block()))) {
      wake();
    }
  }

  @Override
  public void copyFailed(long server, long block, String reason) {
    LOG.warn("chunk server {} cannot copy block {}: {}", server, block, reason);
    repair.copyFailed(server, block);
    compaction.failed(block);
  }

  @Override
  public void deleted(long server, List<Long> blocks) {
    replicas.deleted(server, blocks);
    repair.deleted(server, blocks);
    deletions.deleted(server, blocks);
    wake();
  }

  @Override
  public void sealed(long server, List<ChunkMessage.BlockState> blocks) {
    deadWriters.sealed(server, blocks);
    for (ChunkMessage.BlockState block : blocks) {
      if (block.state() == Replicas.SEALED) {
        replicas.sealed(server, block);
      }
    }
    wake();
  }

  /** Something happened that a round may go on with. */
  private void wake() {
    woken.get().complete(null);
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

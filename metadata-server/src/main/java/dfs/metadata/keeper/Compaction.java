package dfs.metadata.keeper;

import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Empties blocks that are mostly dead, and merges many small ones: what lives in them goes to a new
 * block, which each of its servers puts together; when all have it, one command relocates, and what
 * the servers have of the old blocks is surplus. One at a time. A target that is open and not being
 * filled, after a restart or a failure, is dropped. Used by the keeper's thread, unless said
 * otherwise; needs no memory beyond a restart.
 */
final class Compaction {
  private static final Logger LOG = LoggerFactory.getLogger(Compaction.class);

  /** All closed blocks are looked at this often, when something has changed. */
  private static final long PASS_NANOS = 10_000_000_000L;

  /** After something failed nothing is tried for so long. */
  private static final long AGAIN_NANOS = 30_000_000_000L;

  /** A target that takes longer than this will not come. */
  private static final long FILLING_NANOS = 600_000_000_000L;

  private static final int BLOCKS_PER_ROUND = 256;
  private static final int RECORDS_PER_ROUND = 50_000;

  /** A block whose extents are scattered among more than this is left as it is. */
  private static final int RECORDS_PER_BLOCK = 200_000;

  private static final int TARGETS_PER_ROUND = 256;
  private static final int HINTS_MAX = 10_000;

  private final Survey survey;
  private final ChunkServers servers;
  private final CapabilityKeys capabilities;
  private final Replicas replicas;
  private final Repair repair;
  private final LongSupplier term;
  private final Function<Upkeep, @Nullable Reply> propose;
  private final Time time;

  private final CompactionPlan.Candidates candidates = new CompactionPlan.Candidates();

  /** Where in each map the extents of the last block were: those of the next are not far. */
  private final Map<Long, Long> hints = new HashMap<>();

  private volatile @Nullable Filling filling;

  /** Where the pass goes on; 0: between passes. */
  private long after;

  private boolean inPass;
  private long passNanos;
  private long passIndex = -1;
  private long restUntilNanos;

  /** The last pass left out what may be done later, although no command has come since. */
  private boolean unfinished;

  /** A target that its servers are putting together. */
  private static final class Filling {
    final long target;
    final CompactionPlan plan;
    final long sinceNanos;

    /** Set by any thread. */
    volatile boolean failed;

    Filling(long target, CompactionPlan plan, long sinceNanos) {
      this.target = target;
      this.plan = plan;
      this.sinceNanos = sinceNanos;
    }
  }

  /**
   * @param propose null when the order did not get through
   */
  Compaction(
      Survey survey,
      ChunkServers servers,
      CapabilityKeys capabilities,
      Replicas replicas,
      Repair repair,
      LongSupplier term,
      Function<Upkeep, @Nullable Reply> propose,
      Time time) {
    this.survey = survey;
    this.servers = servers;
    this.capabilities = capabilities;
    this.replicas = replicas;
    this.repair = repair;
    this.term = term;
    this.propose = propose;
    this.time = time;
    this.passNanos = time.monotonicNanos() - PASS_NANOS;
    this.restUntilNanos = time.monotonicNanos();
  }

  /** Whether this block is being filled; any thread. */
  boolean isFilling(long block) {
    Filling now = filling;
    return now != null && now.target == block;
  }

  /** One of its servers cannot make a block; any thread. */
  void failed(long block) {
    Filling now = filling;
    if (now != null && now.target == block) {
      now.failed = true;
    }
  }

  /** What a server was told it may never have heard; any thread. */
  void gone(long server) {
    Filling now = filling;
    if (now != null && now.plan.servers().contains(server)) {
      now.failed = true;
    }
  }

  /** Goes on with what there is, or looks for something; whether blocks were relocated. */
  boolean round() {
    Filling now = filling;
    if (now != null) {
      return goOn(now);
    }
    if (repair.isSafe() && time.monotonicNanos() - restUntilNanos >= 0) {
      look();
    }
    return false;
  }

  private boolean goOn(Filling now) {
    Block target = survey.block(now.target);
    if (target == null || target.state() != BlockState.OPEN) {
      filling = null;
      return true;
    }
    if (now.failed || time.monotonicNanos() - now.sinceNanos > FILLING_NANOS) {
      LOG.warn("block {} is not made: {} are left as they are", now.target, now.plan.sources());
      filling = null;
      restUntilNanos = time.monotonicNanos() + AGAIN_NANOS;
      var _ = propose.apply(new Upkeep.DropTargets(List.of(now.target)));
      return false;
    }
    if (!now.plan.servers().stream().allMatch(server -> replicas.isGood(server, target))) {
      return false;
    }
    Reply reply = propose.apply(new Upkeep.Relocate(now.target, now.plan.moves()));
    if (reply instanceof Reply.Refused refused) {
      LOG.warn("nothing goes to block {}: {}", now.target, refused.detail());
      now.failed = true;
    } else if (reply != null) {
      LOG.info("what lives of blocks {} lies in {} now", now.plan.sources(), now.target);
      filling = null;
      return true;
    }
    return false;
  }

  /** Looks at some more blocks; begins when there is something to do. */
  private void look() {
    CompactionPlan.Choice known = candidates.choose(!inPass, this::roomBytes);
    if (known != null) {
      begin(known);
      return;
    }
    long now = time.monotonicNanos();
    if (!inPass) {
      boolean changed = unfinished || survey.appliedIndex() != passIndex;
      if (now - passNanos < PASS_NANOS || !changed) {
        return;
      }
      unfinished = false;
      dropForgotten();
      passNanos = now;
      passIndex = survey.appliedIndex();
      inPass = true;
      after = 0;
      candidates.clear();
      hints.clear();
    }
    List<Block> page = survey.blocks(BlockState.CLOSED, after, BLOCKS_PER_ROUND);
    int records = 0;
    boolean more = page.size() == BLOCKS_PER_ROUND;
    for (Block block : page) {
      after = block.id();
      records += consider(block);
      if (records > RECORDS_PER_ROUND) {
        more = true;
        break;
      }
    }
    inPass = more;
    CompactionPlan.Choice choice = candidates.choose(!more, this::roomBytes);
    if (choice != null) {
      begin(choice);
    }
  }

  /** Whether it is as it was found, and can be read. */
  private boolean isMovable(long id) {
    Block block = survey.block(id);
    return block != null
        && block.state() == BlockState.CLOSED
        && !repair.settledOn(block).isEmpty();
  }

  /** Targets of before a restart, or of an order whose answer was lost: nobody fills them. */
  private void dropForgotten() {
    List<Long> forgotten =
        survey.blocksOfSession(0).stream().limit(TARGETS_PER_ROUND).map(Block::id).toList();
    if (!forgotten.isEmpty()) {
      LOG.info("blocks {} were to be put together and are not: they go", forgotten);
      var _ = propose.apply(new Upkeep.DropTargets(forgotten));
    }
  }

  /** How many records were looked at. */
  private int consider(Block block) {
    if (!CompactionPlan.mayDo(block)) {
      return 1;
    }
    if (repair.settledOn(block).isEmpty()) {
      unfinished = true;
      return 1;
    }
    if (hints.size() > HINTS_MAX) {
      hints.clear();
    }
    Survey.Live live = survey.live(block.id(), RECORDS_PER_BLOCK, hints);
    candidates.add(block, live);
    return live.records();
  }

  private CompactionRoom room(int copies) {
    return CompactionRoom.find(servers, copies == 0 ? survey.copies() : copies);
  }

  private long roomBytes(int copies) {
    return room(copies).bytes();
  }

  private void begin(CompactionPlan.Choice choice) {
    unfinished = true;
    CompactionRoom room = room(choice.copies());
    CompactionPlan plan = choice.on(room.servers());
    if (plan.lengthBytes() > room.bytes() || !plan.sources().stream().allMatch(this::isMovable)) {
      return;
    }
    Upkeep.OpenTarget order =
        new Upkeep.OpenTarget(plan.lengthBytes(), choice.copies(), plan.servers(), plan.soloOf());
    if (!(propose.apply(order) instanceof Reply.Progress made)) {
      restUntilNanos = time.monotonicNanos() + AGAIN_NANOS;
      return;
    }
    Filling next = new Filling(made.ids().getFirst(), plan, time.monotonicNanos());
    filling = next;
    if (!order(next.target, plan)) {
      next.failed = true;
    }
    LOG.info(
        "servers {} are to make block {} of what lives of {}",
        plan.servers(),
        next.target,
        plan.sources());
  }

  /** Whether all servers of the target were told. */
  private boolean order(long id, CompactionPlan plan) {
    Block target = survey.block(id);
    if (target == null) {
      return false;
    }
    List<ChunkOrder.Source> sources = new ArrayList<>();
    for (long from : plan.sources()) {
      Block source = survey.block(from);
      if (source == null) {
        return false;
      }
      sources.add(
          new ChunkOrder.Source(
              from,
              source.epoch(),
              source.lengthBytes(),
              servers.addresses(source.servers()),
              capabilities.toRead(from, 0, Limits.BLOCK_BYTES, 0)));
    }
    ChunkOrder.Compact order =
        new ChunkOrder.Compact(
            new ChunkMessage.BlockState(id, target.epoch(), plan.lengthBytes(), Replicas.SEALED),
            !target.solo(),
            sources,
            plan.moves(),
            term.getAsLong(),
            0);
    return plan.servers().stream().allMatch(server -> servers.order(server, order));
  }
}

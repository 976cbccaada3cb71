package dfs.simulation;

import com.google.protobuf.ByteString;
import dfs.metadata.consensus.Proposal;
import dfs.metadata.consensus.ReplicatedLog;
import dfs.metadata.gateway.Reports;
import dfs.metadata.gateway.SessionGateway;
import dfs.metadata.keeper.BlockKeeper;
import dfs.metadata.keeper.CapabilityKeys;
import dfs.metadata.keeper.ChunkServers;
import dfs.metadata.keeper.ClusterKey;
import dfs.metadata.namespace.Namespace;
import dfs.metadata.namespace.StoredNamespace;
import dfs.metadata.namespace.Survey;
import dfs.metadata.store.Family;
import dfs.metadata.store.Key;
import dfs.metadata.store.KeyValueStore;
import dfs.metadata.store.MemoryStore;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Order;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Transport;
import dfs.protocol.session.Protocols;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The metadata server: its real rooms over a state in memory that outlives the process, and a log
 * that takes its time and applies in order. What is in the log when the process dies is applied or
 * lost, and never answered.
 */
final class SimulatedMetadata {
  static final String ADDRESS = "tcp:metadata";
  static final ByteString KEY = ByteString.copyFromUtf8("the key of the cluster");

  /** So that leave ends, and keys are others, while blocks are written. */
  private static final long KEY_NANOS = 20 * SimulatedCluster.SECOND;

  private static final long LOST_NANOS = 10_000_000_000L;
  private static final int FILES_MAX = 1000;
  private static final long COMMIT_NANOS = 2_000_000L;

  private UnaryOperator<List<KeyValueStore.Write>> written = writes -> writes;
  private Volume volume = new Volume(new MemoryStore());
  private final SimulatedNetwork network;
  private UnaryOperator<Survey> surveyed = survey -> survey;
  private Consumer<Order> heard = order -> {};
  private long term;
  private @Nullable BlockKeeper keeper;
  private @Nullable CapabilityKeys capabilities;

  SimulatedMetadata(SimulatedNetwork network) {
    this.network = network;
  }

  /** The keeper sees the state through this, from the next start on. */
  void wrapSurvey(UnaryOperator<Survey> next) {
    surveyed = next;
  }

  /** What is written of the state is this of it. */
  void wrapWrites(UnaryOperator<List<KeyValueStore.Write>> next) {
    written = next;
  }

  /** Hears of all that is applied. */
  void onApplied(Consumer<Order> hearer) {
    heard = hearer;
  }

  /** A state that a log is applied to; there are two when a server does not know of a later one. */
  private final class Volume {
    final MemoryStore store;
    final StoredNamespace namespace;
    long index;
    long stampNanos;

    Volume(MemoryStore store) {
      this.store = store;
      this.namespace = new StoredNamespace(new Tapped(store));
    }

    Volume copy() {
      MemoryStore same = new MemoryStore();
      for (Family family : Family.values()) {
        List<KeyValueStore.Write> pairs = new ArrayList<>();
        store
            .latest()
            .scan(
                family,
                Key.EMPTY,
                null,
                (key, value) -> pairs.add(new KeyValueStore.Write(family, key, value)));
        same.write(pairs);
      }
      Volume copy = new Volume(same);
      copy.index = index;
      copy.stampNanos = stampNanos;
      return copy;
    }
  }

  /** The store, with what is written to it passed on the way. */
  private final class Tapped implements KeyValueStore {
    private final KeyValueStore store;

    Tapped(KeyValueStore store) {
      this.store = store;
    }

    @Override
    public Source latest() {
      return store.latest();
    }

    @Override
    public Snapshot snapshot() {
      return store.snapshot();
    }

    @Override
    public void write(List<Write> writes) {
      store.write(written.apply(writes));
    }

    @Override
    public void flush() {
      store.flush();
    }

    @Override
    public void compact(long roomBytes) {
      store.compact(roomBytes);
    }

    @Override
    public long sizeBytes() {
      return store.sizeBytes();
    }

    @Override
    public void close() {
      store.close();
    }
  }

  /** The log of one process. */
  private final class Log implements ReplicatedLog {
    private final SimulatedProcess process;
    private final long ownTerm = ++term;
    private final Volume own = volume;
    private long lastDueNanos;
    private long commands;

    /** Answers in the order of the log. */
    private final Queue<Runnable> applied = new ArrayDeque<>();

    private boolean telling;

    Log(SimulatedProcess process) {
      this.process = process;
    }

    @Override
    public CompletableFuture<Reply> propose(Proposal proposal) {
      CompletableFuture<Reply> reply = new CompletableFuture<>();
      long now = process.monotonicNanos();
      lastDueNanos = Math.max(lastDueNanos + 1, now + network.scheduler.around(COMMIT_NANOS));
      // On the wire: the disk of the log does not die with the process.
      network.later(lastDueNanos - now, () -> commit(proposal, reply));
      return reply;
    }

    private void commit(Proposal proposal, CompletableFuture<Reply> reply) {
      if (!process.isAlive() && network.scheduler.random.nextBoolean()) {
        return;
      }
      own.stampNanos = Math.max(own.stampNanos + 1, process.wallNanos());
      commands++;
      if (own.equals(volume)) {
        heard.accept(proposal.order());
      }
      Reply answer =
          own.namespace
              .apply(
                  ++own.index,
                  List.of(
                      new Command(
                          own.stampNanos,
                          proposal.session(),
                          proposal.slot(),
                          proposal.sequence(),
                          proposal.caller(),
                          proposal.placement(),
                          ByteString.EMPTY,
                          proposal.order())))
              .getFirst();
      applied.add(() -> reply.complete(answer));
      if (!telling) {
        telling = true;
        process.start("applied", this::tell);
      }
    }

    private void tell() {
      for (Runnable next = applied.poll(); next != null; next = applied.poll()) {
        next.run();
      }
      telling = false;
    }

    @Override
    public boolean hasAuthority() {
      return true;
    }

    @Override
    public boolean isShortOfSpace() {
      return false;
    }

    @Override
    public long term() {
      return ownTerm;
    }

    @Override
    public Map<String, String> condition() {
      return Map.of();
    }

    @Override
    public Counts counts() {
      return new Counts(commands, commands, commands);
    }

    @Override
    public void close() {}
  }

  /** Starts it in a new process; returns when it serves. */
  void start(SimulatedProcess process, int copies) {
    Log started = new Log(process);
    process.start("main", () -> open(process, started, copies));
  }

  /**
   * Starts one in a new process while another lives, from a copy of what that one has: that one
   * goes on, without anybody's leave, in an older term.
   */
  void takeOver(SimulatedProcess process, int copies) {
    volume = volume.copy();
    start(process, copies);
  }

  /** The state as the latest has it. */
  StoredNamespace namespace() {
    return volume.namespace;
  }

  private void open(SimulatedProcess process, Log started, int copies) {
    Survey survey = surveyed.apply(started.own.namespace.survey());
    if (survey.cluster() == null) {
      started
          .propose(
              Proposal.upkeep(new Upkeep.Format(ByteString.copyFromUtf8("0123456789abcdef"), 0, 0)))
          .join();
      started.propose(Proposal.upkeep(new Upkeep.Sole())).join();
      started.propose(Proposal.upkeep(new Upkeep.SetCopies(copies))).join();
    }
    ClusterKey key = new ClusterKey(KEY);
    CapabilityKeys keys = new CapabilityKeys(key, process, KEY_NANOS);
    capabilities = keys;
    ChunkServers servers = new ChunkServers(key, started, survey, keys, process, process.random());
    BlockKeeper kept = new BlockKeeper(started, survey, servers, keys, process, LOST_NANOS);
    keeper = kept;
    Reports reports =
        new Reports() {
          @Override
          public Reply report(Caller caller, Query.GetReport query) {
            return Reply.refused(Errno.EINVAL, "there are no reports here");
          }

          @Override
          public long lastCopies(long server) {
            return kept.lastCopies(server);
          }

          @Override
          public boolean makesRoom() {
            return kept.makesRoom();
          }
        };
    Namespace seen = started.own.namespace;
    SessionGateway gateway =
        new SessionGateway(seen, started, servers, keys, key, reports, process, process.random());
    try {
      network
          .transport(process)
          .listen(
              ADDRESS,
              List.of(
                  new Transport.Service<>(Protocols.SESSION, gateway),
                  new Transport.Service<>(Protocols.CONTROL, servers)));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    kept.spare(gateway::looked);
    kept.start();
  }

  /** Blocks that files name now. */
  Set<Long> blocksNamed() {
    Set<Long> named = new TreeSet<>();
    Query list = new Query.ListDirectory(Attributes.ROOT_INO, 0, 0, FILES_MAX, true);
    Reply.Listing listing = (Reply.Listing) namespace().query(Caller.ROOT, list, 0);
    for (Reply.Dentry entry : listing.entries()) {
      Query map = new Query.ReadMap(entry.ino(), 0, Limits.FILE_SIZE_BYTES);
      Reply.MapPage page = (Reply.MapPage) namespace().query(Caller.ROOT, map, 0);
      page.extents().forEach(extent -> named.add(extent.block()));
    }
    return named;
  }

  /** Of the process that was started last. */
  long term() {
    return term;
  }

  /** The keeper of the process that runs. */
  @Nullable BlockKeeper keeper() {
    return keeper;
  }

  /** To read any block. */
  @Nullable CapabilityKeys capabilities() {
    return capabilities;
  }
}

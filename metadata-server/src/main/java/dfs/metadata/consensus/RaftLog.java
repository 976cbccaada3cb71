package dfs.metadata.consensus;

import com.alipay.sofa.jraft.option.RaftOptions;
import com.alipay.sofa.jraft.storage.LogStorage;
import com.alipay.sofa.jraft.storage.impl.RocksDBLogStorage;
import com.google.protobuf.ByteString;
import dfs.metadata.namespace.StateMachine;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Order;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Disk;
import dfs.protocol.seam.RealDisk;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A log of one voter on the Raft library. A lone proposal costs one flush of the log's store and
 * four changes of thread, all of the library; waiting proposals share them. Opened by the server's
 * main; calls the {@link StateMachine}.
 */
public final class RaftLog implements ReplicatedLog, Applier.Listener {
  private static final long START_SECONDS_MAX = 60;
  private static final long CLOSE_SECONDS_MAX = 10;

  private final LogLimits limits;
  private final StateMachine machine;
  private final Time time;
  private final LogDirectory directory;
  private final Failure failure;
  private final GuardedLogStorage storage;
  private final HighWaterMark mark;
  private final SpaceAlarm alarm;
  private final Applier applier;
  private final RaftNode node;
  private final Proposals proposals;
  private final LogKeeper keeper;
  private final CompletableFuture<Long> led = new CompletableFuture<>();
  private volatile long ledTerm;
  private final AtomicBoolean closing = new AtomicBoolean();
  private volatile boolean closed;

  /**
   * Where the log is and how much it may take.
   *
   * @param directory of the log alone; made if there is none
   */
  public record Config(Path directory, LogLimits limits) {
    public Config {
      directory = directory.toAbsolutePath().normalize();
    }
  }

  /** The log's disk and store, where tests put theirs. */
  record Seams(Disk disk, UnaryOperator<LogStorage> storage) {
    static Seams real(Path directory) {
      return new Seams(new RealDisk(directory), UnaryOperator.identity());
    }
  }

  /**
   * Opens the log of a directory, makes it if the directory is empty, applies what the machine
   * lacks, and leads. Returns when proposals are taken.
   *
   * @throws DamagedLogException if something is missing that was durable once
   * @throws IOException if another process has the log, or the disk errs
   */
  public static RaftLog open(
      Config config, StateMachine machine, Time time, RandomGenerator random, FatalListener fatal)
      throws IOException {
    return open(config, machine, time, random, fatal, Seams.real(config.directory()));
  }

  static RaftLog open(
      Config config,
      StateMachine machine,
      Time time,
      RandomGenerator random,
      FatalListener fatal,
      Seams seams)
      throws IOException {
    LogDirectory directory = LogDirectory.open(config.directory(), seams.disk(), random);
    try {
      RaftLog log =
          new RaftLog(config.limits(), machine, time, random, directory, fatal, seams.storage());
      log.start();
      return log;
    } catch (IOException | RuntimeException | Error e) {
      directory.close();
      throw e;
    }
  }

  private RaftLog(
      LogLimits limits,
      StateMachine machine,
      Time time,
      RandomGenerator random,
      LogDirectory directory,
      FatalListener fatal,
      UnaryOperator<LogStorage> wrapper)
      throws IOException {
    this.limits = limits;
    this.machine = machine;
    this.time = time;
    this.directory = directory;
    failure = new Failure(fatal);
    boolean fresh = directory.fresh();
    if (fresh && machine.appliedIndex() > 0) {
      throw new DamagedLogException(
          "the directory of the log is empty, but the state holds the effects of entry "
              + machine.appliedIndex()
              + "; "
              + LogDirectory.REMEDY);
    }
    Disk disk = directory.disk();
    VoteFile votes = fresh ? VoteFile.create(disk, failure) : VoteFile.open(disk, failure);
    mark = fresh ? HighWaterMark.create(disk) : HighWaterMark.open(disk);
    alarm = new SpaceAlarm(disk, limits);
    applier = new Applier(machine, directory, failure, this);
    Path store = directory.root().resolve(LogDirectory.LOG);
    storage =
        new GuardedLogStorage(
            () -> wrapper.apply(new RocksDBLogStorage(store.toString(), storeOptions())),
            store,
            new GuardedLogStorage.Floor(fresh, mark.newest(), machine.appliedIndex()));
    node = new RaftNode(directory, storage, applier, votes);
    proposals = new Proposals(limits.queuedProposals(), node::submit, time, random);
    keeper =
        new LogKeeper(
            new LogKeeper.Parts(storage, mark, alarm, applier, directory, failure, node),
            time,
            limits);
    failure.first(this::onFailure);
  }

  private static RaftOptions storeOptions() {
    RaftOptions options = new RaftOptions();
    options.setSync(true);
    options.setOpenStatistics(false);
    return options;
  }

  private void start() throws IOException {
    try {
      // Gives the ballast up on a full disk: also starting writes.
      alarm.look(0);
      node.start();
    } catch (IOException | RuntimeException | Error e) {
      mark.close();
      throw e;
    }
    boolean started = false;
    try {
      awaitLead();
      if (directory.fresh()) {
        mark.advance(storage.durable());
        directory.keep();
      }
      proposals.open(machine.lastStampNanos());
      keeper.start();
      started = true;
      failure.arm();
    } finally {
      if (!started) {
        closed = true;
        node.stop();
        mark.close();
      }
    }
  }

  private void awaitLead() throws IOException {
    String late = "the log does not lead after " + START_SECONDS_MAX + " s";
    Time.Timer limit =
        time.after(
            START_SECONDS_MAX,
            TimeUnit.SECONDS,
            () -> led.completeExceptionally(new LogUnavailableException(late)));
    try {
      led.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw e;
    } finally {
      limit.cancel();
    }
  }

  private void onFailure() {
    LogUnavailableException cause =
        new LogUnavailableException("the log failed: " + failure.reason());
    led.completeExceptionally(cause);
    proposals.abandon(cause);
  }

  /** Random identity of the volume that this log is of, made with the log. */
  public ByteString cluster() {
    return directory.identity().cluster();
  }

  @Override
  public CompletableFuture<Reply> propose(Proposal proposal) {
    boolean grows = grows(proposal.order());
    if (grows && !alarm.raised() && alarm.mayBeDue(storage.appendedBytes())) {
      keeper.nudge();
      return noSpace();
    }
    if (alarm.raised() && (alarm.isFull() || grows)) {
      return noSpace();
    }
    return proposals.propose(proposal);
  }

  private CompletableFuture<Reply> noSpace() {
    return CompletableFuture.completedFuture(
        Reply.refused(
            Errno.ENOSPC, "the disk of the metadata has " + alarm.freeBytes() + " bytes left"));
  }

  /**
   * Whether an order leaves more in the store than there was. What deletes must go on, or a full
   * disk would stay full; it needs room in the log, which is kept for it.
   */
  private static boolean grows(Order order) {
    return switch (order) {
      case Change.CreateFile o -> true;
      case Change.MakeDirectory o -> true;
      case Change.MakeNode o -> true;
      case Change.MakeSymlink o -> true;
      case Change.Link o -> true;
      case Change.Rename o -> true;
      case Change.SetXattr o -> true;
      case Change.AllocateBlock o -> true;
      case Change.Commit o -> true;
      case Change.Touch o -> true;
      case Change.CopyPast o -> true;
      case Change.CopyExtents o -> true;
      case Change.PutBack o -> true;
      case Change.Restore o -> true;
      case Change.CreateSnapshot o -> true;
      case Change.RemoveSnapshot o -> false;
      case Change.DropCopy o -> false;
      case Change.Unlink o -> false;
      case Change.RemoveDirectory o -> false;
      case Change.SetAttributes o -> false;
      case Change.RemoveXattr o -> false;
      case Change.SealBlocks o -> false;
      case Change.DrainServer o -> false;
      case Change.SetReplication o -> false;
      case Change.ForgetServer o -> false;
      case Upkeep o -> false;
    };
  }

  @Override
  public boolean hasAuthority() {
    return ledTerm > 0 && !failure.happened() && !closed;
  }

  @Override
  public long term() {
    return Math.max(ledTerm, storage.durable().term());
  }

  @Override
  public boolean isShortOfSpace() {
    return alarm.isNear();
  }

  @Override
  public Map<String, String> condition() {
    Map<String, String> condition = new LinkedHashMap<>();
    @Nullable String reason = failure.reason();
    condition.put("log", reason == null ? (hasAuthority() ? "leads" : "does not lead") : reason);
    condition.put("term", Long.toString(term()));
    condition.put("last index", Long.toString(storage.durable().index()));
    condition.put("first index", Long.toString(storage.first()));
    condition.put("applied index", Long.toString(applier.applied()));
    condition.put("flushed index", Long.toString(machine.flushedIndex()));
    condition.put("snapshot index", Long.toString(applier.snapshotIndex()));
    condition.put("log bytes", logBytes());
    condition.put(
        "space",
        alarm.raised()
            ? "ALARM: "
                + alarm.freeBytes()
                + " bytes free, changes are refused below "
                + limits.freeBytesMin()
            : alarm.freeBytes() + " bytes free");
    condition.put("recovery", storage.note().isEmpty() ? "clean" : "WARNING: " + storage.note());
    return condition;
  }

  private String logBytes() {
    try {
      return Long.toString(directory.logBytes());
    } catch (IOException e) {
      return "unknown: " + e.getMessage();
    }
  }

  @Override
  public Counts counts() {
    return new Counts(applier.commands(), applier.entries(), storage.flushes());
  }

  @Override
  public void close() {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    closed = true;
    proposals.close(new LogUnavailableException("the log is closed"));
    awaitAnswers();
    try (directory) {
      try {
        keeper.close();
      } finally {
        node.stop();
      }
      if (!failure.happened()) {
        applier.flush();
      }
    } catch (IOException e) {
      failure.fail("the log cannot be closed", e);
    }
    proposals.abandon(new LogUnavailableException("the log was closed"));
  }

  /** Lets entries that are under way come to their end, unless the disk hangs. */
  private void awaitAnswers() {
    CompletableFuture<Void> over = new CompletableFuture<>();
    Time.Timer limit = time.after(CLOSE_SECONDS_MAX, TimeUnit.SECONDS, () -> over.complete(null));
    CompletableFuture.anyOf(over, proposals.answered()).join();
    limit.cancel();
  }

  @Override
  public void leads(long term) {
    ledTerm = term;
    led.complete(term);
  }

  @Override
  public void leadsNoMore() {
    ledTerm = 0;
  }

  @Override
  public void applied(long unflushedCommands, long unflushedBytes) {
    if (unflushedCommands >= limits.flushCommands() || unflushedBytes >= limits.flushLogBytes()) {
      keeper.nudge();
    }
  }
}

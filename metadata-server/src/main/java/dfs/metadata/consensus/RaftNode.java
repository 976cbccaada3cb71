package dfs.metadata.consensus;

import com.alipay.sofa.jraft.Node;
import com.alipay.sofa.jraft.NodeManager;
import com.alipay.sofa.jraft.RaftServiceFactory;
import com.alipay.sofa.jraft.conf.Configuration;
import com.alipay.sofa.jraft.core.DefaultJRaftServiceFactory;
import com.alipay.sofa.jraft.core.State;
import com.alipay.sofa.jraft.entity.PeerId;
import com.alipay.sofa.jraft.entity.Task;
import com.alipay.sofa.jraft.option.NodeOptions;
import com.alipay.sofa.jraft.option.RaftOptions;
import com.alipay.sofa.jraft.storage.LogStorage;
import com.alipay.sofa.jraft.storage.RaftMetaStorage;
import com.alipay.sofa.jraft.storage.SnapshotStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The library's node of a group of one, with our settings. Its address is a name that nobody
 * resolves: there is no transport (see {@link LoneRpcFactory}).
 */
final class RaftNode {
  static final int ELECTION_TIMEOUT_MILLIS = 1000;
  private static final int BODY_BYTES_MAX = 4 << 20;
  private static final long LOGS_IN_MEMORY_BYTES_MAX = 256L << 20;
  private static final int QUEUED_EVENTS_MAX = 65_536;

  /** One thread: a group of one schedules next to nothing. */
  private static final int TIMER_THREADS = 1;

  private final LogDirectory directory;
  private final GuardedLogStorage storage;
  private final Applier applier;
  private final VoteFile votes;
  private final PeerId self;
  private final Node node;
  private final AtomicBoolean snapshotting = new AtomicBoolean();
  private volatile long snapshotAtBytes;

  RaftNode(LogDirectory directory, GuardedLogStorage storage, Applier applier, VoteFile votes) {
    this.directory = directory;
    this.storage = storage;
    this.applier = applier;
    this.votes = votes;
    HexFormat hex = HexFormat.of();
    self = new PeerId("dfs-" + hex.formatHex(directory.identity().node().toByteArray()), 1);
    node =
        RaftServiceFactory.createRaftNode(
            "dfs-" + hex.formatHex(directory.identity().cluster().toByteArray()), self);
  }

  /** Opens the log and starts an election; the outcome is told to the {@link Applier}. */
  void start() throws IOException {
    NodeManager.getInstance().addAddress(self.getEndpoint());
    if (!node.init(options())) {
      throw refused();
    }
    assertSettings();
    // What is left of earlier runs counts: they may have ended before they took a snapshot.
    snapshotAtBytes = -directory.logBytes();
  }

  /** Takes down what there is of a node that does not start; why it does not. */
  private IOException refused() {
    IOException refusal = storage.refusal();
    if (refusal != null) {
      // The library cannot stop a node without a log; its threads, all daemons, wait for the end.
      abandon();
      return refusal;
    }
    refusal = applier.refusal();
    long first = storage.getFirstLogIndex();
    if (refusal == null && first > 1 && applier.snapshotIndex() == 0) {
      refusal =
          new DamagedLogException(
              "the log begins with entry "
                  + first
                  + ", but the snapshot that stands for what was before is missing or damaged; "
                  + LogDirectory.REMEDY);
    }
    stop();
    return refusal == null ? new IOException("the Raft node does not start") : refusal;
  }

  private NodeOptions options() {
    NodeOptions options = new NodeOptions();
    options.setInitialConf(new Configuration(List.of(self)));
    options.setFsm(applier);
    options.setLogUri(directory.root().resolve(LogDirectory.LOG).toString());
    options.setRaftMetaUri(directory.root().toString());
    options.setSnapshotUri(
        directory.root().toAbsolutePath().resolve(LogDirectory.SNAPSHOT).toString());
    options.setServiceFactory(new Parts());
    options.setElectionTimeoutMs(ELECTION_TIMEOUT_MILLIS);
    options.setDisableCli(true);
    // Only when we ask: the library goes by time and count.
    options.setSnapshotIntervalSecs(0);
    options.setTimerPoolSize(TIMER_THREADS);
    RaftOptions raft = options.getRaftOptions();
    raft.setSync(true);
    raft.setSyncMeta(true);
    raft.setEnableLogEntryChecksum(true);
    raft.setApplyBatch(Proposals.COMMANDS_PER_ENTRY_MAX);
    raft.setDisruptorBufferSize(QUEUED_EVENTS_MAX);
    raft.setMaxBodySize(BODY_BYTES_MAX);
    raft.setMaxAppendBufferSize(BODY_BYTES_MAX);
    raft.setReplicatorPipeline(true);
    raft.setMaxLogsInMemoryBytes(LOGS_IN_MEMORY_BYTES_MAX);
    raft.setOpenStatistics(false);
    return options;
  }

  /** The library's parts, with the guarded ones in place of its own. */
  private final class Parts extends DefaultJRaftServiceFactory {
    @Override
    public LogStorage createLogStorage(String uri, RaftOptions options) {
      return storage;
    }

    @Override
    public RaftMetaStorage createRaftMetaStorage(String uri, RaftOptions options) {
      return votes;
    }

    @Override
    public SnapshotStorage createSnapshotStorage(NodeOptions options) {
      return new FlushedSnapshotStorage(
          options.getSnapshotUri(), options.getRaftOptions(), applier, storage, self);
    }
  }

  /** The node runs with what durability rests on. */
  private void assertSettings() {
    RaftOptions raft = node.getOptions().getRaftOptions();
    if (!raft.isSync()
        || !raft.isSyncMeta()
        || !raft.isEnableLogEntryChecksum()
        || node.getOptions().getSnapshotIntervalSecs() != 0
        || !(node.getOptions().getServiceFactory() instanceof Parts)) {
      throw new AssertionError("the Raft node runs with other settings: " + node.getOptions());
    }
  }

  void submit(ByteBuffer data, EntryInFlight entry) {
    Task task = new Task(data, entry);
    try {
      node.apply(task);
    } catch (IllegalStateException e) {
      entry.fail(new LogUnavailableException("the log is closed", e));
      entry.release();
    }
  }

  boolean healthy() {
    return state().compareTo(State.STATE_ERROR) < 0;
  }

  State state() {
    return node.getNodeState();
  }

  long logBytesSinceSnapshot() {
    return storage.appendedBytes() - snapshotAtBytes;
  }

  /**
   * Takes a snapshot, which is small, and has the log before it deleted. The state must have been
   * flushed just before. Returns at once; does nothing while one is being taken.
   */
  void snapshot() {
    if (!snapshotting.compareAndSet(false, true)) {
      return;
    }
    long bytes = storage.appendedBytes();
    node.snapshot(
        status -> {
          if (!status.isOk()) {
            snapshotting.set(false);
            return;
          }
          snapshotAtBytes = bytes;
          // The library keeps the log back to the snapshot before; the second call lets go of it.
          node.snapshot(again -> snapshotting.set(false));
        });
  }

  /** Stops the node and waits until its threads are done and its store is closed. */
  void stop() {
    node.shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        node.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    abandon();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void abandon() {
    storage.shutdown();
    NodeManager.getInstance().removeAddress(self.getEndpoint());
  }
}

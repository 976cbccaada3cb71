package dfs.metadata.consensus;

import static java.util.Objects.requireNonNull;

import com.alipay.sofa.jraft.option.LogStorageOptions;
import com.alipay.sofa.jraft.storage.LogStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.rocksdb.WALRecoveryMode;

/**
 * The library's log storage between two guards: opened strictly, and judged against what is known
 * to have been durable before the node may vote; and what it makes durable is counted. Written by
 * the library's disk thread, read by anybody.
 */
final class GuardedLogStorage implements LogStorage {
  private final Supplier<LogStorage> storages;
  private final Path store;
  private final Floor floor;
  private final LongAdder flushes = new LongAdder();
  private final AtomicLong appendedBytes = new AtomicLong();
  private volatile HighWaterMark.Mark durable = new HighWaterMark.Mark(0, 0);
  private volatile @Nullable LogStorage open;
  private volatile @Nullable DamagedLogException refusal;
  private volatile String note = "";

  /**
   * What the log must reach.
   *
   * @param fresh there is no log yet
   * @param mark an entry that was durable
   * @param applied index of an entry whose effects are in the state
   */
  record Floor(boolean fresh, HighWaterMark.Mark mark, long applied) {}

  GuardedLogStorage(Supplier<LogStorage> storages, Path store, Floor floor) {
    this.storages = storages;
    this.store = store;
    this.floor = floor;
  }

  @Override
  public boolean init(LogStorageOptions options) {
    try {
      @Nullable LogStorage opened = open(options, WALRecoveryMode.AbsoluteConsistency);
      if (opened == null) {
        opened = open(options, WALRecoveryMode.TolerateCorruptedTailRecords);
        note = "the log's last write was torn and dropped";
      }
      if (opened == null) {
        throw new DamagedLogException(
            "the log cannot be opened: "
                + LogStoreOptions.complaint(store)
                + "; "
                + LogDirectory.REMEDY);
      }
      open = opened;
      judge(opened);
    } catch (DamagedLogException e) {
      refusal = e;
      return false;
    } catch (IOException e) {
      refusal = new DamagedLogException("the log cannot be read back: " + e.getMessage(), e);
      return false;
    }
    return true;
  }

  private @Nullable LogStorage open(LogStorageOptions options, WALRecoveryMode mode)
      throws IOException {
    LogStorage candidate = storages.get();
    Path folder = requireNonNull(store.toAbsolutePath().getParent());
    long diskBytes = Files.getFileStore(folder).getTotalSpace();
    if (!LogStoreOptions.opening(mode, diskBytes, () -> candidate.init(options))) {
      return null;
    }
    LogStoreOptions.assertInForce(store, mode);
    return candidate;
  }

  @SuppressWarnings("deprecation") // the library's getTerm is what a term costs least by
  private void judge(LogStorage log) throws DamagedLogException {
    // A log that was purged to its end has no entry left, only where the next one goes.
    long last = Math.max(log.getLastLogIndex(), log.getFirstLogIndex() - 1);
    if (floor.fresh()) {
      return;
    }
    HighWaterMark.Mark mark = floor.mark();
    if (last < mark.index()) {
      throw new DamagedLogException(
          "the log ends at entry "
              + last
              + ", but the high-water mark says that entry "
              + mark.index()
              + " was durable; "
              + LogDirectory.REMEDY);
    }
    if (last < floor.applied()) {
      throw new DamagedLogException(
          "the log ends at entry "
              + last
              + ", but the state holds the effects of entry "
              + floor.applied()
              + "; "
              + LogDirectory.REMEDY);
    }
    long term = log.getTerm(mark.index());
    if (term != 0 && term != mark.term()) {
      throw new DamagedLogException(
          "entry "
              + mark.index()
              + " of the log is of term "
              + term
              + ", but the high-water mark says term "
              + mark.term()
              + "; "
              + LogDirectory.REMEDY);
    }
    durable = new HighWaterMark.Mark(last, Math.max(mark.term(), log.getTerm(last)));
  }

  /** Why the log was refused; null if it was not. */
  @Nullable DamagedLogException refusal() {
    return refusal;
  }

  /** What happened when the log was opened; empty: nothing. */
  String note() {
    return note;
  }

  /** The last entry known to be durable. */
  HighWaterMark.Mark durable() {
    return durable;
  }

  /** The first entry that is still in the log; 0 if it is not open. */
  long first() {
    LogStorage opened = open;
    return opened == null ? 0 : opened.getFirstLogIndex();
  }

  long flushes() {
    return flushes.sum();
  }

  /** Bytes of data appended since the start. */
  long appendedBytes() {
    return appendedBytes.get();
  }

  @Override
  public boolean appendEntry(com.alipay.sofa.jraft.entity.LogEntry entry) {
    return appendEntries(List.of(entry)) == 1;
  }

  @Override
  public int appendEntries(List<com.alipay.sofa.jraft.entity.LogEntry> entries) {
    int appended = storage().appendEntries(entries);
    flushes.increment();
    if (appended == entries.size() && appended > 0) {
      long bytes = 0;
      for (com.alipay.sofa.jraft.entity.LogEntry entry : entries) {
        bytes += entry.getData() == null ? 0 : entry.getData().remaining();
      }
      appendedBytes.addAndGet(bytes);
      var last = entries.getLast().getId();
      durable = new HighWaterMark.Mark(last.getIndex(), last.getTerm());
    }
    return appended;
  }

  private LogStorage storage() {
    LogStorage opened = open;
    if (opened == null) {
      throw new AssertionError("the log's storage is not open");
    }
    return opened;
  }

  @Override
  public void shutdown() {
    LogStorage opened = open;
    open = null;
    if (opened != null) {
      opened.shutdown();
    }
  }

  @Override
  public long getFirstLogIndex() {
    return storage().getFirstLogIndex();
  }

  @Override
  public long getLastLogIndex() {
    return storage().getLastLogIndex();
  }

  @Override
  public com.alipay.sofa.jraft.entity.LogEntry getEntry(long index) {
    return storage().getEntry(index);
  }

  @Override
  @Deprecated
  public long getTerm(long index) {
    return storage().getTerm(index);
  }

  @Override
  public boolean truncatePrefix(long firstIndexKept) {
    return storage().truncatePrefix(firstIndexKept);
  }

  @Override
  public boolean truncateSuffix(long lastIndexKept) {
    return storage().truncateSuffix(lastIndexKept);
  }

  @Override
  public boolean reset(long nextLogIndex) {
    return storage().reset(nextLogIndex);
  }
}

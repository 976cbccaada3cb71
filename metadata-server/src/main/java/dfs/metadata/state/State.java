package dfs.metadata.state;

import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Keys;
import dfs.metadata.records.NumberRecord;
import dfs.metadata.store.Family;
import dfs.metadata.store.Key;
import dfs.metadata.store.KeyValueStore;
import dfs.metadata.store.KeyValueStore.Snapshot;
import dfs.metadata.store.Room;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.StampedLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The whole state. One thread makes transactions and commits them, one at a time; readers run
 * beside it and see the state after some batch, never between two.
 */
public final class State implements AutoCloseable {
  /** Applied index, in the batch that it describes. */
  public static final String APPLIED = "applied";

  public static final String LAST_STAMP = "stamp";

  /** Prefix of the names of pinned instants among the settings. */
  public static final String PIN_PREFIX = "pin/";

  /** Prefix of the names of instants at which somebody looks among the settings. */
  static final String VIEW_PREFIX = "view/";

  /**
   * Before these no full second, and no full minute, can be read any more. The minutes' floor is
   * never above the seconds'.
   */
  public static final String SECONDS_FLOOR = "history.seconds-floor";

  public static final String MINUTES_FLOOR = "history.minutes-floor";

  /** The history has no images in buckets before these. */
  public static final String FIRST_HOUR = "history.first-hour";

  public static final String FIRST_DAY = "history.first-day";

  private static final int OPTIMISTIC_READS = 3;

  private final KeyValueStore store;
  private final Latest latest;
  private final Instants instants;
  private final StampedLock publishing = new StampedLock();
  private final AtomicLong blockChanges = new AtomicLong();
  private volatile long flushedIndex;
  private volatile long appliedIndex;
  private volatile long lastStampNanos;

  public State(KeyValueStore store) {
    this.store = store;
    this.latest = new Latest(store);
    this.instants = new Instants(times(PIN_PREFIX), times(VIEW_PREFIX));
    this.appliedIndex = latest.number(APPLIED);
    this.flushedIndex = appliedIndex;
    this.lastStampNanos = latest.number(LAST_STAMP);
  }

  private List<Long> times(String names) {
    List<Long> times = new ArrayList<>();
    Key prefix = Keys.meta(names);
    latest.scan(
        Table.SETTINGS,
        prefix,
        prefix.afterPrefix(),
        (key, stored) -> times.add(pinOf(stored.value())));
    return times;
  }

  /** Instants that are kept because somebody looks at them. */
  public List<Long> viewed() {
    return instants.viewed();
  }

  /** The time in the record of a pin. */
  public static long pinOf(BytesRecord pin) {
    return ByteBuffer.wrap(pin.bytes().toByteArray()).getLong();
  }

  /** How many batches since the start have changed blocks, their owners or chunk servers. */
  public long blockChanges() {
    return blockChanges.get();
  }

  public long appliedIndex() {
    return appliedIndex;
  }

  public long flushedIndex() {
    return flushedIndex;
  }

  public long lastStampNanos() {
    return lastStampNanos;
  }

  /** A transaction over the present state; by the applying thread only. */
  public Transaction begin() {
    return new Transaction(latest, instants, lastStampNanos);
  }

  /** Makes a batch part of the state. */
  public void commit(Transaction transaction, long lastIndex) {
    long stamp = transaction.stampNanos();
    transaction.setNumber(APPLIED, lastIndex);
    transaction.setNumber(LAST_STAMP, stamp);
    for (long second : transaction.seconds()) {
      transaction.put(Table.INSTANTS, Key.of(second), new NumberRecord(lastIndex));
    }
    List<KeyValueStore.Write> writes = transaction.writes();
    // Who reads does not wait for room.
    Room.await(() -> publish(transaction, writes, lastIndex, stamp));
  }

  private void publish(
      Transaction transaction, List<KeyValueStore.Write> writes, long lastIndex, long stamp) {
    long lock = publishing.writeLock();
    try {
      store.write(writes);
      transaction.publish(latest);
      if (transaction.touches(Table.BLOCKS, Table.OWNERS, Table.SERVERS)) {
        blockChanges.incrementAndGet();
      }
      appliedIndex = lastIndex;
      lastStampNanos = stamp;
    } finally {
      publishing.unlockWrite(lock);
    }
  }

  /** Evaluates a read of the present; it may run more than once, until no batch came between. */
  public <R extends @Nullable Object> R read(Function<NamespaceReader, R> reading) {
    for (int i = 0; i < OPTIMISTIC_READS; i++) {
      long stamp = publishing.tryOptimisticRead();
      if (stamp != 0) {
        R result = reading.apply(latest);
        if (publishing.validate(stamp)) {
          return result;
        }
      }
    }
    long lock = publishing.readLock();
    try {
      return reading.apply(latest);
    } finally {
      publishing.unlockRead(lock);
    }
  }

  /** Evaluates a long read of the present on a snapshot, in the way of nobody. */
  public <R extends @Nullable Object> R readSnapshot(Function<NamespaceReader, R> reading) {
    try (Snapshot snapshot = store.snapshot()) {
      return reading.apply(new SnapshotReader(snapshot));
    }
  }

  /** The oldest instant that can be read; 0: only the present. */
  public long oldestInstant(NamespaceReader reader) {
    return instants.oldest(reader, reader.number(LAST_STAMP));
  }

  /** Which instant is the oldest that can be read, for people. */
  public String oldestText() {
    long oldest = read(this::oldestInstant);
    return oldest == 0
        ? "only the present is kept"
        : "the oldest is of "
            + Instant.ofEpochSecond(oldest / Instants.SECOND, oldest % Instants.SECOND);
  }

  /** The kept instant at or before a time; 0 if none is left. */
  public long instantAt(long asOfNanos) {
    try (Snapshot snapshot = store.snapshot()) {
      return instants.kept(new SnapshotReader(snapshot), asOfNanos);
    }
  }

  /**
   * Evaluates a read of the state as of a kept instant; null if it is not kept. Whether it is, is
   * asked of the same snapshot that is read.
   */
  public <R> @Nullable R readAsOf(long asOfNanos, Function<NamespaceReader, R> reading) {
    try (Snapshot snapshot = store.snapshot()) {
      SnapshotReader present = new SnapshotReader(snapshot);
      long instant = instants.kept(present, asOfNanos);
      return instant != asOfNanos
          ? null
          : reading.apply(AsOf.of(present, instant, present.number(LAST_STAMP)));
    }
  }

  /** Evaluates a read of what is kept of records, present and past, on a snapshot. */
  public <R> R readVersions(Function<Versions, R> reading) {
    try (Snapshot snapshot = store.snapshot()) {
      return reading.apply(new Versions(new SnapshotReader(snapshot), instants));
    }
  }

  /** Makes the state durable up to the applied index. */
  public void flush() {
    long applied = appliedIndex;
    store.flush();
    flushedIndex = Math.max(flushedIndex, applied);
  }

  /** Gives the space of what was deleted back; see {@link KeyValueStore#compact}. */
  public void compact(long roomBytes) {
    store.compact(roomBytes);
  }

  /** Bytes of the store on disk, about. */
  public long sizeBytes() {
    return store.sizeBytes();
  }

  /** All keys and values of a family, for comparing states. */
  public void scanRaw(Family family, KeyValueStore.Visitor visitor) {
    store.latest().scan(family, Key.EMPTY, null, visitor);
  }

  @Override
  public void close() {
    store.close();
  }
}

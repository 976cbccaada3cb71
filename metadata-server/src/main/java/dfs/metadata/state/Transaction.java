package dfs.metadata.state;

import dfs.metadata.records.ExtentRecord;
import dfs.metadata.records.Keys;
import dfs.metadata.records.MapRecord;
import dfs.metadata.records.NumberRecord;
import dfs.metadata.store.Family;
import dfs.metadata.store.Key;
import dfs.metadata.store.KeyValueStore.Write;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a batch of commands changes, over the state before it. Here, and only here, before-images
 * are written and owners counted. A command that is refused half-way is undone. Used by the
 * applying thread alone.
 */
public final class Transaction implements NamespaceReader {
  private final NamespaceReader before;
  private final Instants instants;
  private final List<Long> seconds = new ArrayList<>();

  /** In the order of their first change, so that equal batches write equal bytes. */
  private final Map<Table<?>, TreeMap<Key, Cell<?>>> tables = new LinkedHashMap<>();

  private final ArrayDeque<Runnable> undo = new ArrayDeque<>();
  private long stampNanos;

  /** A changed record; null: deleted. */
  private record Cell<T>(@Nullable Stored<T> stored) {}

  Transaction(NamespaceReader before, Instants instants, long lastStampNanos) {
    this.before = before;
    this.instants = instants;
    this.stampNanos = lastStampNanos;
  }

  /**
   * A command begins; what it writes bears its stamp. Stamps must grow: one that does not is taken
   * as the next nanosecond, on every replica, because a log that nobody can apply is worse.
   */
  public void begin(long commandStampNanos) {
    long second = Math.floorDiv(stampNanos, Instants.SECOND);
    stampNanos = Math.max(commandStampNanos, stampNanos + 1);
    if (seconds.isEmpty() || second != Math.floorDiv(stampNanos, Instants.SECOND)) {
      seconds.add(Math.floorDiv(stampNanos, Instants.SECOND));
    }
    undo.clear();
  }

  /** The seconds that the batch's commands lie in. */
  List<Long> seconds() {
    return seconds;
  }

  /** The command is refused: the batch is as it was before {@link #begin}. */
  public void rollBack() {
    while (!undo.isEmpty()) {
      undo.pop().run();
    }
  }

  public long stampNanos() {
    return stampNanos;
  }

  public Instants instants() {
    return instants;
  }

  /** The state as of a kept instant before this command; null if it is not kept. */
  public @Nullable NamespaceReader asOf(long instantNanos) {
    return instantNanos > 0
            && instantNanos < stampNanos
            && instants.kept(this, instantNanos) == instantNanos
        ? AsOf.of(this, instantNanos, stampNanos)
        : null;
  }

  @Override
  public <T> @Nullable Stored<T> get(Table<T> table, Key key) {
    Cell<T> cell = cell(table, key);
    return cell == null ? before.get(table, key) : cell.stored();
  }

  @SuppressWarnings("unchecked")
  private <T> @Nullable Cell<T> cell(Table<T> table, Key key) {
    TreeMap<Key, Cell<?>> cells = tables.get(table);
    return cells == null ? null : (@Nullable Cell<T>) cells.get(key);
  }

  @Override
  public <T> void scan(Table<T> table, Key from, @Nullable Key to, Visitor<T> visitor) {
    TreeMap<Key, Cell<?>> cells = tables.get(table);
    if (cells == null) {
      before.scan(table, from, to, visitor);
      return;
    }
    TreeMap<Key, Cell<?>> changed =
        new TreeMap<>(to == null ? cells.tailMap(from) : cells.subMap(from, to));
    boolean[] wants = {true};
    before.scan(
        table,
        from,
        to,
        (key, stored) -> {
          wants[0] = visitUpTo(changed, key, visitor);
          Cell<?> cell = changed.remove(key);
          if (wants[0]) {
            wants[0] = visit(key, cell == null ? stored : TransactionCells.stored(cell), visitor);
          }
          return wants[0];
        });
    if (wants[0]) {
      visitUpTo(changed, null, visitor);
    }
  }

  @Override
  public <T> @Nullable Row<T> floor(Table<T> table, Key lowest, Key at) {
    TreeMap<Key, Cell<?>> cells = tables.get(table);
    Row<T> unchanged = before.floor(table, lowest, at);
    if (cells == null) {
      return unchanged;
    }
    Key limit = at;
    while (true) {
      Map.Entry<Key, Cell<?>> changed = cells.floorEntry(limit);
      if (changed == null
          || (unchanged != null && unchanged.key().compareTo(changed.getKey()) > 0)) {
        return unchanged;
      }
      if (changed.getKey().compareTo(lowest) < 0) {
        return unchanged;
      }
      Stored<T> stored = TransactionCells.stored(changed.getValue());
      if (stored != null) {
        return new Row<>(changed.getKey(), stored);
      }
      Map.Entry<Key, Cell<?>> lower = cells.lowerEntry(changed.getKey());
      if (unchanged != null && unchanged.key().equals(changed.getKey())) {
        unchanged = before.floor(table, lowest, below(changed.getKey()));
      }
      if (lower == null) {
        return unchanged;
      }
      limit = lower.getKey();
    }
  }

  /** The greatest key of the same length below this one, which is not zero. */
  private static Key below(Key key) {
    byte[] bytes = new byte[key.size()];
    key.buffer().get(bytes);
    int last = bytes.length - 1;
    while (last >= 0 && bytes[last]-- == 0) {
      last--;
    }
    return Key.of(bytes);
  }

  private <T> boolean visitUpTo(
      NavigableMap<Key, Cell<?>> changed, @Nullable Key limit, Visitor<T> visitor) {
    while (!changed.isEmpty() && (limit == null || changed.firstKey().compareTo(limit) < 0)) {
      Map.Entry<Key, Cell<?>> first = changed.pollFirstEntry();
      if (!visit(first.getKey(), TransactionCells.stored(first.getValue()), visitor)) {
        return false;
      }
    }
    return true;
  }

  private static <T> boolean visit(Key key, @Nullable Stored<T> stored, Visitor<T> visitor) {
    return stored == null || visitor.visit(key, stored);
  }

  /** Cells forget their record's type; the table they lie in is the proof of it. */
  private static final class TransactionCells {
    @SuppressWarnings("unchecked")
    static <T> @Nullable Stored<T> stored(Cell<?> cell) {
      return (@Nullable Stored<T>) cell.stored();
    }
  }

  /** Writes a record; what was there becomes history if an instant that can be read saw it. */
  public <T> void put(Table<T> table, Key key, T value) {
    supersede(table, key);
    set(table, key, new Stored<>(table.hasHistory() ? stampNanos : 0, value));
    if (value instanceof ExtentRecord extent) {
      countOwner(extent, key.longAt(0), 1);
    }
  }

  /** Deletes a record if it is there. */
  public <T> void delete(Table<T> table, Key key) {
    if (get(table, key) != null) {
      supersede(table, key);
      set(table, key, null);
    }
  }

  /**
   * Deletes a record that the present stopped seeing at an earlier stamp: history ends there, or
   * now if the history of that time is gone.
   */
  public <T> void deleteAsOf(Table<T> table, Key key, long supersededNanos) {
    Stored<T> old = get(table, key);
    if (old != null && old.writtenNanos() >= supersededNanos) {
      drop(table, key);
      return;
    }
    long now = stampNanos;
    stampNanos = endOfView(supersededNanos);
    delete(table, key);
    stampNanos = now;
  }

  /** Never in a bucket that is being trimmed, where a cursor may have passed already. */
  private long endOfView(long supersededNanos) {
    return supersededNanos < number(State.SECONDS_FLOOR) ? stampNanos : supersededNanos;
  }

  /** Deletes a record that no version needs. */
  public <T> void drop(Table<T> table, Key key) {
    Stored<T> old = get(table, key);
    if (old != null) {
      set(table, key, null);
      if (old.value() instanceof ExtentRecord extent) {
        countOwner(extent, key.longAt(0), -1);
      }
    }
  }

  /** Writes a record in place of the present one as if it had been so: no image, the old stamp. */
  public <T> void amend(Table<T> table, Key key, T value) {
    Stored<T> old = get(table, key);
    set(table, key, new Stored<>(old == null ? 0 : old.writtenNanos(), value));
  }

  private <T> void supersede(Table<T> table, Key key) {
    if (!table.hasHistory()) {
      return;
    }
    Stored<T> old = get(table, key);
    if (old == null) {
      return;
    }
    if (History.isReadable(this, old.writtenNanos(), stampNanos)) {
      addImage(table.family(), key, table.encode(old));
    } else if (old.value() instanceof ExtentRecord extent) {
      countOwner(extent, key.longAt(0), -1);
    }
  }

  /** A map that the present let go of stays readable as long as this image does. */
  public boolean keepMap(long map, long bornNanos, long supersededNanos) {
    if (bornNanos >= supersededNanos) {
      return false;
    }
    long now = stampNanos;
    stampNanos = endOfView(supersededNanos);
    boolean kept = History.isReadable(this, bornNanos, stampNanos);
    if (kept) {
      addImage(
          Family.MAPS, Key.of(map), ByteBuffer.allocate(Long.BYTES).putLong(bornNanos).array());
    }
    stampNanos = now;
    return kept;
  }

  private void addImage(Family family, Key key, byte[] record) {
    set(
        Table.IMAGES,
        Keys.history(Buckets.hour(stampNanos), family, key, stampNanos),
        new Stored<>(0, Image.ofRecord(record)));
  }

  /** Moves an image to another bucket of the history. */
  void moveImage(Key from, Key to, Image image) {
    set(Table.IMAGES, from, null);
    set(Table.IMAGES, to, new Stored<>(0, image));
  }

  /** Takes an image out of the history, and with it what only it needed. */
  void releaseImage(Key key, Image image) {
    set(Table.IMAGES, key, null);
    Key record = Keys.imageOf(key);
    int family = Keys.familyOf(key);
    if (family == Family.EXTENTS.number()) {
      countOwner(image.restore(Table.EXTENTS).value(), record.longAt(0), -1);
    } else if (family == Family.MAPS.number()) {
      put(Table.MAPS, record, new MapRecord(0));
    }
  }

  private <T> void set(Table<T> table, Key key, @Nullable Stored<T> stored) {
    TreeMap<Key, Cell<?>> cells = tables.computeIfAbsent(table, t -> new TreeMap<>());
    Cell<?> known = cells.put(key, new Cell<>(stored));
    undo.push(
        () -> {
          if (known == null) {
            cells.remove(key);
          } else {
            cells.put(key, known);
          }
        });
  }

  /** An extent record that names a block, present or past, came or went. */
  void countOwner(ExtentRecord extent, long map, int delta) {
    if (extent.block() != 0) {
      countOwner(extent.block(), map, delta);
    }
  }

  /**
   * So many records more, or fewer, name a block.
   *
   * @param owner the map that they are extents of, or {@link Keys#ownerOf} a relocated block
   */
  public void countOwner(long block, long owner, int delta) {
    Key key = Key.of(block, owner);
    NumberRecord known = value(Table.OWNERS, key);
    long count = (known == null ? 0 : known.value()) + delta;
    if (count < 0) {
      throw new IllegalStateException("block " + block + " has " + count + " owners");
    }
    set(Table.OWNERS, key, count == 0 ? null : new Stored<>(0, new NumberRecord(count)));
  }

  /** Sets a counter or setting. */
  public void setNumber(String name, long value) {
    put(Table.NUMBERS, Keys.meta(name), new NumberRecord(value));
  }

  /** The next number of a counter that starts at {@code first}. */
  public long next(String counter, long first) {
    long value = Math.max(first, number(counter));
    setNumber(counter, value + 1);
    return value;
  }

  /** Whether the batch changes any of these tables. */
  boolean touches(Table<?>... any) {
    return Arrays.stream(any).anyMatch(tables::containsKey);
  }

  /** Everything that the batch changes. */
  List<Write> writes() {
    List<Write> writes = new ArrayList<>();
    tables.forEach((table, cells) -> addWrites(table, cells, writes));
    return writes;
  }

  private static <T> void addWrites(Table<T> table, Map<Key, Cell<?>> cells, List<Write> writes) {
    cells.forEach(
        (key, cell) -> {
          Stored<T> stored = TransactionCells.stored(cell);
          writes.add(new Write(table.family(), key, stored == null ? null : table.encode(stored)));
        });
  }

  /** Tells the records in memory what the batch changed, after it was written. */
  void publish(Latest latest) {
    tables.forEach((table, cells) -> publish(latest, table, cells));
  }

  private static <T> void publish(Latest latest, Table<T> table, Map<Key, Cell<?>> cells) {
    cells.forEach((key, cell) -> latest.learn(table, key, TransactionCells.<T>stored(cell)));
  }
}

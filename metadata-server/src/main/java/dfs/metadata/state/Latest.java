package dfs.metadata.state;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dfs.metadata.records.ExtentRecord;
import dfs.metadata.store.Key;
import dfs.metadata.store.KeyValueStore;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The state after the last applied batch, decoded records in front of the store. A load and the
 * publication of a batch never overlap for one key: the cache computes under its own lock, and a
 * batch is written to the store before the cache learns of it.
 */
final class Latest implements NamespaceReader {
  private static final int CACHED_RECORDS_MAX = 200_000;

  private final KeyValueStore store;
  private final Cache<CacheKey, Stored<?>> cache =
      Caffeine.newBuilder().maximumSize(CACHED_RECORDS_MAX).executor(Runnable::run).build();

  private final LastExtents lastExtents;

  private record CacheKey(Table<?> table, Key key) {}

  Latest(KeyValueStore store) {
    this.store = store;
    this.lastExtents = new LastExtents(store);
  }

  @Override
  @SuppressWarnings({"unchecked", "NullAway"}) // a loader may find nothing
  public <T> @Nullable Stored<T> get(Table<T> table, Key key) {
    if (!table.isCached()) {
      return load(table, key);
    }
    return (@Nullable Stored<T>) cache.get(new CacheKey(table, key), k -> load(table, key));
  }

  private <T> @Nullable Stored<T> load(Table<T> table, Key key) {
    byte[] bytes = store.latest().get(table.family(), key);
    return bytes == null ? null : table.decode(bytes);
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T> List<@Nullable Stored<T>> get(Table<T> table, List<Key> keys) {
    List<@Nullable Stored<T>> found = new ArrayList<>(keys.size());
    List<Key> missing = new ArrayList<>();
    for (Key key : keys) {
      Stored<T> known =
          table.isCached()
              ? (@Nullable Stored<T>) cache.getIfPresent(new CacheKey(table, key))
              : null;
      found.add(known);
      if (known == null) {
        missing.add(key);
      }
    }
    if (missing.isEmpty()) {
      return found;
    }
    List<byte @Nullable []> loaded = store.latest().get(table.family(), missing);
    int next = 0;
    for (int i = 0; i < found.size(); i++) {
      if (found.get(i) == null) {
        byte[] bytes = loaded.get(next++);
        found.set(i, bytes == null ? null : table.decode(bytes));
      }
    }
    return found;
  }

  @Override
  public <T> void scan(Table<T> table, Key from, @Nullable Key to, Visitor<T> visitor) {
    if (table.equals(Table.EXTENTS) && to != null && isBehindLast(from, to)) {
      return;
    }
    store
        .latest()
        .scan(table.family(), from, to, (key, value) -> visitor.visit(key, table.decode(value)));
  }

  /** Whether the range lies within one map, behind its last extent. */
  private boolean isBehindLast(Key from, Key to) {
    boolean whole = from.size() >= 2 * Long.BYTES && to.size() >= Long.BYTES;
    if (!whole || from.longAt(0) != to.longAt(0)) {
      return false;
    }
    Row<ExtentRecord> last = lastExtents.of(from);
    return last == null || last.key().compareTo(from) < 0;
  }

  /** A batch that lies in the store changed this record. */
  @SuppressWarnings("unchecked") // the table is that of the records
  <T> void learn(Table<T> table, Key key, @Nullable Stored<T> stored) {
    if (table.equals(Table.EXTENTS)) {
      lastExtents.learn(key, (@Nullable Stored<ExtentRecord>) stored);
    }
    if (table.isCached()) {
      CacheKey cacheKey = new CacheKey(table, key);
      if (stored == null) {
        cache.invalidate(cacheKey);
      } else {
        cache.put(cacheKey, stored);
      }
    }
  }

  @Override
  @SuppressWarnings("unchecked") // the table is that of the records
  public <T> @Nullable Row<T> floor(Table<T> table, Key lowest, Key at) {
    if (table.equals(Table.EXTENTS)) {
      Row<ExtentRecord> last = lastExtents.of(at);
      if (last == null || last.key().compareTo(at) <= 0) {
        return last == null || last.key().compareTo(lowest) < 0 ? null : (Row<T>) last;
      }
    }
    KeyValueStore.Pair pair = store.latest().floor(table.family(), lowest, at);
    return pair == null ? null : new Row<>(pair.key(), table.decode(pair.value()));
  }
}

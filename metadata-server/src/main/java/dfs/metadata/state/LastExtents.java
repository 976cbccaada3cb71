package dfs.metadata.state;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dfs.metadata.records.ExtentRecord;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.store.Key;
import dfs.metadata.store.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * The last extent of each map in use. An append finds here what it continues; in the store it would
 * have to step over all versions of that extent that earlier appends left.
 */
final class LastExtents {
  private static final int MAPS_MAX = 10_000;

  private final KeyValueStore store;
  private final Cache<Key, Row<ExtentRecord>> rows =
      Caffeine.newBuilder().maximumSize(MAPS_MAX).executor(Runnable::run).build();

  LastExtents(KeyValueStore store) {
    this.store = store;
  }

  private static Key mapOf(Key extent) {
    return Key.of(extent.longAt(0));
  }

  /** The last extent of the map that this key is of; null if it has none. */
  @SuppressWarnings("NullAway") // a loader may find nothing
  @Nullable Row<ExtentRecord> of(Key extent) {
    return rows.get(mapOf(extent), this::load);
  }

  private @Nullable Row<ExtentRecord> load(Key map) {
    Key end = Key.of(map.longAt(0), Long.MAX_VALUE);
    KeyValueStore.Pair pair = store.latest().floor(Table.EXTENTS.family(), map, end);
    return pair == null ? null : new Row<>(pair.key(), Table.EXTENTS.decode(pair.value()));
  }

  /** A batch that lies in the store changed this extent. */
  void learn(Key key, @Nullable Stored<ExtentRecord> stored) {
    rows.asMap()
        .computeIfPresent(
            mapOf(key),
            (map, last) -> {
              int order = key.compareTo(last.key());
              if (stored == null) {
                return order == 0 ? null : last;
              }
              return order < 0 ? last : new Row<>(key, stored);
            });
  }
}

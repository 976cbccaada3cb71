package dfs.metadata.state;

import dfs.metadata.records.Keys;
import dfs.metadata.store.Family;
import dfs.metadata.store.Key;
import dfs.metadata.store.KeyValueStore.Source;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The state as of a kept instant: of each record the first image that was superseded after it, if
 * that image was written by then; without an image the present record, if it is not newer.
 */
final class AsOf implements NamespaceReader {
  private final Source source;
  private final long instantNanos;
  private final List<Integer> buckets;

  /**
   * @param firstHour with {@code firstDay}: buckets before these are empty
   */
  AsOf(Source source, long instantNanos, long lastStampNanos, int firstHour, int firstDay) {
    this.source = source;
    this.instantNanos = instantNanos;
    this.buckets = new ArrayList<>();
    int lastHour = Buckets.hour(lastStampNanos);
    for (int hour = Math.max(Buckets.hour(instantNanos), firstHour); hour <= lastHour; hour++) {
      buckets.add(hour);
    }
    int lastDay = Buckets.ofDay(lastStampNanos);
    int day = Math.max(Buckets.ofDay(instantNanos), Buckets.DAY_TIER | firstDay);
    for (; day <= lastDay; day++) {
      buckets.add(day);
    }
    buckets.add(Buckets.PINNED);
  }

  /** The image that may count, and when it was superseded. */
  private record Superseded(long nanos, Image image) {
    static Superseded of(Key key, byte[] bytes) {
      return new Superseded(Keys.supersededNanos(key), Image.of(ByteBuffer.wrap(bytes)));
    }
  }

  @Override
  public <T> @Nullable Stored<T> get(Table<T> table, Key key) {
    Superseded[] first = {null};
    if (table.hasHistory()) {
      for (int bucket : buckets) {
        source.scan(
            Family.HISTORY,
            Keys.history(bucket, table.family(), key, instantNanos + 1),
            Keys.history(bucket, table.family(), key, -1),
            (found, bytes) -> {
              first[0] = earlier(first[0], Superseded.of(found, bytes));
              return false;
            });
      }
    }
    byte[] present = first[0] == null ? source.get(table.family(), key) : null;
    return choose(table, first[0], present == null ? null : table.decode(present));
  }

  private static Superseded earlier(@Nullable Superseded known, Superseded found) {
    return known == null || found.nanos() < known.nanos() ? found : known;
  }

  private <T> @Nullable Stored<T> choose(
      Table<T> table, @Nullable Superseded image, @Nullable Stored<T> present) {
    if (image != null) {
      return image.image().writtenNanos() <= instantNanos ? image.image().restore(table) : null;
    }
    return present != null && present.writtenNanos() <= instantNanos ? present : null;
  }

  @Override
  public <T> void scan(Table<T> table, Key from, @Nullable Key to, Visitor<T> visitor) {
    TreeMap<Key, Superseded> images = new TreeMap<>();
    if (table.hasHistory()) {
      for (int bucket : buckets) {
        collect(table, bucket, from, to, images);
      }
    }
    boolean[] wants = {true};
    source.scan(
        table.family(),
        from,
        to,
        (key, bytes) -> {
          wants[0] = visitUpTo(table, images, key, visitor);
          Superseded image = images.remove(key);
          if (wants[0]) {
            wants[0] = visit(key, choose(table, image, table.decode(bytes)), visitor);
          }
          return wants[0];
        });
    if (wants[0]) {
      visitUpTo(table, images, null, visitor);
    }
  }

  private void collect(
      Table<?> table, int bucket, Key from, @Nullable Key to, Map<Key, Superseded> images) {
    // A bound may be longer than the keys (the next after one): it is compared with the record's
    // key alone, without the time that follows it in the history.
    source.scan(
        Family.HISTORY,
        Keys.historyPrefix(bucket, table.family(), from),
        Keys.historyPrefix(bucket, table.family(), Key.EMPTY).afterPrefix(),
        (found, bytes) -> {
          Key key = Keys.imageOf(found);
          if (to != null && key.compareTo(to) >= 0) {
            return false;
          }
          if (key.compareTo(from) >= 0 && Keys.supersededNanos(found) > instantNanos) {
            images.merge(key, Superseded.of(found, bytes), AsOf::earlier);
          }
          return true;
        });
  }

  private <T> boolean visitUpTo(
      Table<T> table,
      NavigableMap<Key, Superseded> images,
      @Nullable Key limit,
      Visitor<T> visitor) {
    while (!images.isEmpty() && (limit == null || images.firstKey().compareTo(limit) < 0)) {
      Map.Entry<Key, Superseded> first = images.pollFirstEntry();
      if (!visit(first.getKey(), choose(table, first.getValue(), null), visitor)) {
        return false;
      }
    }
    return true;
  }

  private static <T> boolean visit(Key key, @Nullable Stored<T> stored, Visitor<T> visitor) {
    return stored == null || visitor.visit(key, stored);
  }
}

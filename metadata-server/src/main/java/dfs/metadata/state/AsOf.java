package dfs.metadata.state;

import dfs.metadata.records.Keys;
import dfs.metadata.store.Key;
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
  private static final int KEYS_PER_PIECE = 1000;

  private final NamespaceReader present;
  private final long instantNanos;
  private final List<Integer> buckets;

  /**
   * @param present what is read now, and the images of what was before
   * @param firstHour with {@code firstDay}: buckets before these are empty
   */
  AsOf(
      NamespaceReader present,
      long instantNanos,
      long lastStampNanos,
      int firstHour,
      int firstDay) {
    this.present = present;
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

  /** The state as of a kept instant, told by what is read at present. */
  static AsOf of(NamespaceReader present, long instantNanos, long lastStampNanos) {
    return new AsOf(
        present,
        instantNanos,
        lastStampNanos,
        (int) present.number(State.FIRST_HOUR),
        (int) present.number(State.FIRST_DAY));
  }

  /** The image that may count, and when it was superseded. */
  private record Superseded(long nanos, Image image) {}

  @Override
  public <T> @Nullable Stored<T> get(Table<T> table, Key key) {
    Superseded[] first = {null};
    if (table.hasHistory()) {
      for (int bucket : buckets) {
        present.scan(
            Table.IMAGES,
            Keys.history(bucket, table.family(), key, instantNanos + 1),
            Keys.history(bucket, table.family(), key, -1),
            (found, image) -> {
              first[0] =
                  earlier(first[0], new Superseded(Keys.supersededNanos(found), image.value()));
              return false;
            });
      }
    }
    return choose(table, first[0], first[0] == null ? present.get(table, key) : null);
  }

  private static Superseded earlier(@Nullable Superseded known, Superseded found) {
    return known == null || found.nanos() < known.nanos() ? found : known;
  }

  private <T> @Nullable Stored<T> choose(
      Table<T> table, @Nullable Superseded image, @Nullable Stored<T> now) {
    if (image != null) {
      return image.image().writtenNanos() <= instantNanos ? image.image().restore(table) : null;
    }
    return now != null && now.writtenNanos() <= instantNanos ? now : null;
  }

  /** In pieces of so many images of each bucket: who wants little causes little work. */
  @Override
  public <T> void scan(Table<T> table, Key from, @Nullable Key to, Visitor<T> visitor) {
    Key at = from;
    while (at != null) {
      TreeMap<Key, Superseded> images = new TreeMap<>();
      Key end = null;
      if (table.hasHistory()) {
        for (int bucket : buckets) {
          Key left = collect(table, bucket, at, to, images);
          end = end == null || (left != null && left.compareTo(end) < 0) ? left : end;
        }
      }
      if (end != null) {
        images.tailMap(end, true).clear();
      }
      if (!merge(table, at, end == null ? to : end, images, visitor)) {
        return;
      }
      at = end;
    }
  }

  private <T> boolean merge(
      Table<T> table,
      Key from,
      @Nullable Key to,
      NavigableMap<Key, Superseded> images,
      Visitor<T> visitor) {
    boolean[] wants = {true};
    present.scan(
        table,
        from,
        to,
        (key, stored) -> {
          wants[0] = visitUpTo(table, images, key, visitor);
          Superseded image = images.remove(key);
          if (wants[0]) {
            wants[0] = visit(key, choose(table, image, stored), visitor);
          }
          return wants[0];
        });
    return wants[0] && visitUpTo(table, images, null, visitor);
  }

  /** Where it stopped, having enough; null at the end of the range. */
  private @Nullable Key collect(
      Table<?> table, int bucket, Key from, @Nullable Key to, Map<Key, Superseded> images) {
    Key[] last = {null};
    Key[] stopped = {null};
    int[] keys = {0};
    // A bound may be longer than the keys (the next after one): it is compared with the record's
    // key alone, without the time that follows it in the history.
    present.scan(
        Table.IMAGES,
        Keys.historyPrefix(bucket, table.family(), from),
        Keys.historyPrefix(bucket, table.family(), Key.EMPTY).afterPrefix(),
        (found, stored) -> {
          Key key = Keys.imageOf(found);
          if (to != null && key.compareTo(to) >= 0) {
            return false;
          }
          if (key.compareTo(from) < 0) {
            return true;
          }
          if (!key.equals(last[0])) {
            if (keys[0]++ == KEYS_PER_PIECE) {
              stopped[0] = key;
              return false;
            }
            last[0] = key;
          }
          if (Keys.supersededNanos(found) > instantNanos) {
            images.merge(
                key, new Superseded(Keys.supersededNanos(found), stored.value()), AsOf::earlier);
          }
          return true;
        });
    return stopped[0];
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

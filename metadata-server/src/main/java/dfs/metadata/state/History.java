package dfs.metadata.state;

import com.google.protobuf.ByteString;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Keys;
import dfs.metadata.records.NumberRecord;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.store.Family;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Trims the history in small steps: of an hour that is over long enough the images that a full
 * minute or a pin saw move on, the others go; of a day's quarter those that a pin saw. What a step
 * has done is in the state, so that the next one, and every replica, goes on from there. When space
 * is short history goes before its time ({@link #release}), the pinned apart.
 */
public final class History {
  /** How long full seconds and full minutes can be read, in nanoseconds. */
  public static final String SECONDS_KEPT = "history.seconds-kept";

  public static final String MINUTES_KEPT = "history.minutes-kept";

  public static final long SECONDS_KEPT_DEFAULT = Buckets.HOUR;
  public static final long MINUTES_KEPT_DEFAULT = 24 * Buckets.HOUR;

  private static final String SWEEP_PINNED = "history.sweep-pinned";

  /** Of {@link #SWEEP_PINNED}: a pin went while a sweep was under way. */
  private static final long ONCE_MORE = 2;

  private static final String CURSOR = "history.cursor";
  private static final String RELEASING = "history.releasing";

  /** Of {@link #RELEASING}: also what was kept for who looks at an instant. */
  private static final long WITH_VIEWS = 2;

  private static final String RELEASE_CURSOR = "history.release-cursor";
  private static final int IMAGES_PER_STEP = 300;
  private static final int INSTANTS_PER_STEP = 300;
  private static final int VIEWS_PER_STEP = 100;

  private History() {}

  /** A new volume has no history before this moment. */
  public static void begin(Transaction tx) {
    tx.setNumber(State.SECONDS_FLOOR, tx.stampNanos());
    tx.setNumber(State.MINUTES_FLOOR, tx.stampNanos());
    tx.setNumber(State.FIRST_HOUR, Buckets.hour(tx.stampNanos()));
    tx.setNumber(State.FIRST_DAY, Buckets.ofDay(tx.stampNanos()) & ~Buckets.DAY_TIER);
    tx.setNumber(SECONDS_KEPT, SECONDS_KEPT_DEFAULT);
    tx.setNumber(MINUTES_KEPT, MINUTES_KEPT_DEFAULT);
  }

  /** Instants that were looked at and are not any more go; whether that was all for a step. */
  private static boolean lookAway(Transaction tx, Set<Long> looked) {
    List<Long> gone =
        tx.instants().viewed().stream()
            .filter(instant -> !looked.contains(instant))
            .limit(VIEWS_PER_STEP)
            .toList();
    for (long instant : gone) {
      unview(tx, instant);
      if (tx.instants().kept(tx, instant) != instant) {
        unpinned(tx);
      }
    }
    return gone.size() < VIEWS_PER_STEP;
  }

  /**
   * Instants at which somebody looks, and whose time is over with what comes now, stay; whether
   * that was all for a step.
   */
  private static boolean look(Transaction tx, Collection<Long> looked) {
    List<Long> kept =
        looked.stream()
            .filter(instant -> isOver(tx, instant) && isToBeViewed(tx, instant))
            .limit(VIEWS_PER_STEP)
            .toList();
    kept.forEach(instant -> view(tx, instant));
    return kept.size() < VIEWS_PER_STEP;
  }

  /** Somebody looks at an instant whose name goes now: it stays until nobody does. */
  public static void keep(Transaction tx, long instant) {
    if (isToBeViewed(tx, instant) && tx.instants().viewed().size() < Limits.LOOKED_INSTANTS) {
      view(tx, instant);
    }
  }

  /** Whether its hour or, of a full minute, its day is over. */
  private static boolean isOver(Transaction tx, long instant) {
    String tier = instant % Instants.MINUTE == 0 ? MINUTES_KEPT : SECONDS_KEPT;
    return instant < tx.stampNanos() - tx.number(tier) && !tx.instants().hasName(instant);
  }

  private static boolean isToBeViewed(Transaction tx, long instant) {
    return instant > 0
        && instant <= tx.stampNanos()
        && !tx.instants().isViewed(instant)
        && tx.instants().kept(tx, instant) == instant;
  }

  private static void view(Transaction tx, long instant) {
    byte[] time = ByteBuffer.allocate(Long.BYTES).putLong(instant).array();
    tx.put(Table.SETTINGS, viewKey(instant), new BytesRecord(ByteString.copyFrom(time)));
    tx.instants().view(instant);
  }

  private static void unview(Transaction tx, long instant) {
    tx.delete(Table.SETTINGS, viewKey(instant));
    tx.instants().unview(instant);
  }

  private static Key viewKey(long instant) {
    return Keys.meta(State.VIEW_PREFIX + instant);
  }

  /**
   * A pin went: images that only it held are looked for, from the first on; once more, if they are
   * being looked for, else who lets pins go again and again would keep that from ever ending.
   */
  public static void unpinned(Transaction tx) {
    BytesRecord cursor = tx.value(Table.SETTINGS, Keys.meta(CURSOR));
    boolean isUnderWay =
        tx.number(SWEEP_PINNED) != 0
            && cursor != null
            && Key.of(cursor.bytes().toByteArray()).startsWith(Keys.bucket(Buckets.PINNED));
    tx.setNumber(SWEEP_PINNED, isUnderWay ? ONCE_MORE : 1);
  }

  /** Visits what is kept of superseded records of a family whose keys begin so, in any order. */
  public static void visit(
      NamespaceReader reader, Family family, Key prefix, NamespaceReader.Visitor<Image> visitor) {
    boolean[] wants = {true};
    for (int bucket = 0; wants[0]; bucket++) {
      List<Row<Image>> next = reader.rows(Table.IMAGES, Keys.bucket(bucket), null, 1);
      if (next.isEmpty()) {
        return;
      }
      bucket = next.getFirst().key().buffer().getInt();
      Key from = Keys.historyPrefix(bucket, family, prefix);
      reader.scan(
          Table.IMAGES,
          from,
          from.afterPrefix(),
          (key, image) -> {
            wants[0] = visitor.visit(key, image);
            return wants[0];
          });
    }
  }

  /** The bucket that is to be trimmed at this time; 0: none. */
  private static int due(NamespaceReader reader, long nowNanos) {
    int hour = (int) reader.number(State.FIRST_HOUR);
    if (Buckets.endNanos(hour) <= nowNanos - reader.number(SECONDS_KEPT)) {
      return hour;
    }
    int day = Buckets.DAY_TIER | (int) reader.number(State.FIRST_DAY);
    if (Buckets.endNanos(day) <= nowNanos - reader.number(MINUTES_KEPT)) {
      return day;
    }
    return reader.number(SWEEP_PINNED) != 0 ? Buckets.PINNED : 0;
  }

  public static boolean isDue(NamespaceReader reader, long nowNanos) {
    return isReleasing(reader) || due(reader, nowNanos) != 0;
  }

  /** Whether what {@link #release} gave up is still being looked for. */
  public static boolean isReleasing(NamespaceReader reader) {
    return reader.number(RELEASING) != 0;
  }

  /** Whether nothing is kept but what pinned instants saw. */
  public static boolean isEmpty(NamespaceReader reader) {
    return reader.rows(Table.IMAGES, Key.EMPTY, Keys.bucket(Buckets.PINNED), 1).isEmpty();
  }

  /**
   * Gives up the seconds before a time, also those at which somebody looks, and with {@code
   * minutes} the minutes, too. The images go in the steps that follow.
   */
  public static void release(Transaction tx, long beforeNanos, boolean minutes) {
    boolean views = false;
    for (long instant : tx.instants().viewed()) {
      if (instant < beforeNanos) {
        unview(tx, instant);
        views = true;
      }
    }
    raise(tx, State.SECONDS_FLOOR, beforeNanos);
    if (minutes) {
      raise(tx, State.MINUTES_FLOOR, beforeNanos);
    }
    tx.delete(Table.SETTINGS, Keys.meta(RELEASE_CURSOR));
    tx.setNumber(RELEASING, views ? WITH_VIEWS : Math.max(1, tx.number(RELEASING)));
  }

  /** Of the next images those go that no instant that can be read saw. */
  private static void releaseStep(Transaction tx) {
    BytesRecord cursor = tx.value(Table.SETTINGS, Keys.meta(RELEASE_CURSOR));
    Key from = cursor == null ? Key.EMPTY : Key.of(cursor.bytes().toByteArray());
    Key end = tx.number(RELEASING) == WITH_VIEWS ? null : Keys.bucket(Buckets.PINNED);
    List<Row<Image>> rows = tx.rows(Table.IMAGES, from, end, IMAGES_PER_STEP);
    for (Row<Image> row : rows) {
      if (!isReadable(tx, row)) {
        tx.releaseImage(row.key(), row.value());
      }
    }
    if (rows.size() == IMAGES_PER_STEP) {
      tx.put(
          Table.SETTINGS, Keys.meta(RELEASE_CURSOR), new BytesRecord(after(rows.getLast().key())));
    } else {
      tx.delete(Table.SETTINGS, Keys.meta(RELEASE_CURSOR));
      tx.delete(Table.NUMBERS, Keys.meta(RELEASING));
    }
  }

  /** Of the images of a day those are left that minutes saw, of the pinned those that pins did. */
  private static boolean isReadable(Transaction tx, Row<Image> row) {
    long written = row.value().writtenNanos();
    long superseded = Keys.supersededNanos(row.key());
    int bucket = row.key().buffer().getInt();
    if (bucket == Buckets.PINNED) {
      return tx.instants().isPinned(written, superseded);
    }
    return isDay(bucket)
        ? isReadableLong(tx, written, superseded)
        : isReadable(tx, written, superseded);
  }

  /** Whether an instant that can be read lies in [written, superseded). */
  static boolean isReadable(Transaction tx, long written, long superseded) {
    return holds(tx, State.SECONDS_FLOOR, written, superseded, Instants.SECOND)
        || isReadableLong(tx, written, superseded);
  }

  private static boolean isReadableLong(Transaction tx, long written, long superseded) {
    return tx.instants().isPinned(written, superseded)
        || holds(tx, State.MINUTES_FLOOR, written, superseded, Instants.MINUTE);
  }

  private static boolean holds(
      Transaction tx, String floor, long written, long superseded, long grain) {
    long from = Math.max(written, tx.number(floor));
    return from < superseded && Instants.holdsMultiple(from, superseded, grain);
  }

  private static ByteString after(Key key) {
    byte[] next = new byte[key.size() + 1];
    key.buffer().get(next, 0, next.length - 1);
    return ByteString.copyFrom(next);
  }

  /**
   * One step; whether there is more to do.
   *
   * @param looked instants at which somebody looks
   */
  public static boolean advance(Transaction tx, Collection<Long> looked) {
    if (!lookAway(tx, Set.copyOf(looked))) {
      return true;
    }
    if (isReleasing(tx)) {
      releaseStep(tx);
      return true;
    }
    int bucket = due(tx, tx.stampNanos());
    if (bucket == 0) {
      return false;
    }
    if (bucket != Buckets.PINNED && !look(tx, looked)) {
      return true;
    }
    raiseFloors(tx, bucket);
    Key start = Keys.bucket(bucket);
    BytesRecord cursor = tx.value(Table.SETTINGS, Keys.meta(CURSOR));
    Key from = cursor == null ? start : Key.of(cursor.bytes().toByteArray());
    List<Row<Image>> rows =
        tx.rows(
            Table.IMAGES,
            from.startsWith(start) ? from : start,
            start.afterPrefix(),
            IMAGES_PER_STEP);
    for (Row<Image> row : rows) {
      settle(tx, bucket, row);
    }
    if (rows.size() == IMAGES_PER_STEP) {
      tx.put(Table.SETTINGS, Keys.meta(CURSOR), new BytesRecord(after(rows.getLast().key())));
      return true;
    }
    tx.delete(Table.SETTINGS, Keys.meta(CURSOR));
    // What is pinned sees no instant go, and would be swept again for each step of theirs.
    if (bucket == Buckets.PINNED || trimInstants(tx) < INSTANTS_PER_STEP) {
      finish(tx, bucket);
    }
    return true;
  }

  private static boolean isDay(int bucket) {
    return bucket != Buckets.PINNED && (bucket & Buckets.DAY_TIER) != 0;
  }

  /**
   * Before the first image goes nobody may read what needs it. Of an hour's images those go, too,
   * that only minutes saw which are past their time.
   */
  private static void raiseFloors(Transaction tx, int bucket) {
    if (bucket == Buckets.PINNED) {
      return;
    }
    long end = Buckets.endNanos(bucket);
    if (isDay(bucket)) {
      raise(tx, State.MINUTES_FLOOR, end);
    } else {
      raise(tx, State.SECONDS_FLOOR, end);
      raise(tx, State.MINUTES_FLOOR, Math.min(end, tx.stampNanos() - tx.number(MINUTES_KEPT)));
    }
  }

  private static void raise(Transaction tx, String floor, long nanos) {
    if (tx.number(floor) < nanos) {
      tx.setNumber(floor, nanos);
    }
  }

  private static void settle(Transaction tx, int bucket, Row<Image> row) {
    Image image = row.value();
    long superseded = Keys.supersededNanos(row.key());
    long minutes = tx.stampNanos() - tx.number(MINUTES_KEPT);
    long seen = Math.max(image.writtenNanos(), minutes);
    boolean minute =
        bucket != Buckets.PINNED
            && !isDay(bucket)
            && seen < superseded
            && Instants.holdsMultiple(seen, superseded, Instants.MINUTE);
    Integer target =
        minute
            ? (Integer) Buckets.ofDay(superseded)
            : tx.instants().isPinned(image.writtenNanos(), superseded) ? Buckets.PINNED : null;
    if (target == null) {
      tx.releaseImage(row.key(), image);
    } else if (target != bucket) {
      tx.moveImage(row.key(), inBucket(target, row.key()), image);
    }
  }

  private static Key inBucket(int bucket, Key history) {
    byte[] bytes = new byte[history.size()];
    history.buffer().get(bytes);
    Keys.bucket(bucket).buffer().get(bytes, 0, Integer.BYTES);
    return Key.of(bytes);
  }

  /** The bucket is empty: the next one that may have images. */
  private static void finish(Transaction tx, int bucket) {
    if (bucket == Buckets.PINNED && tx.number(SWEEP_PINNED) == ONCE_MORE) {
      tx.setNumber(SWEEP_PINNED, 1);
      return;
    }
    if (bucket == Buckets.PINNED) {
      tx.delete(Table.NUMBERS, Keys.meta(SWEEP_PINNED));
      return;
    }
    String first = isDay(bucket) ? State.FIRST_DAY : State.FIRST_HOUR;
    int tier = isDay(bucket) ? Buckets.DAY_TIER : 0;
    int end = isDay(bucket) ? Buckets.PINNED : Buckets.DAY_TIER;
    List<Row<Image>> next = tx.rows(Table.IMAGES, Keys.bucket(bucket + 1), Keys.bucket(end), 1);
    long kept = tx.number(isDay(bucket) ? MINUTES_KEPT : SECONDS_KEPT);
    long horizon = tx.stampNanos() - kept;
    int last = (isDay(bucket) ? Buckets.ofDay(horizon) : Buckets.hour(horizon)) & ~tier;
    int following = (bucket & ~tier) + 1;
    @Nullable Integer occupied =
        next.isEmpty() ? null : next.getFirst().key().buffer().getInt() & ~tier;
    int to = occupied == null ? Math.max(following, last) : Math.clamp(last, following, occupied);
    tx.setNumber(first, to);
    raise(
        tx,
        isDay(bucket) ? State.MINUTES_FLOOR : State.SECONDS_FLOOR,
        Buckets.endNanos(tier | (to - 1)));
  }

  private static int trimInstants(Transaction tx) {
    Key end = Key.of(Math.floorDiv(tx.number(State.MINUTES_FLOOR), Instants.SECOND));
    List<Row<NumberRecord>> rows = tx.rows(Table.INSTANTS, Key.EMPTY, end, INSTANTS_PER_STEP);
    rows.forEach(row -> tx.drop(Table.INSTANTS, row.key()));
    return rows.size();
  }
}

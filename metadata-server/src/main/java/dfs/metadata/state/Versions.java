package dfs.metadata.state;

import dfs.metadata.records.Keys;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.store.Key;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is kept of records, present and past, on one snapshot of the store. */
public final class Versions {
  private final NamespaceReader present;
  private final Instants instants;

  Versions(NamespaceReader present, Instants instants) {
    this.present = present;
    this.instants = instants;
  }

  /** When the present ends. */
  public static final long NOW = Long.MAX_VALUE;

  /**
   * A record for a while.
   *
   * @param writtenNanos when it became so
   * @param supersededNanos when it was changed; {@link #NOW}: it is so
   */
  public record Version<T>(long writtenNanos, long supersededNanos, T value) {}

  /** Takes a version of a record. */
  public interface Visitor<T> {
    /** Whether more is wanted: of this bucket of the history, or of the present. */
    boolean visit(Key key, Version<T> version);
  }

  public NamespaceReader present() {
    return present;
  }

  /** The state as of a kept instant, as {@link #instantIn} tells them. */
  public NamespaceReader asOf(long instantNanos) {
    return AsOf.of(present, instantNanos, present.number(State.LAST_STAMP));
  }

  /** Whether a full second lies in [from, until): else nobody could see what was in between. */
  public static boolean isSecondIn(long fromNanos, long untilNanos) {
    return Instants.holdsMultiple(fromNanos, untilNanos, Instants.SECOND);
  }

  /** The newest kept instant in [from, until); 0: none. */
  public long instantIn(long fromNanos, long untilNanos) {
    long instant = instants.kept(present, untilNanos - 1);
    return instant >= fromNanos ? instant : 0;
  }

  /**
   * Visits the past versions of records whose keys lie in a range, bucket by bucket of the history,
   * in each in the order of keys and then of time; whether an instant saw them is not asked.
   *
   * @param to exclusive; null: to the end
   */
  public <T> void past(Table<T> table, Key from, @Nullable Key to, Visitor<T> visitor) {
    for (int bucket = 0; ; bucket++) {
      List<Row<Image>> next = present.rows(Table.IMAGES, Keys.bucket(bucket), null, 1);
      if (next.isEmpty()) {
        return;
      }
      bucket = next.getFirst().key().buffer().getInt();
      present.scan(
          Table.IMAGES,
          Keys.historyPrefix(bucket, table.family(), from),
          Keys.historyPrefix(bucket, table.family(), Key.EMPTY).afterPrefix(),
          (found, image) -> {
            Key key = Keys.imageOf(found);
            if (to != null && key.compareTo(to) >= 0) {
              return false;
            }
            return key.compareTo(from) < 0
                || visitor.visit(
                    key,
                    new Version<>(
                        image.value().writtenNanos(),
                        Keys.supersededNanos(found),
                        image.value().restored(table)));
          });
    }
  }

  /** Visits all versions of the records whose keys begin so, the present ones last. */
  public <T> void all(Table<T> table, Key prefix, Visitor<T> visitor) {
    past(table, prefix, prefix.afterPrefix(), visitor);
    present.scan(
        table,
        prefix,
        prefix.afterPrefix(),
        (key, stored) ->
            visitor.visit(key, new Version<>(stored.writtenNanos(), NOW, stored.value())));
  }
}

package dfs.metadata.state;

import com.google.protobuf.ByteString;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.records.NameRecord;
import dfs.metadata.store.Key;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The state as it can be read: at present, within a command, or as of a kept instant. */
public interface NamespaceReader {
  <T> @Nullable Stored<T> get(Table<T> table, Key key);

  /**
   * Visits records from {@code from} on, up to {@code to} (exclusive; null: to the end), in key
   * order, until the visitor has enough.
   */
  <T> void scan(Table<T> table, Key from, @Nullable Key to, Visitor<T> visitor);

  /** Takes a record; whether it wants more. */
  interface Visitor<T> {
    boolean visit(Key key, Stored<T> stored);
  }

  /** A record with its key. */
  record Row<T>(Key key, Stored<T> stored) {
    public T value() {
      return stored.value();
    }
  }

  /** Records in the order of the keys; null where there is none. */
  default <T> List<@Nullable Stored<T>> get(Table<T> table, List<Key> keys) {
    List<@Nullable Stored<T>> found = new ArrayList<>(keys.size());
    for (Key key : keys) {
      found.add(get(table, key));
    }
    return found;
  }

  /** The record with the greatest key in [lowest, at], or null. */
  default <T> @Nullable Row<T> floor(Table<T> table, Key lowest, Key at) {
    List<Row<T>> last = new ArrayList<>(1);
    scan(
        table,
        lowest,
        at.next(),
        (key, stored) -> {
          last.clear();
          last.add(new Row<>(key, stored));
          return true;
        });
    return last.isEmpty() ? null : last.getFirst();
  }

  /** At most {@code limit} records of the range. */
  default <T> List<Row<T>> rows(Table<T> table, Key from, @Nullable Key to, int limit) {
    List<Row<T>> rows = new ArrayList<>();
    if (limit > 0) {
      scan(
          table,
          from,
          to,
          (key, stored) -> {
            rows.add(new Row<>(key, stored));
            return rows.size() < limit;
          });
    }
    return rows;
  }

  /** The value under a key, or null. */
  default <T> @Nullable T value(Table<T> table, Key key) {
    Stored<T> stored = get(table, key);
    return stored == null ? null : stored.value();
  }

  default @Nullable Inode inode(long ino) {
    return value(Table.INODES, Key.of(ino));
  }

  default @Nullable NameRecord name(long parent, ByteString name) {
    return value(Table.NAMES, Keys.named(parent, name));
  }

  /** A counter or setting, 0 if it was never set. */
  default long number(String name) {
    dfs.metadata.records.NumberRecord number = value(Table.NUMBERS, Keys.meta(name));
    return number == null ? 0 : number.value();
  }
}

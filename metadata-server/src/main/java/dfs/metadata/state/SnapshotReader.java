package dfs.metadata.state;

import dfs.metadata.store.Key;
import dfs.metadata.store.KeyValueStore;
import dfs.metadata.store.KeyValueStore.Source;
import org.jspecify.annotations.Nullable;

/** The records of one moment, straight from the store. */
final class SnapshotReader implements NamespaceReader {
  private final Source source;

  SnapshotReader(Source source) {
    this.source = source;
  }

  @Override
  public <T> @Nullable Stored<T> get(Table<T> table, Key key) {
    byte[] bytes = source.get(table.family(), key);
    return bytes == null ? null : table.decode(bytes);
  }

  @Override
  public <T> void scan(Table<T> table, Key from, @Nullable Key to, Visitor<T> visitor) {
    source.scan(table.family(), from, to, (key, value) -> visitor.visit(key, table.decode(value)));
  }

  @Override
  public <T> @Nullable Row<T> floor(Table<T> table, Key lowest, Key at) {
    KeyValueStore.Pair pair = source.floor(table.family(), lowest, at);
    return pair == null ? null : new Row<>(pair.key(), table.decode(pair.value()));
  }
}

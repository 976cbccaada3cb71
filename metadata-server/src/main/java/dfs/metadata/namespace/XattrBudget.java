package dfs.metadata.namespace;

import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Inode;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Errno;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Bounds the extended attributes, names and values, that are read at once for one command. */
final class XattrBudget {
  static final int BYTES_MAX = Limits.COMMAND_BYTES;
  static final int ATTRIBUTES_MAX = Limits.RECORDS_PER_COMMAND;

  private long bytes;
  private int attributes;

  boolean isFresh() {
    return attributes == 0;
  }

  /** Whether all attributes of an inode can still be taken. */
  boolean holds(NamespaceReader reader, long ino, Inode inode) {
    return rows(reader, ino, inode) != null;
  }

  /** All attributes of an inode; ERANGE if they are too many. */
  List<Row<BytesRecord>> take(NamespaceReader reader, long ino, Inode inode) {
    List<Row<BytesRecord>> rows = rows(reader, ino, inode);
    if (rows == null) {
      throw Refusal.of(
          Errno.ERANGE,
          "inode %d has more extended attributes than one command copies: %d of %d bytes"
              .formatted(ino, ATTRIBUTES_MAX, BYTES_MAX));
    }
    rows.forEach(row -> bytes += size(row.key(), row.value()));
    attributes += rows.size();
    return rows;
  }

  private @Nullable List<Row<BytesRecord>> rows(NamespaceReader reader, long ino, Inode inode) {
    if (!inode.has(Inode.HAS_XATTRS)) {
      return List.of();
    }
    List<Row<BytesRecord>> rows = new ArrayList<>();
    long[] sum = {bytes};
    boolean[] fits = {true};
    Key prefix = Key.of(ino);
    reader.scan(
        Table.XATTRS,
        prefix,
        prefix.afterPrefix(),
        (key, stored) -> {
          sum[0] += size(key, stored.value());
          rows.add(new Row<>(key, stored));
          fits[0] = sum[0] <= BYTES_MAX && attributes + rows.size() <= ATTRIBUTES_MAX;
          return fits[0];
        });
    return fits[0] ? rows : null;
  }

  private static int size(Key key, BytesRecord value) {
    return key.size() + value.bytes().size();
  }
}

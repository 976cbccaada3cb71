package dfs.metadata.namespace;

import dfs.metadata.records.Inode;
import dfs.metadata.records.MapRecord;
import dfs.metadata.records.NumberRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.List;

/** What nobody needs any more goes, a bounded piece at a time. */
final class Reaping {
  private static final int EXTENTS_PER_STEP = 300;

  private Reaping() {}

  /** Orphans that nobody holds; history sees them until they were unlinked, not until now. */
  static Reply inodes(Upkeep.Reap order, Applying in) {
    for (long ino : order.inos()) {
      NumberRecord orphan = in.tx.value(Table.ORPHANS, Key.of(ino));
      Inode inode = in.tx.inode(ino);
      if (orphan == null || inode == null || inode.links() > 0) {
        continue;
      }
      long unlinked = orphan.value();
      in.tx.drop(Table.INODES, Key.of(ino));
      in.tx.deleteAsOf(Table.INLINE, Key.of(ino), unlinked);
      if (inode.has(Inode.HAS_XATTRS)) {
        Key prefix = Key.of(ino);
        List<Key> xattrs =
            in.tx.rows(Table.XATTRS, prefix, prefix.afterPrefix(), Integer.MAX_VALUE).stream()
                .map(Row::key)
                .toList();
        xattrs.forEach(key -> in.tx.deleteAsOf(Table.XATTRS, key, unlinked));
      }
      Maps.letGo(in, inode, unlinked);
      in.tx.delete(Table.ORPHANS, Key.of(ino));
    }
    return Reply.Done.DONE;
  }

  /** A step of deleting the extents of a map; the map's record goes with the last of them. */
  static Reply map(Upkeep.ReapMap order, Applying in) {
    Key map = Key.of(order.map());
    MapRecord record = in.tx.value(Table.MAPS, map);
    if (record == null) {
      return new Reply.Progress(List.of(), false);
    }
    Key from = Key.of(order.map(), record.cursor());
    List<Key> extents =
        in.tx.rows(Table.EXTENTS, from, map.afterPrefix(), EXTENTS_PER_STEP).stream()
            .map(Row::key)
            .toList();
    extents.forEach(key -> in.tx.drop(Table.EXTENTS, key));
    boolean more = extents.size() == EXTENTS_PER_STEP;
    if (more) {
      long next = extents.getLast().longAt(Long.BYTES) + 1;
      in.tx.put(Table.MAPS, map, new MapRecord(next));
    } else {
      in.tx.delete(Table.MAPS, map);
    }
    return new Reply.Progress(List.of(order.map()), more);
  }

  static List<Long> maps(NamespaceReader reader, int limit) {
    return reader.rows(Table.MAPS, Key.EMPTY, null, limit).stream()
        .map(row -> row.key().longAt(0))
        .toList();
  }
}

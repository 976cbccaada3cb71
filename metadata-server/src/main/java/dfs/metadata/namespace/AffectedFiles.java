package dfs.metadata.namespace;

import dfs.metadata.records.Inode;
import dfs.metadata.records.OrderRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Attributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The files that have bytes in certain blocks, by their paths; reads all inodes. */
final class AffectedFiles {
  private final NamespaceReader reader;

  AffectedFiles(NamespaceReader reader) {
    this.reader = reader;
  }

  /**
   * One line for each file, as many as {@code limit}: its path, or its inode when it has no name
   * left, and one of the blocks.
   */
  List<String> of(Collection<Long> blocks, int limit) {
    Map<Long, Long> blockOfMap = new HashMap<>();
    for (long block : blocks) {
      for (long map : Relocations.mapsIn(reader, block)) {
        blockOfMap.putIfAbsent(map, block);
      }
    }
    List<String> files = new ArrayList<>();
    if (!blockOfMap.isEmpty()) {
      reader.scan(
          Table.INODES,
          Key.EMPTY,
          null,
          (key, stored) -> {
            Long block = blockOfMap.get(stored.value().map());
            if (block != null) {
              String path = path(key.longAt(0), stored.value());
              files.add("%s: no good copy of block %d is left".formatted(path, block));
            }
            return files.size() < limit;
          });
    }
    return files;
  }

  private String path(long ino, Inode inode) {
    Deque<String> names = new ArrayDeque<>();
    Inode at = inode;
    while (at != null && at.parent() != 0) {
      OrderRecord entry = reader.value(Table.ORDER, Key.of(at.parent(), at.cookie()));
      if (entry == null) {
        return "inode " + ino;
      }
      names.addFirst(entry.name().toStringUtf8());
      at = at.parent() == Attributes.ROOT_INO ? null : reader.inode(at.parent());
    }
    return names.isEmpty() ? "inode " + ino : "/" + String.join("/", names);
  }
}

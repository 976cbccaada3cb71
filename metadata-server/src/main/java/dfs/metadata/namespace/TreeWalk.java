package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Permissions;
import dfs.acl.Subject;
import dfs.metadata.records.Inode;
import dfs.metadata.records.OrderRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the regular files at and below an inode, depth first, each directory in the order in
 * which its entries were made; from where an earlier walk was, if that is said. What is in memory
 * grows with the depth of the tree alone. Used by {@link StateSurvey} and {@link BlockListing}.
 */
final class TreeWalk {
  /** Each directory on the way keeps so many entries in memory. */
  private static final int ENTRIES_PER_READ = 32;

  private final NamespaceReader reader;
  private final Subject subject;
  private final long top;
  private final String topPath;
  private final List<Long> way;
  private @Nullable Directory open;
  private final boolean behind;
  private boolean begun;
  private boolean onTheWay;
  private int looked;

  /**
   * A directory that is gone through, the top one at depth 0; {@code cookie} is of the entry that
   * was taken last.
   */
  private static final class Directory {
    final @Nullable Directory above;
    final int depth;
    final long ino;
    final ByteString name;
    final Deque<Row<OrderRecord>> entries = new ArrayDeque<>();
    long cookie;

    Directory(@Nullable Directory above, int depth, long ino, ByteString name, long before) {
      this.above = above;
      this.depth = depth;
      this.ino = ino;
      this.name = name;
      this.cookie = before;
    }
  }

  /**
   * @param top a directory, or a file: nothing else has anything below it
   * @param topPath what it is called
   * @param way cookies from the top down to the entry that comes first; empty: from the beginning.
   *     Where an entry has gone since, the next one is gone on with.
   * @param behind that entry was looked at, too: it is gone on behind it
   */
  TreeWalk(
      NamespaceReader reader,
      Subject subject,
      long top,
      String topPath,
      List<Long> way,
      boolean behind) {
    this.reader = reader;
    this.subject = subject;
    this.top = top;
    this.topPath = topPath;
    this.way = List.copyOf(way);
    this.onTheWay = !way.isEmpty();
    this.behind = behind;
  }

  /**
   * Something on the walk.
   *
   * @param inode a regular file, or a directory that the subject may not look into
   * @param first it is just the entry where the walk was to begin
   */
  record Found(long ino, Inode inode, boolean first) {
    boolean isClosed() {
      return inode.isDirectory();
    }
  }

  /** What comes next; null at the end, and when so many other entries were passed over. */
  @Nullable Found next(int looks) {
    if (!begun) {
      begun = true;
      Found found = enter(top, Permission.require(reader, top), ByteString.EMPTY, way.isEmpty());
      if (found != null) {
        return found;
      }
    }
    int until = looked + looks;
    for (Directory at = open; at != null && looked < until; at = open) {
      looked++;
      Row<OrderRecord> row = take(at);
      if (row == null) {
        open = at.above;
        continue;
      }
      boolean matches = onTheWay && at.cookie == way.get(at.depth);
      boolean first = matches && at.depth == way.size() - 1;
      onTheWay = matches && !first;
      Inode inode = first && behind ? null : reader.inode(row.value().ino());
      Found found =
          inode == null ? null : enter(row.value().ino(), inode, row.value().name(), first);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  /** How many entries were looked at. */
  int looked() {
    return looked;
  }

  boolean isOver() {
    return begun && open == null;
  }

  /** Goes down into a directory; null unless there is something to be said. */
  private @Nullable Found enter(long ino, Inode inode, ByteString name, boolean first) {
    boolean down =
        inode.isDirectory()
            && Permission.allows(
                reader, subject, ino, inode, Permissions.READ | Permissions.EXECUTE);
    if (down) {
      int depth = open == null ? 0 : open.depth + 1;
      open = new Directory(open, depth, ino, name, onTheWay ? way.get(depth) - 1 : 0);
      return null;
    }
    onTheWay = false;
    return inode.isDirectory() || inode.isRegular() ? new Found(ino, inode, first) : null;
  }

  private @Nullable Row<OrderRecord> take(Directory directory) {
    if (directory.entries.isEmpty()) {
      Key from = Key.of(directory.ino, directory.cookie + 1);
      Key to = Key.of(directory.ino).afterPrefix();
      directory.entries.addAll(reader.rows(Table.ORDER, from, to, ENTRIES_PER_READ));
    }
    Row<OrderRecord> row = directory.entries.poll();
    if (row != null) {
      directory.cookie = row.key().longAt(Long.BYTES);
    }
    return row;
  }

  /** Cookies from the top down to what was found last. */
  List<Long> way() {
    List<Long> cookies = new ArrayList<>();
    for (Directory at = open; at != null; at = at.above) {
      cookies.add(at.cookie);
    }
    Collections.reverse(cookies);
    return cookies;
  }

  /** The path of what was found last. */
  String path() {
    Directory last = open;
    if (last == null) {
      return topPath;
    }
    OrderRecord entry = reader.value(Table.ORDER, Key.of(last.ino, last.cookie));
    Deque<String> names = new ArrayDeque<>();
    names.push(entry == null ? "?" : entry.name().toStringUtf8());
    for (Directory at = last; at.above != null; at = at.above) {
      names.push(at.name.toStringUtf8());
    }
    return (topPath.endsWith("/") ? topPath : topPath + "/") + String.join("/", names);
  }
}

package dfs.metadata.namespace;

import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.records.Usage;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.Table;
import dfs.metadata.state.Transaction;
import dfs.metadata.store.Key;

/**
 * Exact recursive sums: an inode is charged to every directory above its primary link, and to its
 * owner and group. What a directory's record sums up is below it, itself not included.
 */
final class Charge {
  private Charge() {}

  /** What the inode itself counts for. */
  static Usage own(Inode inode) {
    return inode.isDirectory() ? new Usage(0, 0, 1) : new Usage(inode.sizeBytes(), 1, 0);
  }

  /** What the inode and everything below it count for. */
  static Usage whole(NamespaceReader reader, long ino, Inode inode) {
    return inode.isDirectory() ? own(inode).plus(below(reader, ino)) : own(inode);
  }

  static Usage below(NamespaceReader reader, long directory) {
    Usage usage = reader.value(Table.USAGE, Key.of(Keys.USAGE_DIRECTORY, directory));
    return usage == null ? Usage.NOTHING : usage;
  }

  /** Adds to a directory and all above it. */
  static void add(Transaction tx, long directory, Usage more) {
    if (more.isNothing()) {
      return;
    }
    for (long at = directory; at != 0; at = Permission.require(tx, at).parent()) {
      addTo(tx, Key.of(Keys.USAGE_DIRECTORY, at), more);
    }
  }

  static void subtract(Transaction tx, long directory, Usage less) {
    add(tx, directory, Usage.NOTHING.minus(less));
  }

  /** Adds to the sums of an owner and a group. */
  static void addToOwner(Transaction tx, int uid, int gid, Usage more) {
    if (!more.isNothing()) {
      addTo(tx, Key.of(Keys.USAGE_USER, Integer.toUnsignedLong(uid)), more);
      addTo(tx, Key.of(Keys.USAGE_GROUP, Integer.toUnsignedLong(gid)), more);
    }
  }

  private static void addTo(Transaction tx, Key key, Usage more) {
    Usage known = tx.value(Table.USAGE, key);
    Usage sum = known == null ? more : known.plus(more);
    if (sum.isNothing()) {
      tx.delete(Table.USAGE, key);
    } else {
      tx.put(Table.USAGE, key, sum);
    }
  }

  /**
   * A file's size or owner changed: the sums of all that it is charged to follow. The root and
   * orphans are charged to nobody.
   */
  static void follow(Transaction tx, Inode before, Inode after) {
    if (after.parent() == 0) {
      return;
    }
    add(tx, after.parent(), own(after).minus(own(before)));
    addToOwner(tx, before.uid(), before.gid(), Usage.NOTHING.minus(own(before)));
    addToOwner(tx, after.uid(), after.gid(), own(after));
  }
}

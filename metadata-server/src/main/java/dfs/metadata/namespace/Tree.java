package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.records.NameRecord;
import dfs.metadata.records.NumberRecord;
import dfs.metadata.records.OrderRecord;
import dfs.metadata.records.Usage;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import java.util.List;

/** The two orders of a directory, the links of inodes, and the charges that follow them. */
final class Tree {
  private Tree() {}

  /** What a name stands for; ENOENT if nothing. */
  static NameRecord require(NamespaceReader reader, long parent, ByteString name) {
    NameRecord record = reader.name(parent, name);
    if (record == null) {
      throw Refusal.of(
          Errno.ENOENT, "directory " + parent + " has no entry \"" + name.toStringUtf8() + "\"");
    }
    return record;
  }

  static void requireFree(Applying in, long parent, ByteString name) {
    if (in.tx.name(parent, name) != null) {
      throw Refusal.of(
          Errno.EEXIST,
          "directory " + parent + " has an entry \"" + name.toStringUtf8() + "\" already");
    }
  }

  /** Puts an entry into a directory; returns its cookie. */
  static long addName(Applying in, long parent, ByteString name, long ino, FileType type) {
    Inode directory = in.require(parent);
    boolean child = type == FileType.DIRECTORY;
    if (child && directory.links() >= Limits.LINKS) {
      throw Refusal.of(Errno.EMLINK, "directory " + parent + " has too many subdirectories");
    }
    long cookie = directory.nextCookie();
    Inode.Edit edit = directory.edit().modified(in.now);
    edit.nextCookie = cookie + 1;
    edit.sizeBytes++;
    edit.links += child ? 1 : 0;
    in.put(parent, edit.done());
    setName(in, parent, name, ino, type, cookie);
    return cookie;
  }

  /** Makes an entry stand for this inode. */
  static void setName(
      Applying in, long parent, ByteString name, long ino, FileType type, long cookie) {
    in.tx.put(Table.NAMES, Keys.named(parent, name), new NameRecord(ino, type, cookie));
    in.tx.put(Table.ORDER, Key.of(parent, cookie), new OrderRecord(ino, type, name));
  }

  /** Takes an entry out of a directory. */
  static void removeName(Applying in, long parent, ByteString name, NameRecord record) {
    Inode.Edit edit = in.require(parent).edit().modified(in.now);
    edit.sizeBytes--;
    edit.links -= record.type() == FileType.DIRECTORY ? 1 : 0;
    in.put(parent, edit.done());
    in.tx.delete(Table.NAMES, Keys.named(parent, name));
    in.tx.delete(Table.ORDER, Key.of(parent, record.cookie()));
  }

  /**
   * An inode lost the link at (parent, cookie). Without another one it is an orphan: it lives on
   * until nobody holds it. If the primary link went, a further one takes its place, and the charge.
   */
  static void dropLink(Applying in, long ino, long parent, long cookie) {
    Inode inode = in.require(ino);
    Usage whole = Charge.whole(in.tx, ino, inode);
    boolean primary = inode.parent() == parent && inode.cookie() == cookie;
    if (inode.isDirectory() || inode.links() == 1) {
      Charge.subtract(in.tx, parent, whole);
      Charge.addToOwner(in.tx, inode.uid(), inode.gid(), Usage.NOTHING.minus(Charge.own(inode)));
      Inode.Edit edit = inode.edit().changed(in.now);
      edit.links = 0;
      edit.parent = 0;
      edit.cookie = 0;
      in.put(ino, edit.done());
      in.tx.put(Table.ORPHANS, Key.of(ino), new NumberRecord(in.now));
      return;
    }
    Inode.Edit edit = inode.edit().changed(in.now);
    edit.links--;
    if (primary) {
      Key next = furtherLinks(in.tx, ino, 1).getFirst();
      in.tx.delete(Table.LINKS, next);
      edit.parent = next.longAt(Long.BYTES);
      edit.cookie = next.longAt(2 * Long.BYTES);
      Charge.subtract(in.tx, parent, whole);
      Charge.add(in.tx, edit.parent, whole);
    } else {
      in.tx.delete(Table.LINKS, Key.of(ino, parent, cookie));
    }
    in.put(ino, edit.done());
  }

  /** Keys of the links of an inode other than the primary one. */
  static List<Key> furtherLinks(NamespaceReader reader, long ino, int limit) {
    Key prefix = Key.of(ino);
    return reader.rows(Table.LINKS, prefix, prefix.afterPrefix(), limit).stream()
        .map(NamespaceReader.Row::key)
        .toList();
  }

  /** The link at (parent, cookie) is at (newParent, newCookie) from now on. */
  static void moveLink(
      Applying in, long ino, long parent, long cookie, long newParent, long newCookie) {
    Inode inode = in.require(ino);
    Inode.Edit edit = inode.edit().changed(in.now);
    if (inode.parent() == parent && inode.cookie() == cookie) {
      edit.parent = newParent;
      edit.cookie = newCookie;
      if (parent != newParent) {
        Usage whole = Charge.whole(in.tx, ino, inode);
        Charge.subtract(in.tx, parent, whole);
        Charge.add(in.tx, newParent, whole);
      }
    } else {
      in.tx.delete(Table.LINKS, Key.of(ino, parent, cookie));
      in.tx.put(Table.LINKS, Key.of(ino, newParent, newCookie), new NumberRecord(0));
    }
    in.put(ino, edit.done());
  }

  /** Whether {@code directory} is {@code ancestor} or lies below it. */
  static boolean isWithin(NamespaceReader reader, long directory, long ancestor) {
    for (long at = directory; at != 0; at = Permission.require(reader, at).parent()) {
      if (at == ancestor) {
        return true;
      }
    }
    return false;
  }
}

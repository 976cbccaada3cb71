package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Ownership;
import dfs.acl.Permissions;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.records.Usage;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** An inode becomes what it was; what it is goes into the past as with any change. */
final class Restore {
  private static final int HAS =
      Inode.HAS_ACCESS_ACL | Inode.HAS_DEFAULT_ACL | Inode.HAS_XATTRS | Attributes.FLAG_INLINE;

  private Restore() {}

  static Reply apply(Change.Restore order, Applying in) {
    NamespaceReader then = CopyPast.then(in, order.asOfNanos());
    Inode was = CopyPast.required(then, order.ino());
    Inode before = in.require(order.ino());
    if (before.isDirectory()) {
      throw Refusal.of(Errno.EISDIR, "a directory is replaced, not changed");
    }
    if (before.parent() == 0) {
      throw Refusal.of(Errno.ENOENT, "inode " + order.ino() + " has no name");
    }
    if (order.copy() != 0 && !before.isRegular()) {
      throw Refusal.of(Errno.EINVAL, "inode " + order.ino() + " has no contents to take");
    }
    CopyPast.check(in, then, order.ino(), was);
    Permission.check(in.tx, in.subject, order.ino(), before, Permissions.WRITE);
    if (!Ownership.isOwner(in.subject, before.uid())) {
      throw Refusal.of(Errno.EPERM, "only the owner restores mode and owner");
    }
    Inode.Edit edit = before.edit().changed(in.now);
    edit.mode = was.mode();
    edit.uid = was.uid();
    edit.gid = was.gid();
    edit.modifyNanos = was.modifyNanos();
    if (before.isRegular()) {
      contents(order, in, then, was, before, edit);
    }
    boolean xattrs = xattrs(order.ino(), in, then, was, before);
    edit.flags = (edit.flags & ~HAS) | (CopyPast.flags(was, xattrs) & HAS);
    Inode after = edit.done();
    in.put(order.ino(), after);
    Charge.follow(in.tx, before, after);
    return new Reply.Entry(after.attributes(order.ino()));
  }

  /** The map of now is let go of, and another one has the extents of then. */
  private static void contents(
      Change.Restore order,
      Applying in,
      NamespaceReader then,
      Inode was,
      Inode before,
      Inode.Edit edit) {
    if (before.has(Attributes.FLAG_INLINE)) {
      in.tx.delete(Table.INLINE, Key.of(order.ino()));
    }
    Maps.letGo(in, before, in.now);
    edit.mapBirthNanos = in.now;
    edit.sizeBytes = was.sizeBytes();
    edit.allocatedBytes = was.allocatedBytes();
    if (order.copy() != 0) {
      edit.map = taken(order, in, was, before);
      return;
    }
    edit.map = NewInode.nextIno(in.tx);
    if (was.has(Attributes.FLAG_INLINE)) {
      ByteString bytes = Maps.inline(then, order.ino());
      in.tx.put(Table.INLINE, Key.of(order.ino()), new BytesRecord(bytes));
      return;
    }
    int copies = Blocks.more(in.tx, was.copies(), before.copies());
    CopyPast.Part part =
        CopyPast.extents(in, then, was, order.ino(), edit.map, copies, CopyPast.EXTENTS_MAX);
    if (part.more()) {
      throw Refusal.of(
          Errno.EFBIG, "more than " + CopyPast.EXTENTS_MAX + " pieces are copied before");
    }
  }

  /** The map of a copy, which is no more. */
  private static long taken(Change.Restore order, Applying in, Inode was, Inode before) {
    Inode copy = Nameless.requireOwn(in, order.copy());
    if (!Nameless.isTop(in.tx, order.copy())
        || !copy.isRegular()
        || copy.links() != 1
        || copy.has(Attributes.FLAG_INLINE)
        || was.has(Attributes.FLAG_INLINE)) {
      throw Refusal.of(Errno.EINVAL, "inode " + order.copy() + " has no contents that are taken");
    }
    if (copy.sizeBytes() != was.sizeBytes() || copy.allocatedBytes() != was.allocatedBytes()) {
      throw Refusal.of(Errno.EAGAIN, "inode " + order.copy() + " is no whole copy");
    }
    if (Blocks.more(in.tx, copy.copies(), before.copies()) != copy.copies()) {
      throw Refusal.of(
          Errno.EAGAIN,
          "more copies are wanted of inode %d since inode %d was begun"
              .formatted(order.ino(), order.copy()));
    }
    for (Row<BytesRecord> row : new XattrBudget().take(in.tx, order.copy(), copy)) {
      in.tx.drop(Table.XATTRS, row.key());
    }
    in.tx.drop(Table.INODES, Key.of(order.copy()));
    Charge.addToOwner(in.tx, copy.uid(), copy.gid(), Usage.NOTHING.minus(Charge.own(copy)));
    Nameless.release(in, order.copy());
    return copy.map();
  }

  /** Whether there are any then. */
  private static boolean xattrs(
      long ino, Applying in, NamespaceReader then, Inode was, Inode before) {
    List<Row<BytesRecord>> wanted = CopyPast.xattrs(in, then, ino, was, new XattrBudget());
    Set<Key> keys = new HashSet<>();
    wanted.forEach(row -> keys.add(row.key()));
    boolean kept = false;
    for (Row<BytesRecord> row : new XattrBudget().take(in.tx, ino, before)) {
      if (keys.contains(row.key())) {
        continue;
      }
      if (in.subject.isRoot() || Xattrs.isForAll(Keys.nameOf(row.key()))) {
        in.tx.delete(Table.XATTRS, row.key());
      } else {
        kept = true;
      }
    }
    for (Row<BytesRecord> row : wanted) {
      if (!row.value().equals(in.tx.value(Table.XATTRS, row.key()))) {
        in.tx.put(Table.XATTRS, row.key(), row.value());
      }
    }
    return kept || !wanted.isEmpty();
  }
}

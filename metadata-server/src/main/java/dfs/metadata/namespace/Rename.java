package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Permissions;
import dfs.metadata.records.Inode;
import dfs.metadata.records.NameRecord;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Reply;
import org.jspecify.annotations.Nullable;

/** rename(2) and renameat2(2). */
final class Rename {
  private Rename() {}

  static Reply apply(Change.Rename order, Applying in) {
    Names.checkOld(order.name());
    if ((order.flags() & Change.Rename.EXCHANGE) != 0) {
      Names.checkOld(order.newName());
    } else {
      checkTarget(order.newName());
    }
    Inode from = Permission.writable(in.tx, in.subject, order.parent());
    Inode to = Permission.writable(in.tx, in.subject, order.newParent());
    NameRecord source = Tree.require(in.tx, order.parent(), order.name());
    NameRecord target = in.tx.name(order.newParent(), order.newName());
    if ((order.flags() & Change.Rename.NO_REPLACE) != 0 && target != null) {
      throw Refusal.of(Errno.EEXIST, "the new name is taken");
    }
    if (target != null && target.ino() == source.ino()) {
      return new Reply.Removed(null);
    }
    checkMove(in, from, source, order.parent(), order.newParent());
    if ((order.flags() & Change.Rename.EXCHANGE) != 0) {
      if (target == null) {
        throw Refusal.of(Errno.ENOENT, "there is nothing to exchange with");
      }
      checkMove(in, to, target, order.newParent(), order.parent());
      exchange(in, order, source, target);
      return new Reply.Removed(null);
    }
    Inode gone = target == null ? null : replace(in, order, to, source, target);
    Tree.removeName(in, order.parent(), order.name(), source);
    long cookie = Tree.addName(in, order.newParent(), order.newName(), source.ino(), source.type());
    Tree.moveLink(in, source.ino(), order.parent(), source.cookie(), order.newParent(), cookie);
    return new Reply.Removed(gone == null || target == null ? null : gone.attributes(target.ino()));
  }

  private static void checkTarget(ByteString name) {
    Names.checkOld(name);
    Names.checkNew(name);
  }

  /** Whether an entry may leave its directory, and a directory go to another place. */
  private static void checkMove(
      Applying in, Inode from, NameRecord moved, long parent, long newParent) {
    Inode inode = in.require(moved.ino());
    Permission.checkSticky(in.subject, from, inode);
    if (moved.type() == FileType.DIRECTORY && parent != newParent) {
      Permission.check(in.tx, in.subject, moved.ino(), inode, Permissions.WRITE);
      if (Tree.isWithin(in.tx, newParent, moved.ino())) {
        throw Refusal.of(Errno.EINVAL, "a directory cannot be moved into itself");
      }
    }
  }

  /** What the new name meant before goes; returns its inode as it is then. */
  private static @Nullable Inode replace(
      Applying in, Change.Rename order, Inode to, NameRecord source, NameRecord target) {
    Inode inode = in.require(target.ino());
    Permission.checkSticky(in.subject, to, inode);
    if (target.type() == FileType.DIRECTORY) {
      if (source.type() != FileType.DIRECTORY) {
        throw Refusal.of(Errno.EISDIR, "a directory is replaced by a directory only");
      }
      RemoveDirectory.requireEmpty(target.ino(), inode);
    } else if (source.type() == FileType.DIRECTORY) {
      throw Refusal.of(Errno.ENOTDIR, "a directory replaces a directory only");
    }
    Tree.removeName(in, order.newParent(), order.newName(), target);
    Tree.dropLink(in, target.ino(), order.newParent(), target.cookie());
    return in.require(target.ino());
  }

  private static void exchange(
      Applying in, Change.Rename order, NameRecord source, NameRecord target) {
    long parent = order.parent();
    long newParent = order.newParent();
    adjust(in, parent, source.type(), target.type());
    adjust(in, newParent, target.type(), source.type());
    Tree.setName(in, parent, order.name(), target.ino(), target.type(), source.cookie());
    Tree.setName(in, newParent, order.newName(), source.ino(), source.type(), target.cookie());
    Tree.moveLink(in, source.ino(), parent, source.cookie(), newParent, target.cookie());
    Tree.moveLink(in, target.ino(), newParent, target.cookie(), parent, source.cookie());
  }

  /** A directory's link count follows what its entry stands for now. */
  private static void adjust(Applying in, long parent, FileType before, FileType after) {
    Inode.Edit edit = in.require(parent).edit().modified(in.now);
    edit.links -= before == FileType.DIRECTORY ? 1 : 0;
    edit.links += after == FileType.DIRECTORY ? 1 : 0;
    in.put(parent, edit.done());
  }
}

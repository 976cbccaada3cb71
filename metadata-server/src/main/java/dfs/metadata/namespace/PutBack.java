package dfs.metadata.namespace;

import dfs.acl.Ownership;
import dfs.metadata.records.Inode;
import dfs.metadata.records.NameRecord;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Reply;

/** A tree that was put together from the past gets a name, in place of what has it. */
final class PutBack {
  private PutBack() {}

  static Reply apply(Change.PutBack order, Applying in) {
    Names.checkNew(order.name());
    Inode top = Nameless.requireOwn(in, order.ino());
    if (!Nameless.isTop(in.tx, order.ino())) {
      throw Refusal.of(Errno.EINVAL, "inode " + order.ino() + " has a name");
    }
    Inode directory = Permission.writable(in.tx, in.subject, order.parent());
    NameRecord target = in.tx.name(order.parent(), order.name());
    if (target != null) {
      if (!order.replace()) {
        throw Refusal.of(Errno.EEXIST, "the name is taken");
      }
      putAside(order, in, directory, target);
    }
    long cookie = Tree.addName(in, order.parent(), order.name(), order.ino(), top.type());
    Inode.Edit edit = top.edit().changed(in.now);
    edit.parent = order.parent();
    edit.cookie = cookie;
    Inode named = edit.done();
    in.put(order.ino(), named);
    Charge.add(in.tx, order.parent(), Charge.whole(in.tx, order.ino(), named));
    Nameless.release(in, order.ino());
    return new Reply.Entry(named.attributes(order.ino()));
  }

  /** What has the name loses it; a directory goes with everything in it, later. */
  private static void putAside(
      Change.PutBack order, Applying in, Inode directory, NameRecord target) {
    Inode inode = in.require(target.ino());
    Permission.checkSticky(in.subject, directory, inode);
    Tree.removeName(in, order.parent(), order.name(), target);
    if (target.type() != FileType.DIRECTORY) {
      Tree.dropLink(in, target.ino(), order.parent(), target.cookie());
      return;
    }
    if (!Ownership.isOwner(in.subject, inode.uid())) {
      throw Refusal.of(Errno.EPERM, "only the owner has a directory replaced with all in it");
    }
    Charge.subtract(in.tx, order.parent(), Charge.whole(in.tx, target.ino(), inode));
    Inode.Edit edit = inode.edit().changed(in.now);
    edit.parent = 0;
    edit.cookie = 0;
    in.put(target.ino(), edit.done());
    Nameless.hold(in, target.ino(), 0);
  }
}

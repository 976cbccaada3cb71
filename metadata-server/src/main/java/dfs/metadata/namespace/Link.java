package dfs.metadata.namespace;

import dfs.metadata.records.Inode;
import dfs.metadata.records.NumberRecord;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;

/** link(2). */
final class Link {
  private Link() {}

  static Reply apply(Change.Link order, Applying in) {
    Names.checkNew(order.name());
    Inode inode = in.require(order.ino());
    if (inode.isDirectory()) {
      throw Refusal.of(Errno.EPERM, "a directory has one name");
    }
    if (inode.parent() == 0) {
      throw Refusal.of(Errno.ENOENT, "inode " + order.ino() + " has no name");
    }
    if (inode.links() >= Limits.LINKS) {
      throw Refusal.of(Errno.EMLINK, "inode " + order.ino() + " has too many links");
    }
    Permission.writable(in.tx, in.subject, order.parent());
    Tree.requireFree(in, order.parent(), order.name());
    long cookie = Tree.addName(in, order.parent(), order.name(), order.ino(), inode.type());
    in.tx.put(Table.LINKS, Key.of(order.ino(), order.parent(), cookie), new NumberRecord(0));
    Inode.Edit edit = inode.edit().changed(in.now);
    edit.links++;
    in.put(order.ino(), edit.done());
    return in.entry(order.ino());
  }
}

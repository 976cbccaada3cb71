package dfs.metadata.namespace;

import dfs.metadata.records.Inode;
import dfs.metadata.records.NameRecord;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Reply;

/** unlink(2). The inode goes when its last holder anywhere has let go. */
final class Unlink {
  private Unlink() {}

  static Reply apply(Change.Unlink order, Applying in) {
    Names.checkOld(order.name());
    Inode directory = Permission.writable(in.tx, in.subject, order.parent());
    NameRecord record = Tree.require(in.tx, order.parent(), order.name());
    if (record.type() == FileType.DIRECTORY) {
      throw Refusal.of(Errno.EISDIR, "inode " + record.ino() + " is a directory");
    }
    Permission.checkSticky(in.subject, directory, in.require(record.ino()));
    Tree.removeName(in, order.parent(), order.name(), record);
    Tree.dropLink(in, record.ino(), order.parent(), record.cookie());
    return new Reply.Removed(in.require(record.ino()).attributes(record.ino()));
  }
}

package dfs.metadata.namespace;

import dfs.metadata.records.Inode;
import dfs.metadata.records.NameRecord;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Reply;

/** rmdir(2). */
final class RemoveDirectory {
  private RemoveDirectory() {}

  static Reply apply(Change.RemoveDirectory order, Applying in) {
    Names.checkOld(order.name());
    Inode directory = Permission.writable(in.tx, in.subject, order.parent());
    NameRecord record = Tree.require(in.tx, order.parent(), order.name());
    if (record.type() != FileType.DIRECTORY) {
      throw Refusal.of(Errno.ENOTDIR, "inode " + record.ino() + " is no directory");
    }
    Inode inode = in.require(record.ino());
    Permission.checkSticky(in.subject, directory, inode);
    requireEmpty(record.ino(), inode);
    Tree.removeName(in, order.parent(), order.name(), record);
    Tree.dropLink(in, record.ino(), order.parent(), record.cookie());
    return new Reply.Removed(in.require(record.ino()).attributes(record.ino()));
  }

  static void requireEmpty(long ino, Inode directory) {
    if (directory.sizeBytes() > 0) {
      throw Refusal.of(
          Errno.ENOTEMPTY, "directory %d has %d entries".formatted(ino, directory.sizeBytes()));
    }
  }
}

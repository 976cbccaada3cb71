package dfs.metadata.namespace;

import dfs.metadata.records.Inode;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Reply;

/** Access times that a client collected: the latest wins, nothing else notices. */
final class Touch {
  private Touch() {}

  static Reply apply(Change.Touch order, Applying in) {
    for (Change.AccessTime time : order.times()) {
      Inode inode = in.tx.inode(time.ino());
      if (inode != null && inode.accessNanos() < time.accessNanos()) {
        Inode.Edit edit = inode.edit();
        edit.accessNanos = time.accessNanos();
        in.tx.amend(Table.INODES, Key.of(time.ino()), edit.unnoticed());
      }
    }
    return Reply.Done.DONE;
  }
}

package dfs.metadata.namespace;

import dfs.acl.Subject;
import dfs.metadata.records.Inode;
import dfs.metadata.state.Table;
import dfs.metadata.state.Transaction;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Reply;

/** One command being applied: the state to change, and what was stamped on the command. */
final class Applying {
  final Transaction tx;
  final Command command;
  final Subject subject;

  /** The command's stamp: the time of everything it does. */
  final long now;

  Applying(Transaction tx, Command command) {
    this.tx = tx;
    this.command = command;
    this.subject = Permission.subject(command.caller());
    this.now = tx.stampNanos();
  }

  Inode require(long ino) {
    return Permission.require(tx, ino);
  }

  void put(long ino, Inode inode) {
    tx.put(Table.INODES, Key.of(ino), inode);
  }

  Reply.Entry entry(long ino) {
    return new Reply.Entry(require(ino).attributes(ino));
  }
}

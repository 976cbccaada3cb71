package dfs.metadata.namespace;

import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Reply;

/** mkdir(2). */
final class MakeDirectory {
  private static final int SETTABLE = 01777;

  private MakeDirectory() {}

  /** The setgid bit comes from the parent alone, setuid has no meaning. */
  static Reply apply(Change.MakeDirectory order, Applying in) {
    return NewInode.make(
        in,
        order.parent(),
        order.name(),
        FileType.DIRECTORY,
        order.mode() & SETTABLE,
        order.umask(),
        0,
        null);
  }
}

package dfs.metadata.namespace;

import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Reply;

/** open(2) with O_CREAT of a name that is free. */
final class CreateFile {
  private CreateFile() {}

  static Reply apply(Change.CreateFile order, Applying in) {
    return NewInode.make(
        in, order.parent(), order.name(), FileType.REGULAR, order.mode(), order.umask(), 0, null);
  }
}

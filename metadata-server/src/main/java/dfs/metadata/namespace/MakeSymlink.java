package dfs.metadata.namespace;

import dfs.protocol.Limits;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Reply;

/** symlink(2). Nobody follows the target here. */
final class MakeSymlink {
  private MakeSymlink() {}

  static Reply apply(Change.MakeSymlink order, Applying in) {
    if (order.target().isEmpty()) {
      throw Refusal.of(Errno.ENOENT, "an empty target");
    }
    if (order.target().size() > Limits.SYMLINK_TARGET_BYTES) {
      throw Refusal.of(Errno.ENAMETOOLONG, "a target of " + order.target().size() + " bytes");
    }
    return NewInode.make(
        in, order.parent(), order.name(), FileType.SYMLINK, 0777, 0, 0, order.target());
  }
}

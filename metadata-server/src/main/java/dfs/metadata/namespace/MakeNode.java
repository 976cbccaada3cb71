package dfs.metadata.namespace;

import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Reply;

/** mknod(2) and mkfifo(3); devices are the superuser's. */
final class MakeNode {
  private MakeNode() {}

  static Reply apply(Change.MakeNode order, Applying in) {
    FileType type = order.type();
    boolean device = type == FileType.CHARACTER_DEVICE || type == FileType.BLOCK_DEVICE;
    if (type == FileType.DIRECTORY || type == FileType.SYMLINK) {
      throw Refusal.of(Errno.EINVAL, "mknod makes no " + type);
    }
    if (device && !in.subject.isRoot()) {
      throw Refusal.of(Errno.EPERM, "only root makes devices");
    }
    return NewInode.make(
        in,
        order.parent(),
        order.name(),
        type,
        order.mode(),
        order.umask(),
        device ? order.device() : 0,
        null);
  }
}

package dfs.metadata.namespace;

import dfs.acl.Ownership;
import dfs.metadata.records.Inode;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Reply;
import java.util.List;

/** How many copies are kept of a file, or of what is made in a directory. */
final class SetReplication {
  private SetReplication() {}

  static Reply apply(Change.SetReplication order, Applying in) {
    boolean keeps = order.copies() == Change.SetReplication.KEEP;
    if (!keeps) {
      Blocks.checkCopies(order.copies(), 0);
    }
    Inode before = in.require(order.ino());
    if (!before.isDirectory() && !before.isRegular()) {
      throw Refusal.of(Errno.EINVAL, "only files and directories have copies");
    }
    if (!Ownership.isOwner(in.subject, before.uid())) {
      throw Refusal.of(Errno.EPERM, "only the owner says how many copies are kept");
    }
    int copies = keeps ? before.copies() : order.copies();
    checkMin(order.copiesMin(), copies == 0 ? Blocks.copies(in.tx) : copies);
    if (before.isRegular() && !keeps) {
      List<Extent> extents =
          Maps.touching(
              in.tx,
              before.map(),
              order.fromOffset(),
              order.toOffset(),
              Limits.EXTENTS_PER_MESSAGE + 1);
      if (extents.size() > Limits.EXTENTS_PER_MESSAGE) {
        throw Refusal.of(
            Errno.EAGAIN,
            "[%d, %d) of inode %d lies in more than %d pieces: ask for fewer"
                .formatted(
                    order.fromOffset(), order.toOffset(), order.ino(), Limits.EXTENTS_PER_MESSAGE));
      }
      for (Extent extent : extents) {
        if (!extent.unwritten()) {
          Blocks.setCopies(in, extent.block(), order.ino(), order.copies());
        }
      }
    }
    int policy = before.policyWith(copies, order.copiesMin());
    if (policy == before.policy()) {
      return in.entry(order.ino());
    }
    Inode.Edit edit = before.edit().changed(in.now);
    edit.policy = policy;
    in.put(order.ino(), edit.done());
    return in.entry(order.ino());
  }

  private static void checkMin(int copiesMin, int copies) {
    if (copiesMin < 0 || copiesMin > copies) {
      throw Refusal.of(
          Errno.EINVAL, "at least %d of %d copies cannot be had".formatted(copiesMin, copies));
    }
  }
}

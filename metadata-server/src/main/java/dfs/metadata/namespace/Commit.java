package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Permissions;
import dfs.acl.SetId;
import dfs.acl.Subject;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Inode;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Reply;
import java.util.Set;

/** What a session wrote becomes part of a file. */
final class Commit {
  /** Nobody in particular wrote: somebody without privileges. */
  private static final Subject ORDINARY = new Subject(-1, -1, Set.of());

  private Commit() {}

  static Reply apply(Change.Commit order, Applying in) {
    Inode before = in.require(order.ino());
    if (!before.isRegular()) {
      throw Refusal.of(Errno.EINVAL, "inode " + order.ino() + " is no regular file");
    }
    if (before.map() != order.map()) {
      throw Refusal.of(
          Errno.ESTALE,
          "inode %d was truncated: its map is no longer %d".formatted(order.ino(), order.map()));
    }
    if (order.expectedChange() != 0 && order.expectedChange() != before.change()) {
      throw Refusal.of(Errno.EAGAIN, "inode " + order.ino() + " was changed meanwhile");
    }
    if (!order.byHandle()) {
      Permission.check(in.tx, in.subject, order.ino(), before, Permissions.WRITE);
    }
    Inode.Edit edit = before.edit();
    if (order.hasInline()) {
      inline(order, in, before, edit);
    } else {
      extents(order, in, before, edit);
    }
    order.ends().forEach(end -> Blocks.end(in, end));
    order.extents().forEach(extent -> Blocks.checkEnd(in, extent));
    // What was written counts also when there is no server for what will be.
    Reply.BlockGrant next =
        order.next() == null || in.command.placement().isEmpty()
            ? null
            : Blocks.allocate(in, order.next());
    boolean grows = order.sizeBytes() > before.sizeBytes();
    if (!order.hasInline() && order.extents().isEmpty() && !grows) {
      return new Reply.Committed(before.attributes(order.ino()), next);
    }
    edit.sizeBytes = Math.max(before.sizeBytes(), order.sizeBytes());
    edit.changed(in.now);
    edit.modifyNanos = order.modifyNanos() == 0 ? in.now : order.modifyNanos();
    if (order.killPrivileges()) {
      edit.mode = SetId.afterWrite(ORDINARY, edit.mode, before.gid());
    }
    Inode after = edit.done();
    in.put(order.ino(), after);
    Charge.follow(in.tx, before, after);
    return new Reply.Committed(after.attributes(order.ino()), next);
  }

  private static void inline(Change.Commit order, Applying in, Inode before, Inode.Edit edit) {
    if (!before.has(Attributes.FLAG_INLINE) && before.allocatedBytes() > 0) {
      throw Refusal.of(Errno.EINVAL, "inode " + order.ino() + " lies in blocks");
    }
    if (order.inline().size() > order.sizeBytes()) {
      throw Refusal.of(Errno.EINVAL, "more contents than the file is long");
    }
    in.tx.put(Table.INLINE, Key.of(order.ino()), new BytesRecord(order.inline()));
    edit.flag(Attributes.FLAG_INLINE, true);
    edit.allocatedBytes = order.inline().size();
  }

  private static void extents(Change.Commit order, Applying in, Inode before, Inode.Edit edit) {
    long end = 0;
    for (Extent extent : order.extents()) {
      if (extent.fileOffset() < end) {
        throw Refusal.of(Errno.EINVAL, "extents that overlap or are out of order");
      }
      end = extent.fileEnd();
      Blocks.checkCommit(in, extent);
    }
    if (end > Math.max(before.sizeBytes(), order.sizeBytes())) {
      throw Refusal.of(Errno.EINVAL, "extents beyond the end of the file");
    }
    if (order.extents().isEmpty()) {
      return;
    }
    if (before.has(Attributes.FLAG_INLINE)) {
      leaveInline(order, in, edit);
    }
    for (Extent extent : order.extents()) {
      edit.allocatedBytes += Maps.overlay(in, before.map(), extent);
      if (!extent.unwritten()) {
        // It may have been made before so many copies were asked for.
        Blocks.wantCopies(in, extent.block(), before.copies());
      }
    }
  }

  /** A file that outgrew the metadata brought what was inline along in its first extents. */
  private static void leaveInline(Change.Commit order, Applying in, Inode.Edit edit) {
    ByteString inline = Maps.inline(in.tx, order.ino());
    long covered = 0;
    for (Extent extent : order.extents()) {
      if (extent.fileOffset() > covered) {
        break;
      }
      covered = extent.fileEnd();
    }
    if (covered < inline.size()) {
      throw Refusal.of(
          Errno.EINVAL,
          "extents up to %d do not replace %d inline bytes".formatted(covered, inline.size()));
    }
    in.tx.delete(Table.INLINE, Key.of(order.ino()));
    edit.flag(Attributes.FLAG_INLINE, false);
    edit.allocatedBytes = 0;
  }
}

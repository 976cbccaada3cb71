package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Permissions;
import dfs.acl.Subject;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.ExtentRecord;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.records.NameRecord;
import dfs.metadata.records.NumberRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.ArrayList;
import java.util.List;

/**
 * Copies of inodes as they were. The extents of then are named once more by a map of the copy's
 * own: no data is moved, and what they name has so many owners more. Of what is still there no
 * fewer copies are wanted than now.
 */
final class CopyPast {
  /** Extents of one command; with each its block and its owner count may be written. */
  static final int EXTENTS_MAX = 250;

  /** Records of one command, the extents aside. */
  private static final int RECORDS_MAX = 400;

  private static final int RECORDS_PER_COPY = 4;

  private CopyPast() {}

  /** The state as of a kept instant; ENODATA if it is not kept. */
  static NamespaceReader then(Applying in, long asOfNanos) {
    NamespaceReader then = in.tx.asOf(asOfNanos);
    if (then == null) {
      throw Refusal.of(Errno.ENODATA, "the instant " + asOfNanos + " is not kept");
    }
    return then;
  }

  static Reply apply(Change.CopyPast order, Applying in) {
    NamespaceReader then = then(in, order.asOfNanos());
    if (order.parent() != 0 && !Nameless.requireOwn(in, order.parent()).isDirectory()) {
      throw Refusal.of(Errno.ENOTDIR, "inode " + order.parent() + " is no directory");
    }
    List<Long> copies = new ArrayList<>();
    int records = 0;
    int extents = 0;
    XattrBudget budget = new XattrBudget();
    for (Change.PastEntry entry : order.entries()) {
      if (records >= RECORDS_MAX || extents >= EXTENTS_MAX) {
        break;
      }
      if (order.parent() != 0) {
        Names.checkNew(entry.name());
        Tree.requireFree(in, order.parent(), entry.name());
      }
      records += RECORDS_PER_COPY;
      if (entry.existing() != 0) {
        link(in, order.parent(), entry);
        copies.add(entry.existing());
        continue;
      }
      Inode was = required(then, entry.from());
      check(in, then, entry.from(), was);
      if (!budget.isFresh() && !budget.holds(then, entry.from(), was)) {
        break;
      }
      List<Row<BytesRecord>> xattrs = xattrs(in, then, entry.from(), was, budget);
      Copied copied = make(in, then, order.parent(), entry, was, xattrs, EXTENTS_MAX - extents);
      copies.add(copied.ino());
      records += copied.records();
      extents += copied.extents();
      if (copied.more()) {
        return new Reply.Progress(copies, true);
      }
    }
    return new Reply.Progress(copies, false);
  }

  /** The answer to a repeat: what was made has its names. */
  static Reply repeated(NamespaceReader reader, long session, Change.CopyPast order, long first) {
    List<Long> copies = new ArrayList<>();
    if (order.parent() == 0) {
      copies.add(first);
    } else {
      // What is sent may be another order than what was done.
      Nameless.checkOwn(reader, session, order.parent());
      for (Change.PastEntry entry : order.entries()) {
        NameRecord name = reader.name(order.parent(), entry.name());
        if (name == null) {
          break;
        }
        copies.add(name.ino());
      }
    }
    return new Reply.Progress(copies, true);
  }

  static Reply goOn(Change.CopyExtents order, Applying in) {
    Inode before = Nameless.requireOwn(in, order.ino());
    NamespaceReader then = then(in, order.asOfNanos());
    Inode was = required(then, order.from());
    check(in, then, order.from(), was);
    if (before.isDirectory()) {
      // Its entries have changed it.
      Inode.Edit edit = before.edit();
      edit.modifyNanos = was.modifyNanos();
      in.put(order.ino(), edit.done());
      return new Reply.Progress(List.of(order.ino()), false);
    }
    if (!before.isRegular() || !was.isRegular() || was.has(Attributes.FLAG_INLINE)) {
      return new Reply.Progress(List.of(order.ino()), false);
    }
    Inode.Edit edit = before.edit();
    int copies = Blocks.more(in.tx, was.copies(), before.copies());
    Part part = extents(in, then, was, order.ino(), edit.map, copies, EXTENTS_MAX);
    edit.allocatedBytes += part.bytes();
    edit.sizeBytes = part.more() ? part.end() : was.sizeBytes();
    Inode after = edit.done();
    in.put(order.ino(), after);
    if (after.parent() == 0) {
      Charge.addToOwner(
          in.tx, after.uid(), after.gid(), Charge.own(after).minus(Charge.own(before)));
    } else {
      Charge.follow(in.tx, before, after);
    }
    return new Reply.Progress(List.of(order.ino()), part.more());
  }

  static Inode required(NamespaceReader then, long ino) {
    Inode inode = then.inode(ino);
    if (inode == null) {
      throw Refusal.of(Errno.ENOENT, "inode " + ino + " was not there then");
    }
    return inode;
  }

  /**
   * Refuses what the caller might not read then, or may not now, and what he cannot make: only root
   * makes devices and gives files away.
   */
  static void check(Applying in, NamespaceReader then, long ino, Inode was) {
    Subject subject = in.subject;
    if (subject.isRoot()) {
      return;
    }
    if (was.type() == FileType.CHARACTER_DEVICE || was.type() == FileType.BLOCK_DEVICE) {
      throw Refusal.of(Errno.EPERM, "only root makes devices");
    }
    if (was.uid() != subject.uid() || !subject.isIn(was.gid())) {
      throw Refusal.of(
          Errno.EPERM,
          "inode %d was of user %d and group %d: only root gives files away"
              .formatted(ino, was.uid(), was.gid()));
    }
    Query query =
        was.isRegular()
            ? new Query.ReadMap(ino, 0, 0)
            : was.isDirectory()
                ? new Query.ListDirectory(ino, 0, 0, 1, true)
                : new Query.GetAttributes(ino);
    List<Long> way = PastAccess.way(then, query);
    PastAccess.checkThen(then, subject, way, in.tx.inode(ino));
    if (was.isRegular() || was.isDirectory()) {
      int wanted = was.isDirectory() ? Permissions.READ | Permissions.EXECUTE : Permissions.READ;
      Permission.check(then, subject, ino, was, wanted);
    }
    PastAccess.check(in.tx, subject, query, way);
  }

  /** A further name of a copy. */
  private static void link(Applying in, long parent, Change.PastEntry entry) {
    Inode inode = Nameless.requireOwn(in, entry.existing());
    if (inode.parent() == 0) {
      throw Refusal.of(Errno.EINVAL, "inode " + entry.existing() + " has no name yet");
    }
    if (inode.isDirectory() || parent == 0 || inode.links() >= Limits.LINKS) {
      throw Refusal.of(Errno.EPERM, "inode " + entry.existing() + " gets no further name");
    }
    long cookie = Tree.addName(in, parent, entry.name(), entry.existing(), inode.type());
    in.tx.put(Table.LINKS, Key.of(entry.existing(), parent, cookie), new NumberRecord(0));
    Inode.Edit edit = inode.edit().changed(in.now);
    edit.links++;
    in.put(entry.existing(), edit.done());
  }

  private record Copied(long ino, int records, int extents, boolean more) {}

  private static Copied make(
      Applying in,
      NamespaceReader then,
      long parent,
      Change.PastEntry entry,
      Inode was,
      List<Row<BytesRecord>> xattrs,
      int extentsMax) {
    long ino = NewInode.nextIno(in.tx);
    long cookie = parent == 0 ? 0 : Tree.addName(in, parent, entry.name(), ino, was.type());
    xattrs.forEach(
        row -> in.tx.put(Table.XATTRS, Keys.named(ino, Keys.nameOf(row.key())), row.value()));
    boolean inline = was.has(Attributes.FLAG_INLINE);
    if (inline) {
      ByteString bytes = Maps.inline(then, entry.from());
      in.tx.put(Table.INLINE, Key.of(ino), new BytesRecord(bytes));
    }
    boolean blocks = was.isRegular() && !inline;
    Inode now = in.tx.inode(entry.from());
    int copies = now == null ? was.copies() : Blocks.more(in.tx, was.copies(), now.copies());
    Part part =
        blocks
            ? extents(in, then, was, ino, ino, copies, extentsMax)
            : new Part(0, was.isDirectory() ? 0 : was.allocatedBytes(), 0, false);
    long size = part.more() ? part.end() : was.isDirectory() ? 0 : was.sizeBytes();
    Inode copy =
        new Inode(
            was.type(),
            was.mode(),
            was.uid(),
            was.gid(),
            was.isDirectory() ? 2 : 1,
            was.device(),
            size,
            part.bytes(),
            in.now,
            was.modifyNanos(),
            in.now,
            in.now,
            parent,
            cookie,
            was.isRegular() ? ino : 0,
            in.now,
            0,
            0,
            1,
            was.policyWith(copies, was.copiesMin()),
            was.grain(),
            flags(was, !xattrs.isEmpty()),
            1,
            0,
            0,
            0);
    in.put(ino, copy);
    if (parent == 0) {
      Nameless.hold(in, ino, in.command.session());
    } else {
      Charge.add(in.tx, parent, Charge.own(copy));
    }
    Charge.addToOwner(in.tx, copy.uid(), copy.gid(), Charge.own(copy));
    return new Copied(ino, xattrs.size(), part.count(), part.more());
  }

  static int flags(Inode was, boolean xattrs) {
    return xattrs ? was.flags() | Inode.HAS_XATTRS : was.flags() & ~Inode.HAS_XATTRS;
  }

  /** Extended attributes of then, but for those that only root sets if it is not he. */
  static List<Row<BytesRecord>> xattrs(
      Applying in, NamespaceReader then, long ino, Inode was, XattrBudget budget) {
    return budget.take(then, ino, was).stream()
        .filter(row -> in.subject.isRoot() || Xattrs.isForAll(Keys.nameOf(row.key())))
        .toList();
  }

  /**
   * What was copied of a map.
   *
   * @param count extents
   * @param bytes that they hold
   * @param end where the last of them ends
   * @param more the map had more
   */
  record Part(int count, long bytes, long end, boolean more) {}

  /**
   * Goes on behind what a map has.
   *
   * @param copies wanted of the blocks at least
   */
  static Part extents(
      Applying in, NamespaceReader then, Inode was, long ino, long map, int copies, int limit) {
    Row<ExtentRecord> last =
        in.tx.floor(Table.EXTENTS, Key.of(map, 0), Key.of(map, Limits.FILE_SIZE_BYTES));
    long end = last == null ? 0 : last.key().longAt(Long.BYTES) + last.value().lengthBytes();
    List<Row<ExtentRecord>> rows =
        then.rows(
            Table.EXTENTS, Key.of(was.map(), end), Key.of(was.map()).afterPrefix(), limit + 1);
    boolean more = rows.size() > limit;
    long bytes = 0;
    for (Row<ExtentRecord> row : more ? rows.subList(0, limit) : rows) {
      ExtentRecord extent = row.value();
      long offset = row.key().longAt(Long.BYTES);
      in.tx.put(Table.EXTENTS, Key.of(map, offset), extent);
      if (extent.block() != 0) {
        Blocks.share(in, extent.block(), ino, copies);
      }
      bytes += extent.lengthBytes();
      end = offset + extent.lengthBytes();
    }
    return new Part(Math.min(rows.size(), limit), bytes, end, more);
  }
}

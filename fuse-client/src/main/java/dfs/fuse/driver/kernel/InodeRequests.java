package dfs.fuse.driver.kernel;

import com.google.protobuf.ByteString;
import dfs.fuse.vfs.Vfs;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;

/**
 * Requests about names and attributes. Each method answers one opcode and returns the answer's
 * length.
 */
final class InodeRequests {
  private static final int PERMISSIONS = 07777;
  private static final long NANOS = 1_000_000_000L;
  private static final int WHITEOUT = 4;
  private static final int BY_HANDLE = 64;

  private final Vfs vfs;
  private final Gate gate;

  InodeRequests(Vfs vfs, Gate gate) {
    this.vfs = vfs;
    this.gate = gate;
  }

  Reply call(Request in, Operation operation) {
    return vfs.call(in.caller(), in.process(), operation);
  }

  int lookup(Request in, Answer out) {
    Reply reply = call(in, new Query.Lookup(in.node(), in.text(0)));
    if (reply instanceof Reply.Refused refused && refused.errno() == Errno.ENOENT) {
      gate.enter();
      long validity = vfs.validityNanos(in.node(), in.epoch());
      return validity == 0
          ? out.fail(in.unique(), Errno.ENOENT)
          : out.start().absentEntry(validity).finish(in.unique());
    }
    return entry(in, out, reply);
  }

  /** The answer to whatever gives the kernel a new reference to an inode. */
  int entry(Request in, Answer out, Reply reply) {
    if (!(reply instanceof Reply.Entry entry)) {
      return failed(in, out, reply);
    }
    vfs.remember(entry.attributes(), 1);
    gate.enter();
    long validity = vfs.validityNanos(entry.attributes().ino(), in.epoch());
    return out.start().entry(entry.attributes(), validity).finish(in.unique());
  }

  private int attributes(Request in, Answer out, Reply reply) {
    if (!(reply instanceof Reply.Entry entry)) {
      return failed(in, out, reply);
    }
    gate.enter();
    return out.start()
        .attributesOut(entry.attributes(), vfs.validityNanos(entry.attributes().ino(), in.epoch()))
        .finish(in.unique());
  }

  /** The errno of a refusal; what should not have come at all is EIO. */
  static int failed(Request in, Answer out, Reply reply) {
    return out.fail(
        in.unique(), reply instanceof Reply.Refused refused ? refused.errno() : Errno.EIO);
  }

  private static int done(Request in, Answer out, Reply reply) {
    return reply instanceof Reply.Done || reply instanceof Reply.Removed
        ? out.start().finish(in.unique())
        : failed(in, out, reply);
  }

  int getAttributes(Request in, Answer out) {
    return attributes(in, out, call(in, new Query.GetAttributes(in.node())));
  }

  /**
   * struct fuse_setattr_in: 0 valid | 8 fh | 16 size | 32 atime | 40 mtime | 56 atimensec | 60
   * mtimensec | 68 mode | 76 uid | 80 gid.
   */
  int setAttributes(Request in, Answer out) {
    int asked = in.u32(0);
    if ((asked & BY_HANDLE) != 0 && !vfs.isUsable(in.u64(8))) {
      return out.fail(in.unique(), Errno.EIO);
    }
    if ((asked & 8) != 0 && Long.compareUnsigned(in.u64(16), Limits.FILE_SIZE_BYTES) > 0) {
      return out.fail(in.unique(), Errno.EFBIG);
    }
    int valid = 0;
    valid |= (asked & 1) != 0 ? Change.SetAttributes.SET_MODE : 0;
    valid |= (asked & 2) != 0 ? Change.SetAttributes.SET_UID : 0;
    valid |= (asked & 4) != 0 ? Change.SetAttributes.SET_GID : 0;
    valid |= (asked & 8) != 0 ? Change.SetAttributes.SET_SIZE : 0;
    valid |= (asked & 16) != 0 ? Change.SetAttributes.SET_ACCESS_TIME : 0;
    valid |= (asked & 32) != 0 ? Change.SetAttributes.SET_MODIFY_TIME : 0;
    valid |= (asked & BY_HANDLE) != 0 ? Change.SetAttributes.BY_HANDLE : 0;
    valid |= (asked & 128) != 0 ? Change.SetAttributes.ACCESS_NOW : 0;
    valid |= (asked & 256) != 0 ? Change.SetAttributes.MODIFY_NOW : 0;
    valid |= (asked & 2048) != 0 ? Change.SetAttributes.KILL_PRIVILEGES : 0;
    Change.SetAttributes change =
        new Change.SetAttributes(
            in.node(),
            valid,
            in.u32(68) & PERMISSIONS,
            in.u32(76),
            in.u32(80),
            (asked & 8) != 0 ? in.u64(16) : 0,
            in.u64(32) * NANOS + in.u32(56),
            in.u64(40) * NANOS + in.u32(60),
            0);
    return attributes(in, out, call(in, change));
  }

  int readLink(Request in, Answer out) {
    return call(in, new Query.ReadLink(in.node())) instanceof Reply.Value target
        ? value(in, out, target.value())
        : out.fail(in.unique(), Errno.EINVAL);
  }

  private static int value(Request in, Answer out, ByteString value) {
    out.start();
    value.copyTo(out.body());
    return out.finish(in.unique());
  }

  int makeSymlink(Request in, Answer out) {
    ByteString name = in.text(0);
    ByteString target = in.text(name.size() + 1);
    return entry(in, out, call(in, new Change.MakeSymlink(in.node(), name, target)));
  }

  /** struct fuse_mknod_in: 0 mode | 4 rdev | 8 umask | 16 name. */
  int makeNode(Request in, Answer out) {
    FileType type = FileType.ofMode(in.u32(0));
    if (type == null) {
      return out.fail(in.unique(), Errno.EINVAL);
    }
    Change.MakeNode change =
        new Change.MakeNode(
            in.node(),
            in.text(16),
            type,
            in.u32(0) & PERMISSIONS,
            in.u32(8),
            Integer.toUnsignedLong(in.u32(4)));
    return entry(in, out, call(in, change));
  }

  /** struct fuse_mkdir_in: 0 mode | 4 umask | 8 name. */
  int makeDirectory(Request in, Answer out) {
    Change.MakeDirectory change =
        new Change.MakeDirectory(in.node(), in.text(8), in.u32(0) & PERMISSIONS, in.u32(4));
    return entry(in, out, call(in, change));
  }

  int unlink(Request in, Answer out) {
    return done(in, out, call(in, new Change.Unlink(in.node(), in.text(0))));
  }

  int removeDirectory(Request in, Answer out) {
    return done(in, out, call(in, new Change.RemoveDirectory(in.node(), in.text(0))));
  }

  /** struct fuse_rename_in: 0 newdir | 8 names; fuse_rename2_in: 0 newdir | 8 flags | 16 names. */
  int rename(Request in, Answer out, boolean withFlags) {
    int names = withFlags ? 16 : 8;
    int flags = withFlags ? in.u32(8) : 0;
    if ((flags & ~(Change.Rename.NO_REPLACE | Change.Rename.EXCHANGE)) != 0
        || flags == (Change.Rename.NO_REPLACE | Change.Rename.EXCHANGE)
        || (flags & WHITEOUT) != 0) {
      return out.fail(in.unique(), Errno.EINVAL);
    }
    ByteString from = in.text(names);
    ByteString to = in.text(names + from.size() + 1);
    return done(in, out, call(in, new Change.Rename(in.node(), from, in.u64(0), to, flags)));
  }

  int link(Request in, Answer out) {
    return entry(in, out, call(in, new Change.Link(in.u64(0), in.node(), in.text(8))));
  }

  /** struct fuse_kstatfs. */
  int space(Request in, Answer out) {
    if (!(call(in, new Query.GetSpace()) instanceof Reply.Space space)) {
      return out.fail(in.unique(), Errno.EIO);
    }
    int unit = 4096;
    long free = space.freeBytes() / unit;
    long filesFree = free + 1_000_000;
    out.start().u64(space.totalBytes() / unit).u64(free).u64(free);
    out.u64(space.files() + filesFree).u64(filesFree).u32(unit).u32(255).u32(unit).u32(0);
    return out.u64(0).u64(0).u64(0).finish(in.unique());
  }

  /** struct fuse_setxattr_in: 0 size | 4 flags | 8 setxattr_flags | 16 name and value. */
  int setXattr(Request in, Answer out) {
    ByteString name = in.text(16);
    ByteString value = ByteString.copyFrom(in.data(16 + name.size() + 1, in.u32(0)));
    int flags = in.u32(4) | ((in.u32(8) & 1) != 0 ? 4 : 0);
    return done(in, out, call(in, new Change.SetXattr(in.node(), name, value, flags)));
  }

  /** struct fuse_getxattr_in: 0 size | 8 name. */
  int getXattr(Request in, Answer out) {
    Reply reply = call(in, new Query.GetXattr(in.node(), in.text(8)));
    return reply instanceof Reply.Value value
        ? sized(in, out, value.value())
        : failed(in, out, reply);
  }

  int listXattrs(Request in, Answer out) {
    Reply reply = call(in, new Query.ListXattrs(in.node()));
    if (!(reply instanceof Reply.Names names)) {
      return failed(in, out, reply);
    }
    ByteString.Output list = ByteString.newOutput();
    for (ByteString name : names.names()) {
      list.write(name.toByteArray(), 0, name.size());
      list.write(0);
    }
    return sized(in, out, list.toByteString());
  }

  /** The value, or only its size when asked with room for nothing. */
  private static int sized(Request in, Answer out, ByteString value) {
    int room = in.u32(0);
    if (room == 0) {
      return out.start().u32(value.size()).u32(0).finish(in.unique());
    }
    return value.size() > room ? out.fail(in.unique(), Errno.ERANGE) : value(in, out, value);
  }

  int removeXattr(Request in, Answer out) {
    return done(in, out, call(in, new Change.RemoveXattr(in.node(), in.text(0))));
  }

  /** Attributes known after the call, for a create that also opens. */
  int created(Request in, Answer out, Attributes attributes, long handle, int flags) {
    vfs.remember(attributes, 1);
    gate.enter();
    out.start().entry(attributes, vfs.validityNanos(attributes.ino(), in.epoch()));
    return out.openOut(handle, flags).finish(in.unique());
  }
}

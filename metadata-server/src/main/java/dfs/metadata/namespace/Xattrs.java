package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Acl;
import dfs.acl.Ownership;
import dfs.acl.Permissions;
import dfs.acl.SetId;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Reply;
import org.jspecify.annotations.Nullable;

/** setxattr(2) and removexattr(2), with the name spaces of xattr(7); ACLs are among them. */
final class Xattrs {
  private static final ByteString USER = ByteString.copyFromUtf8("user.");
  private static final ByteString TRUSTED = ByteString.copyFromUtf8("trusted.");
  private static final ByteString SECURITY = ByteString.copyFromUtf8("security.");
  private static final int CREATE = 1;
  private static final int REPLACE = 2;
  private static final int KILL_SET_GID = 4;

  private Xattrs() {}

  static boolean isAcl(ByteString name) {
    return name.equals(Permission.ACCESS_ACL) || name.equals(Permission.DEFAULT_ACL);
  }

  static boolean isTrusted(ByteString name) {
    return name.startsWith(TRUSTED);
  }

  /** Whether others than root set attributes of that kind. */
  static boolean isForAll(ByteString name) {
    return isUser(name) || isAcl(name);
  }

  static boolean isUser(ByteString name) {
    return name.startsWith(USER);
  }

  static Reply set(Change.SetXattr order, Applying in) {
    checkName(order.name());
    if (order.value().size() > Limits.XATTR_VALUE_BYTES) {
      throw Refusal.of(Errno.ERANGE, "a value of " + order.value().size() + " bytes");
    }
    Inode inode = in.require(order.ino());
    checkWrite(in, order.ino(), inode, order.name());
    Key key = Keys.named(order.ino(), order.name());
    boolean known = in.tx.get(Table.XATTRS, key) != null;
    if ((order.flags() & CREATE) != 0 && known) {
      throw Refusal.of(Errno.EEXIST, "the attribute exists");
    }
    if ((order.flags() & REPLACE) != 0 && !known) {
      throw Refusal.of(Errno.ENODATA, "the attribute does not exist");
    }
    if (isAcl(order.name())) {
      setAcl(in, order, inode, key);
      return Reply.Done.DONE;
    }
    in.tx.put(Table.XATTRS, key, new BytesRecord(order.value()));
    in.put(order.ino(), inode.edit().changed(in.now).flag(Inode.HAS_XATTRS, true).done());
    return Reply.Done.DONE;
  }

  private static void setAcl(Applying in, Change.SetXattr order, Inode inode, Key key) {
    boolean access = order.name().equals(Permission.ACCESS_ACL);
    Acl acl = parse(order.value());
    Inode.Edit edit = inode.edit().changed(in.now);
    if (access && acl != null) {
      edit.mode = (inode.mode() & ~0777) | acl.modeBits();
      if ((order.flags() & KILL_SET_GID) != 0) {
        edit.mode = SetId.afterChmod(in.subject, edit.mode, inode.gid());
      }
    }
    boolean keep = acl != null && !(access && acl.isTrivial());
    if (keep) {
      in.tx.put(Table.XATTRS, key, new BytesRecord(order.value()));
      edit.flag(Inode.HAS_XATTRS, true);
    } else {
      in.tx.delete(Table.XATTRS, key);
    }
    edit.flag(access ? Inode.HAS_ACCESS_ACL : Inode.HAS_DEFAULT_ACL, keep);
    in.put(order.ino(), edit.done());
  }

  private static @Nullable Acl parse(ByteString value) {
    try {
      return value.isEmpty() || Acl.isEmpty(value.asReadOnlyByteBuffer())
          ? null
          : Acl.parse(value.asReadOnlyByteBuffer());
    } catch (IllegalArgumentException e) {
      throw Refusal.of(Errno.EINVAL, "no valid ACL: " + e.getMessage());
    }
  }

  static Reply remove(Change.RemoveXattr order, Applying in) {
    checkName(order.name());
    Inode inode = in.require(order.ino());
    checkWrite(in, order.ino(), inode, order.name());
    Key key = Keys.named(order.ino(), order.name());
    if (in.tx.get(Table.XATTRS, key) == null) {
      throw Refusal.of(Errno.ENODATA, "the attribute does not exist");
    }
    in.tx.delete(Table.XATTRS, key);
    Inode.Edit edit = inode.edit().changed(in.now);
    if (isAcl(order.name())) {
      edit.flag(
          order.name().equals(Permission.ACCESS_ACL) ? Inode.HAS_ACCESS_ACL : Inode.HAS_DEFAULT_ACL,
          false);
    }
    Key prefix = Key.of(order.ino());
    edit.flag(
        Inode.HAS_XATTRS, !in.tx.rows(Table.XATTRS, prefix, prefix.afterPrefix(), 1).isEmpty());
    in.put(order.ino(), edit.done());
    return Reply.Done.DONE;
  }

  private static void checkName(ByteString name) {
    if (name.isEmpty() || name.size() > Limits.XATTR_NAME_BYTES) {
      throw Refusal.of(Errno.ERANGE, "an attribute name of " + name.size() + " bytes");
    }
    for (int i = 0; i < name.size(); i++) {
      if (name.byteAt(i) == 0) {
        throw Refusal.of(Errno.EINVAL, "an attribute name with a zero byte");
      }
    }
  }

  private static void checkWrite(Applying in, long ino, Inode inode, ByteString name) {
    if (isAcl(name)) {
      if (inode.type() == FileType.SYMLINK) {
        throw Refusal.of(Errno.EOPNOTSUPP, "a symbolic link has no ACL");
      }
      if (name.equals(Permission.DEFAULT_ACL) && !inode.isDirectory()) {
        throw Refusal.of(Errno.EACCES, "only directories have a default ACL");
      }
      if (!Ownership.isOwner(in.subject, inode.uid())) {
        throw Refusal.of(Errno.EPERM, "only the owner sets ACLs");
      }
    } else if (isUser(name)) {
      if (!inode.isRegular() && !inode.isDirectory()) {
        throw Refusal.of(Errno.EPERM, "user attributes are for files and directories");
      }
      if (inode.isDirectory()
          && (inode.mode() & Permissions.STICKY) != 0
          && !Ownership.isOwner(in.subject, inode.uid())) {
        throw Refusal.of(Errno.EPERM, "the directory is sticky and somebody else's");
      }
      Permission.check(in.tx, in.subject, ino, inode, Permissions.WRITE);
    } else if (isTrusted(name) || name.startsWith(SECURITY)) {
      if (!in.subject.isRoot()) {
        throw Refusal.of(Errno.EPERM, "only root sets " + name.toStringUtf8());
      }
    } else {
      throw Refusal.of(Errno.EOPNOTSUPP, "no such name space: " + name.toStringUtf8());
    }
  }
}

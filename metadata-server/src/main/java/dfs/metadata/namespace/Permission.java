package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Access;
import dfs.acl.Acl;
import dfs.acl.Permissions;
import dfs.acl.Sticky;
import dfs.acl.Subject;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.Table;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who may do what to an inode: mode bits and POSIX ACLs as the {@code acl} module decides. */
final class Permission {
  static final ByteString ACCESS_ACL = ByteString.copyFromUtf8("system.posix_acl_access");
  static final ByteString DEFAULT_ACL = ByteString.copyFromUtf8("system.posix_acl_default");

  private Permission() {}

  static Subject subject(Caller caller) {
    return caller.isRoot()
        ? Subject.ROOT
        : new Subject(caller.uid(), caller.gid(), Set.copyOf(caller.groups()));
  }

  /** The inode with this number; a number that names nothing any more is ESTALE. */
  static Inode require(NamespaceReader reader, long ino) {
    Inode inode = reader.inode(ino);
    if (inode == null) {
      throw Refusal.of(Errno.ESTALE, "there is no inode " + ino);
    }
    return inode;
  }

  static Inode directory(NamespaceReader reader, long ino) {
    Inode inode = require(reader, ino);
    if (!inode.isDirectory()) {
      throw Refusal.of(Errno.ENOTDIR, "inode " + ino + " is no directory");
    }
    return inode;
  }

  static @Nullable Acl accessAcl(NamespaceReader reader, long ino, Inode inode) {
    return inode.has(Inode.HAS_ACCESS_ACL) ? acl(reader, ino, ACCESS_ACL) : null;
  }

  static @Nullable Acl defaultAcl(NamespaceReader reader, long ino, Inode inode) {
    return inode.has(Inode.HAS_DEFAULT_ACL) ? acl(reader, ino, DEFAULT_ACL) : null;
  }

  private static @Nullable Acl acl(NamespaceReader reader, long ino, ByteString name) {
    BytesRecord record = reader.value(Table.XATTRS, Keys.named(ino, name));
    return record == null ? null : Acl.parse(record.bytes().asReadOnlyByteBuffer());
  }

  static boolean allows(
      NamespaceReader reader, Subject subject, long ino, Inode inode, int wanted) {
    Acl acl = subject.isRoot() ? null : accessAcl(reader, ino, inode);
    return Access.permits(
        subject, inode.mode(), inode.uid(), inode.gid(), acl, inode.isDirectory(), wanted);
  }

  /** Refuses with EACCES unless the subject has the wanted access. */
  static void check(NamespaceReader reader, Subject subject, long ino, Inode inode, int wanted) {
    if (!allows(reader, subject, ino, inode, wanted)) {
      throw Refusal.of(
          Errno.EACCES, "uid %d lacks access %o to inode %d".formatted(subject.uid(), wanted, ino));
    }
  }

  /** A directory that names may be looked up in. */
  static Inode searchable(NamespaceReader reader, Subject subject, long ino) {
    Inode directory = directory(reader, ino);
    check(reader, subject, ino, directory, Permissions.EXECUTE);
    return directory;
  }

  /**
   * A directory that names may be put into and taken out of: what is below none that leads to the
   * root goes, or is put together by its session alone.
   */
  static Inode writable(NamespaceReader reader, Subject subject, long ino) {
    Inode directory = directory(reader, ino);
    if (!Tree.isWithin(reader, ino, Attributes.ROOT_INO)) {
      throw Refusal.of(Errno.ENOENT, "directory " + ino + " was removed");
    }
    check(reader, subject, ino, directory, Permissions.WRITE | Permissions.EXECUTE);
    return directory;
  }

  /** Refuses with EPERM to take a name of somebody else out of a sticky directory. */
  static void checkSticky(Subject subject, Inode directory, Inode inode) {
    if (!Sticky.mayRemove(subject, directory.mode(), directory.uid(), inode.uid())) {
      throw Refusal.of(Errno.EPERM, "the directory is sticky and the entry is somebody else's");
    }
  }
}

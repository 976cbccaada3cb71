package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Acl;
import dfs.acl.SetId;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.state.Table;
import dfs.metadata.state.Transaction;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Reply;
import org.jspecify.annotations.Nullable;

/** What all operations that make an inode have in common. */
final class NewInode {
  private static final String NEXT_INO = "next.inode";

  private NewInode() {}

  /** The next inode number; map ids come from the same counter. */
  static long nextIno(Transaction tx) {
    return tx.next(NEXT_INO, Attributes.ROOT_INO + 1);
  }

  /** No inode number at or above this was ever given. */
  static long mark(dfs.metadata.state.NamespaceReader reader) {
    return Math.max(Attributes.ROOT_INO + 1, reader.number(NEXT_INO));
  }

  /**
   * Makes an inode under a name: owner, group, mode and ACLs as POSIX and its directory have it.
   *
   * @param target of a symbolic link, else null
   */
  static Reply.Entry make(
      Applying in,
      long parent,
      ByteString name,
      FileType type,
      int mode,
      int umask,
      long device,
      @Nullable ByteString target) {
    Names.checkNew(name);
    Inode directory = Permission.writable(in.tx, in.subject, parent);
    Tree.requireFree(in, parent, name);
    Acl defaults =
        type == FileType.SYMLINK ? null : Permission.defaultAcl(in.tx, parent, directory);
    Acl.@Nullable Inherited inherited = defaults == null ? null : defaults.inherit(mode & 07777);
    int granted = inherited == null ? mode & 07777 & ~umask : inherited.mode();
    SetId.NewInode made =
        SetId.ofNew(
            in.subject,
            directory.mode(),
            directory.gid(),
            type == FileType.SYMLINK ? 0777 : granted,
            type == FileType.DIRECTORY);
    long ino = nextIno(in.tx);
    long cookie = Tree.addName(in, parent, name, ino, type);
    int flags = target == null ? 0 : Attributes.FLAG_INLINE;
    if (inherited != null && inherited.access() != null) {
      flags |= Inode.HAS_ACCESS_ACL | Inode.HAS_XATTRS;
      putAcl(in, ino, Permission.ACCESS_ACL, inherited.access());
    }
    if (defaults != null && type == FileType.DIRECTORY) {
      flags |= Inode.HAS_DEFAULT_ACL | Inode.HAS_XATTRS;
      putAcl(in, ino, Permission.DEFAULT_ACL, defaults);
    }
    long size = target == null ? 0 : target.size();
    if (target != null) {
      in.tx.put(Table.INLINE, dfs.metadata.store.Key.of(ino), new BytesRecord(target));
    }
    Inode inode =
        fresh(
            ino,
            type,
            made.mode(),
            in.subject.uid(),
            made.gid(),
            device,
            size,
            in.now,
            parent,
            cookie,
            flags,
            directory.policy());
    in.put(ino, inode);
    Charge.add(in.tx, parent, Charge.own(inode));
    Charge.addToOwner(in.tx, inode.uid(), inode.gid(), Charge.own(inode));
    return new Reply.Entry(inode.attributes(ino));
  }

  private static void putAcl(Applying in, long ino, ByteString name, Acl acl) {
    in.tx.put(
        Table.XATTRS, Keys.named(ino, name), new BytesRecord(ByteString.copyFrom(acl.format())));
  }

  static Inode fresh(
      long ino,
      FileType type,
      int mode,
      int uid,
      int gid,
      long device,
      long sizeBytes,
      long now,
      long parent,
      long cookie,
      int flags,
      int policy) {
    return new Inode(
        type,
        mode,
        uid,
        gid,
        type == FileType.DIRECTORY ? 2 : 1,
        device,
        sizeBytes,
        0,
        now,
        now,
        now,
        now,
        parent,
        cookie,
        type == FileType.REGULAR ? ino : 0,
        now,
        0,
        0,
        1,
        policy,
        0,
        flags,
        1,
        0,
        0,
        0);
  }
}

package dfs.metadata.namespace;

import static dfs.protocol.metadata.Change.SetAttributes.ACCESS_NOW;
import static dfs.protocol.metadata.Change.SetAttributes.BY_HANDLE;
import static dfs.protocol.metadata.Change.SetAttributes.FRESH_MAP;
import static dfs.protocol.metadata.Change.SetAttributes.KILL_PRIVILEGES;
import static dfs.protocol.metadata.Change.SetAttributes.MODIFY_NOW;
import static dfs.protocol.metadata.Change.SetAttributes.SET_ACCESS_TIME;
import static dfs.protocol.metadata.Change.SetAttributes.SET_FLAGS;
import static dfs.protocol.metadata.Change.SetAttributes.SET_GID;
import static dfs.protocol.metadata.Change.SetAttributes.SET_MODE;
import static dfs.protocol.metadata.Change.SetAttributes.SET_MODIFY_TIME;
import static dfs.protocol.metadata.Change.SetAttributes.SET_SIZE;
import static dfs.protocol.metadata.Change.SetAttributes.SET_UID;

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
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;

/** chmod(2), chown(2), truncate(2), utimensat(2): the rules of Linux' setattr_prepare. */
final class SetAttributes {
  private SetAttributes() {}

  static Reply apply(Change.SetAttributes order, Applying in) {
    Inode before = in.require(order.ino());
    if (has(order, SET_FLAGS)) {
      throw Refusal.of(Errno.EOPNOTSUPP, "inode flags cannot be set yet");
    }
    Inode.Edit edit = before.edit().changed(in.now);
    owner(order, in, before, edit);
    mode(order, in, before, edit);
    times(order, in, before, edit);
    if (has(order, SET_SIZE)) {
      size(order, in, before, edit);
    }
    if (has(order, KILL_PRIVILEGES)) {
      edit.mode = SetId.afterWrite(in.subject, edit.mode, before.gid());
    }
    Inode after = edit.done();
    in.put(order.ino(), after);
    Charge.follow(in.tx, before, after);
    return new Reply.Entry(after.attributes(order.ino()));
  }

  private static boolean has(Change.SetAttributes order, int what) {
    return (order.valid() & what) != 0;
  }

  private static void owner(
      Change.SetAttributes order, Applying in, Inode before, Inode.Edit edit) {
    if (has(order, SET_UID)) {
      if (!Ownership.mayChown(in.subject, before.uid(), order.uid())) {
        throw Refusal.of(Errno.EPERM, "only root gives files away");
      }
      edit.uid = order.uid();
    }
    if (has(order, SET_GID)) {
      if (!Ownership.mayChgrp(in.subject, before.uid(), before.gid(), order.gid())) {
        throw Refusal.of(Errno.EPERM, "group " + order.gid() + " is none of the owner's groups");
      }
      edit.gid = order.gid();
    }
    if (has(order, SET_UID | SET_GID)) {
      edit.mode = SetId.afterChown(in.subject, before.mode(), before.gid(), before.isDirectory());
    }
  }

  private static void mode(Change.SetAttributes order, Applying in, Inode before, Inode.Edit edit) {
    if (!has(order, SET_MODE)) {
      return;
    }
    if (!Ownership.isOwner(in.subject, before.uid())) {
      throw Refusal.of(Errno.EPERM, "only the owner changes the mode");
    }
    edit.mode = SetId.afterChmod(in.subject, order.mode() & 07777, edit.gid);
    Acl acl = Permission.accessAcl(in.tx, order.ino(), before);
    if (acl != null) {
      ByteString value = ByteString.copyFrom(acl.withMode(edit.mode & 0777).format());
      in.tx.put(
          Table.XATTRS, Keys.named(order.ino(), Permission.ACCESS_ACL), new BytesRecord(value));
    }
  }

  private static void times(
      Change.SetAttributes order, Applying in, Inode before, Inode.Edit edit) {
    boolean explicit =
        (has(order, SET_ACCESS_TIME) && !has(order, ACCESS_NOW))
            || (has(order, SET_MODIFY_TIME) && !has(order, MODIFY_NOW));
    boolean now = has(order, ACCESS_NOW | MODIFY_NOW);
    if (explicit && !Ownership.isOwner(in.subject, before.uid())) {
      throw Refusal.of(Errno.EPERM, "only the owner sets explicit times");
    }
    if (now && !explicit && !has(order, SET_SIZE)) {
      boolean mayWrite =
          Permission.allows(in.tx, in.subject, order.ino(), before, Permissions.WRITE);
      if (!Ownership.mayChangeTimes(in.subject, before.uid(), true, mayWrite)) {
        throw Refusal.of(Errno.EACCES, "only the owner and writers touch the times");
      }
    }
    if (has(order, ACCESS_NOW)) {
      edit.accessNanos = in.now;
    } else if (has(order, SET_ACCESS_TIME)) {
      edit.accessNanos = order.accessNanos();
    }
    if (has(order, MODIFY_NOW)) {
      edit.modifyNanos = in.now;
    } else if (has(order, SET_MODIFY_TIME)) {
      edit.modifyNanos = order.modifyNanos();
    }
  }

  private static void size(Change.SetAttributes order, Applying in, Inode before, Inode.Edit edit) {
    if (before.isDirectory()) {
      throw Refusal.of(Errno.EISDIR, "a directory has no length to set");
    }
    if (!before.isRegular()) {
      throw Refusal.of(Errno.EINVAL, "only regular files are truncated");
    }
    if (!has(order, BY_HANDLE)) {
      Permission.check(in.tx, in.subject, order.ino(), before, Permissions.WRITE);
    }
    if (!has(order, SET_MODIFY_TIME | MODIFY_NOW)) {
      edit.modifyNanos = in.now;
    }
    edit.mode = SetId.afterWrite(in.subject, edit.mode, before.gid());
    long size = order.sizeBytes();
    edit.sizeBytes = size;
    if (before.has(Attributes.FLAG_INLINE)) {
      shrinkInline(in, order.ino(), size, edit);
    } else if (size == 0) {
      if (before.sizeBytes() > 0 || before.allocatedBytes() > 0 || has(order, FRESH_MAP)) {
        Maps.letGo(in, before, in.now);
        edit.map = NewInode.nextIno(in.tx);
        edit.mapBirthNanos = in.now;
        edit.allocatedBytes = 0;
      }
    } else if (size < before.sizeBytes()) {
      edit.allocatedBytes -= Maps.cut(in, before.map(), size, Limits.FILE_SIZE_BYTES);
    }
  }

  private static void shrinkInline(Applying in, long ino, long size, Inode.Edit edit) {
    ByteString inline = Maps.inline(in.tx, ino);
    if (size == 0) {
      in.tx.delete(Table.INLINE, Key.of(ino));
      edit.flag(Attributes.FLAG_INLINE, false);
      edit.allocatedBytes = 0;
      edit.map = NewInode.nextIno(in.tx);
      edit.mapBirthNanos = in.now;
    } else if (size < inline.size()) {
      in.tx.put(Table.INLINE, Key.of(ino), new BytesRecord(inline.substring(0, (int) size)));
      edit.allocatedBytes = size;
    }
  }
}

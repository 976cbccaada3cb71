package dfs.protocol.metadata;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.wire.Tag;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Operations that change the namespace. Each is one command in the log, applied once, and durable
 * when it is answered.
 */
public sealed interface Change extends Operation, Order {

  /**
   * Makes a regular file. Answer: {@link Reply.Entry}; EEXIST if the name is taken. With {@code
   * open} the session holds the new inode open.
   *
   * @param mode permission bits as given to open(2), before the umask
   * @param umask the caller's umask; a default ACL of the parent takes its place
   */
  @Tag(1)
  record CreateFile(long parent, ByteString name, int mode, int umask, boolean open)
      implements Change {}

  @Tag(2)
  record MakeDirectory(long parent, ByteString name, int mode, int umask) implements Change {}

  /** A fifo, socket, device or empty regular file (mknod(2)). */
  @Tag(3)
  record MakeNode(long parent, ByteString name, FileType type, int mode, int umask, long device)
      implements Change {}

  @Tag(4)
  record MakeSymlink(long parent, ByteString name, ByteString target) implements Change {}

  /** A further name for an inode that is no directory. Answer: {@link Reply.Entry}. */
  @Tag(5)
  record Link(long ino, long parent, ByteString name) implements Change {}

  /** Removes a name of something that is no directory. Answer: {@link Reply.Removed}. */
  @Tag(6)
  record Unlink(long parent, ByteString name) implements Change {}

  @Tag(7)
  record RemoveDirectory(long parent, ByteString name) implements Change {}

  /**
   * rename(2), or renameat2(2) with {@code NO_REPLACE} or {@code EXCHANGE}. Answer: {@link
   * Reply.Removed} (what the target name meant before, if anything went).
   */
  @Tag(8)
  record Rename(long parent, ByteString name, long newParent, ByteString newName, int flags)
      implements Change {
    public static final int NO_REPLACE = 1;
    public static final int EXCHANGE = 2;

    public Rename {
      if (flags < 0 || flags > EXCHANGE) {
        throw new IllegalArgumentException("rename flags " + flags);
      }
    }
  }

  /**
   * chmod, chown, truncate, utimens: what {@code valid} names. Answer: {@link Reply.Entry}.
   *
   * @param valid which fields count, {@code SET_*}
   * @param sizeBytes new length; growing leaves a hole, shrinking drops extents
   */
  @Tag(9)
  record SetAttributes(
      long ino,
      int valid,
      int mode,
      int uid,
      int gid,
      long sizeBytes,
      long accessNanos,
      long modifyNanos,
      int flags)
      implements Change {
    public static final int SET_MODE = 1;
    public static final int SET_UID = 2;
    public static final int SET_GID = 4;
    public static final int SET_SIZE = 8;
    public static final int SET_ACCESS_TIME = 16;
    public static final int SET_MODIFY_TIME = 32;

    /** The time given is the server's now (utimes with no value: needs write permission only). */
    public static final int ACCESS_NOW = 64;

    public static final int MODIFY_NOW = 128;

    /**
     * The size change comes through an open handle, whose open checked the permission. What a
     * session that speaks for one user says of this is not believed: the server knows.
     */
    public static final int BY_HANDLE = 256;

    /** {@code flags} replaces the settable flags (chattr(1)): immutable and append-only. */
    public static final int SET_FLAGS = 512;

    /** Clear setuid and setgid as a write by an ordinary user does. */
    public static final int KILL_PRIVILEGES = 1024;

    /** With SET_SIZE and size 0: O_TRUNC, which takes a fresh map whatever the length. */
    public static final int FRESH_MAP = 2048;

    public SetAttributes {
      if (sizeBytes < 0 || sizeBytes > Limits.FILE_SIZE_BYTES) {
        throw new IllegalArgumentException("size " + sizeBytes);
      }
    }

    /** The same, judged by the permissions that there are now. */
    public SetAttributes judged() {
      return new SetAttributes(
          ino, valid & ~BY_HANDLE, mode, uid, gid, sizeBytes, accessNanos, modifyNanos, flags);
    }
  }

  /**
   * setxattr(2). POSIX ACLs are {@code system.posix_acl_access} and {@code _default} in the
   * kernel's xattr layout.
   *
   * @param flags 0, 1 XATTR_CREATE or 2 XATTR_REPLACE; 4 clear setgid with an ACL (ACL_KILL_SGID)
   */
  @Tag(10)
  record SetXattr(long ino, ByteString name, ByteString value, int flags) implements Change {}

  @Tag(11)
  record RemoveXattr(long ino, ByteString name) implements Change {}

  /** A new block for this session. Answer: {@link Reply.Allocated}. */
  @Tag(12)
  record AllocateBlock(BlockWish wish) implements Change {}

  /**
   * What a session wrote becomes part of a file: extents whose bytes are durable on every member of
   * their blocks, or the whole contents inline, with the file's new size and mtime; blocks that end
   * with it are sealed, and the next one allocated, in the same command. Answer: {@link
   * Reply.Committed}.
   *
   * @param map the map that was written to; ESTALE if the file has another by now
   * @param extents at most {@link Limits#EXTENTS_PER_MESSAGE}, sorted by file offset, without
   *     overlap
   * @param inline the whole contents, at most {@link Limits#INLINE_BYTES}; counts if {@code
   *     hasInline}
   * @param sizeBytes the size becomes the larger of this and the present one
   * @param modifyNanos the write's time by the leader's clock; 0: the command's own stamp
   * @param killPrivileges the writer was no superuser: setuid, setgid (and capabilities) go
   * @param expectedChange EAGAIN unless the inode's change counter is this: what is committed
   *     builds on what was read then, and no lease kept others from changing it; 0: whatever it is
   * @param byHandle the session has the file open for writing, and that it may was decided then.
   *     What a session that speaks for one user says of this is not believed: the server knows.
   */
  @Tag(13)
  record Commit(
      long ino,
      long map,
      List<Extent> extents,
      boolean hasInline,
      ByteString inline,
      long sizeBytes,
      long modifyNanos,
      boolean killPrivileges,
      List<BlockEnd> ends,
      @Nullable BlockWish next,
      long expectedChange,
      boolean byHandle)
      implements Change {
    public Commit {
      extents = List.copyOf(extents);
      ends = List.copyOf(ends);
      if (extents.size() > Limits.EXTENTS_PER_MESSAGE
          || inline.size() > Limits.INLINE_BYTES
          || (hasInline && !extents.isEmpty())
          || sizeBytes < 0
          || sizeBytes > Limits.FILE_SIZE_BYTES) {
        throw new IllegalArgumentException(
            extents.size() + " extents, " + inline.size() + " inline, size " + sizeBytes);
      }
    }

    /** Whether it may write is judged when it is applied. */
    public Commit(
        long ino,
        long map,
        List<Extent> extents,
        boolean hasInline,
        ByteString inline,
        long sizeBytes,
        long modifyNanos,
        boolean killPrivileges,
        List<BlockEnd> ends,
        @Nullable BlockWish next,
        long expectedChange) {
      this(
          ino,
          map,
          extents,
          hasInline,
          inline,
          sizeBytes,
          modifyNanos,
          killPrivileges,
          ends,
          next,
          expectedChange,
          false);
    }

    /** The same, of somebody who has it open, or has not. */
    public Commit as(boolean opened, boolean kills) {
      return new Commit(
          ino,
          map,
          extents,
          hasInline,
          inline,
          sizeBytes,
          modifyNanos,
          kills,
          ends,
          next,
          expectedChange,
          opened);
    }

    /** A commit that builds on nothing but its map. */
    public Commit(
        long ino,
        long map,
        List<Extent> extents,
        boolean hasInline,
        ByteString inline,
        long sizeBytes,
        long modifyNanos,
        boolean killPrivileges,
        List<BlockEnd> ends,
        @Nullable BlockWish next) {
      this(
          ino,
          map,
          extents,
          hasInline,
          inline,
          sizeBytes,
          modifyNanos,
          killPrivileges,
          ends,
          next,
          0);
    }
  }

  /**
   * Seals blocks of this session at their durably acknowledged length, outside a commit. Answer:
   * Done.
   */
  @Tag(14)
  record SealBlocks(List<BlockEnd> ends) implements Change {
    public SealBlocks {
      ends = List.copyOf(ends);
    }
  }

  /**
   * Access times that a client collected (relatime): merged by maximum, no change counter, no
   * history.
   */
  @Tag(15)
  record Touch(List<AccessTime> times) implements Change {
    public Touch {
      times = List.copyOf(times);
      if (times.size() > Limits.RECORDS_PER_COMMAND) {
        throw new IllegalArgumentException(times.size() + " access times");
      }
    }
  }

  /**
   * Nothing new goes to a chunk server, and what it has goes elsewhere; or it takes blocks again.
   * For the superuser.
   */
  @Tag(16)
  record DrainServer(long server, boolean draining) implements Change {}

  /**
   * So many copies are kept of a file, or of what is made in a directory from now on. Of a file's
   * blocks, those that [fromOffset, toOffset) lies in get as many; those that it shares with others
   * never get fewer. EAGAIN when the range lies in more pieces than {@link
   * Limits#EXTENTS_PER_MESSAGE}.
   *
   * @param copies 1 to 8; 0: as the volume says; {@link #KEEP}: as many as before
   * @param copiesMin below so many a write waits, then fails; 0: 2, or 1 of one copy. EINVAL when
   *     that is more than there are copies.
   */
  @Tag(18)
  record SetReplication(long ino, int copies, long fromOffset, long toOffset, int copiesMin)
      implements Change {
    public static final int KEEP = 255;

    /** With the usual minimum. */
    public SetReplication(long ino, int copies, long fromOffset, long toOffset) {
      this(ino, copies, fromOffset, toOffset, 0);
    }
  }

  /**
   * A chunk server that will not come back is known no more; refused while it is here or a block
   * has no other copy. For the superuser.
   */
  @Tag(17)
  record ForgetServer(long server) implements Change {}

  /**
   * Makes copies of what inodes were at a kept instant, out of sight: contents, mode, owner, ACLs,
   * extended attributes and mtime as then; no data is moved. At the top one copy that has no name
   * and is this session's until it is {@link PutBack}, or the session ends; below it others, by
   * their names. Answer: {@link Reply.Progress} with the inode numbers of the copies in the order
   * of the entries, of fewer where one command cannot make all; {@code more}: the last one's
   * contents are to be gone on with ({@link CopyExtents}).
   *
   * @param parent a copy of a directory; 0: the entry is the top one
   */
  @Tag(40)
  record CopyPast(long parent, long asOfNanos, List<PastEntry> entries) implements Change {
    public static final int ENTRIES_MAX = 100;

    public CopyPast {
      entries = List.copyOf(entries);
      if (entries.isEmpty()
          || entries.size() > ENTRIES_MAX
          || (parent == 0 && entries.size() != 1)) {
        throw new IllegalArgumentException(entries.size() + " copies of the past in " + parent);
      }
    }
  }

  /**
   * What is to be copied.
   *
   * @param name empty at the top
   * @param from inode number, then
   * @param existing a copy of that inode, which gets this further name; 0: a new one is made
   */
  record PastEntry(ByteString name, long from, long existing) {}

  /**
   * Goes on with the contents of a copy; whatever of them is there already is not made again. Of a
   * directory, when all is in it: gives it its mtime. Answer: {@link Reply.Progress}.
   */
  @Tag(41)
  record CopyExtents(long ino, long from, long asOfNanos) implements Change {}

  /**
   * A copy at the top gets a name, with all that is below it. What has the name goes into the past:
   * a directory with everything in it, for its owner and root. EEXIST if it may not. Answer: {@link
   * Reply.Entry}.
   */
  @Tag(42)
  record PutBack(long ino, long parent, ByteString name, boolean replace) implements Change {}

  /**
   * An inode that is no directory becomes what it was at a kept instant, but for its names. Answer:
   * {@link Reply.Entry}; EFBIG if its contents are too many pieces for one command: they come with
   * a copy then.
   *
   * @param copy a copy at the top of the same inode and instant, which goes; 0: none
   */
  @Tag(43)
  record Restore(long ino, long asOfNanos, long copy) implements Change {}

  /**
   * Keeps an instant whatever its age, under a name: the one just now, or the newest kept one up to
   * a time. For the owner of a directory and root. Answer: {@link Reply.Instant}; EEXIST if there
   * is one of that name.
   *
   * @param name as {@link SnapshotName} has it
   * @param ino the directory
   * @param asOfNanos 0: now
   */
  @Tag(44)
  record CreateSnapshot(String name, long ino, long asOfNanos) implements Change {}

  /** An instant has this name no more. For who gave it, and root. Answer: {@link Reply.Done}. */
  @Tag(45)
  record RemoveSnapshot(String name) implements Change {}

  /**
   * A copy at the top that is this session's will not be put back: it goes with all that is below
   * it, in steps that follow. Answer: {@link Reply.Done}.
   */
  @Tag(46)
  record DropCopy(long ino) implements Change {}

  /** One access time. */
  record AccessTime(long ino, long accessNanos) {}

  /**
   * What kind of block a session wants: for one large file or packed, for synced or for bulk
   * appends.
   *
   * @param copies on so many servers; 0: as the volume says
   * @param copiesMin on no fewer than so many; 0: 2, or 1 of one copy
   * @param suspects servers on which writing failed a moment ago: on none of them, as long as the
   *     minimum is left
   */
  record BlockWish(
      boolean solo, boolean synced, long ino, int copies, int copiesMin, List<Long> suspects) {
    public BlockWish {
      suspects = List.copyOf(suspects);
    }

    /** With the usual minimum, and nobody suspected. */
    public BlockWish(boolean solo, boolean synced, long ino, int copies) {
      this(solo, synced, ino, copies, 0, List.of());
    }

    /** The same, but not on these servers. */
    public BlockWish suspecting(List<Long> servers) {
      return new BlockWish(solo, synced, ino, copies, copiesMin, servers);
    }
  }

  /**
   * A block of this session ends: sealed at {@code lengthBytes}.
   *
   * @param closed no commit into it can come any more
   */
  record BlockEnd(long block, long epoch, long lengthBytes, boolean closed) {}
}

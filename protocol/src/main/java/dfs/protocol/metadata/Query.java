package dfs.protocol.metadata;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.wire.Tag;
import java.util.List;

/**
 * Operations that change nothing. They can be asked of the present and, unless noted, of any kept
 * instant.
 */
public sealed interface Query extends Operation {

  /** The inode under a name; needs search permission on the parent. Answer: {@link Reply.Entry}. */
  @Tag(129)
  record Lookup(long parent, ByteString name) implements Query {}

  /**
   * What lies below a directory under one name after another, as {@link Lookup} of each would tell.
   * It ends early at what is no directory, a symbolic link too, and where nothing has the name. Of
   * the present only. Answer: {@link Reply.Way}.
   *
   * @param names neither "." nor ".."; at most {@link Limits#PATH_NAMES}
   */
  @Tag(145)
  record LookupPath(long directory, List<ByteString> names) implements Query {
    public LookupPath {
      names = List.copyOf(names);
      if (names.size() > Limits.PATH_NAMES) {
        throw new IllegalArgumentException("a path of " + names.size() + " names");
      }
    }
  }

  /** Attributes by inode. Answer: {@link Reply.Entry}. */
  @Tag(130)
  record GetAttributes(long ino) implements Query {}

  /** Target of a symbolic link. Answer: {@link Reply.Value}. */
  @Tag(131)
  record ReadLink(long ino) implements Query {}

  /**
   * One page of a directory after {@code cookie} (0: from the start), in cookie order, without "."
   * and "..". With {@code plus} the attributes of each entry come along. {@code stop} is 0 on the
   * first page and then what that page's answer said, so that a listing ends even while entries are
   * added. Answer: {@link Reply.Listing}.
   */
  @Tag(132)
  record ListDirectory(long ino, long cookie, long stop, int limitEntries, boolean plus)
      implements Query {
    public ListDirectory {
      if (cookie < 0 || limitEntries < 1 || limitEntries > Limits.LISTING_ENTRIES) {
        throw new IllegalArgumentException("listing page of " + limitEntries);
      }
    }
  }

  /** Value of an extended attribute. Answer: {@link Reply.Value}; ENODATA if there is none. */
  @Tag(133)
  record GetXattr(long ino, ByteString name) implements Query {}

  /** Names of the extended attributes that the caller may see. Answer: {@link Reply.Names}. */
  @Tag(134)
  record ListXattrs(long ino) implements Query {}

  /** Space and files of the volume. Of the present only. Answer: {@link Reply.Space}. */
  @Tag(135)
  record GetSpace() implements Query {}

  /**
   * Where the bytes of [offset, offset + length) lie: inline data, or at most {@link
   * Limits#EXTENTS_PER_MESSAGE} extents with their blocks and capabilities to read them. Ranges in
   * no extent are holes. Answer: {@link Reply.MapPage}.
   */
  @Tag(136)
  record ReadMap(long ino, long offset, long lengthBytes) implements Query {
    public ReadMap {
      if (offset < 0 || lengthBytes < 0 || offset + lengthBytes < 0) {
        throw new IllegalArgumentException("range " + offset + "+" + lengthBytes);
      }
    }
  }

  /**
   * Opens an inode for this session: checks permission and keeps an unlinked inode alive until
   * {@link Release}. What the session may do with its contents is decided here, and not again until
   * it has released all it opened of this inode. Kept in the leader's memory, claimed again after a
   * restart. Answer: {@link Reply.Entry}; EMFILE beyond {@link Limits#SESSION_OPEN_INODES}.
   *
   * @param access wanted access: 4 read, 2 write, 1 execute, combined
   */
  @Tag(137)
  record Open(long ino, int access) implements Query {}

  /** The session lets go of {@code opens} openings of the inode. Answer: {@link Reply.Done}. */
  @Tag(138)
  record Release(long ino, int opens) implements Query {}

  /**
   * Whether the caller has the access (4 read, 2 write, 1 execute). Answer: {@link Reply.Done} or
   * EACCES.
   */
  @Tag(139)
  record CheckAccess(long ino, int access) implements Query {}

  /**
   * Asks the servers about themselves, as JSON. Of the present only. Answer: {@link Reply.Report}.
   * Without places only root is told about everything; with some, whoever may read the directories
   * below them.
   *
   * @param what "status" or "fsck"
   * @param places of "fsck": what is at and below these is looked at; none: everything
   * @param all of "fsck": blocks that are as they should be are named, too
   */
  @Tag(140)
  record GetReport(String what, List<Place> places, boolean all) implements Query {
    /** Most places of one report. */
    public static final int PLACES_MAX = 64;

    public GetReport {
      places = List.copyOf(places);
      if (places.size() > PLACES_MAX) {
        throw new IllegalArgumentException("a report on " + places.size() + " places");
      }
    }

    /** Of everything. */
    public GetReport(String what) {
      this(what, List.of(), false);
    }
  }

  /**
   * A file or directory.
   *
   * @param path what it is called in the report
   */
  record Place(long ino, String path) {}

  /**
   * A page of the blocks in which the files at and below an inode lie, with capabilities to read
   * them whole; or of all blocks that some version names. A block may come again on a later page.
   * Of the present only, and for root only. Answer: {@link Reply.BlockPage}.
   *
   * @param below inode; 0: all blocks
   * @param way empty on the first page, then what the last page said; so with {@code offset}, 0 at
   *     first
   */
  @Tag(141)
  record ListBlocks(long below, List<Long> way, long offset) implements Query {
    public ListBlocks {
      way = List.copyOf(way);
      if (below < 0 || offset < 0) {
        throw new IllegalArgumentException("blocks below " + below + " from " + offset);
      }
    }
  }

  /**
   * As of a time: the newest kept instant up to it, which is what is read of that time. All other
   * queries of the past are asked as of a kept instant, so that what several of them tell is of one
   * state; ENODATA when it is not kept any more. Answer: {@link Reply.Instant}
   */
  @Tag(142)
  record GetInstant() implements Query {}

  /**
   * Locks a range of a file that the session has open, as fcntl(2)'s F_SETLK does: over what the
   * same owner has there, and against other owners, in this session too. Kept in the leader's
   * memory, claimed again after a restart, gone with the session. Of the present only. Answer:
   * {@link Reply.Done}; EAGAIN while others have some of it; EBUSY while they may have it from
   * before a restart, and then the session is told as if it waited; ENOLCK beyond {@link
   * Limits#SESSION_LOCKS}; EBADF of a file that is not open so.
   *
   * @param owner the session's own number of who locks
   * @param lengthBytes at least 1; up to the largest offset that there is
   * @param exclusive needs a file that is open for writing; shared: for reading
   * @param waits the session is told when it is worth another try: once, by {@link
   *     dfs.protocol.session.ServerMessage.LockFree}
   */
  @Tag(143)
  record Lock(long ino, long owner, long offset, long lengthBytes, boolean exclusive, boolean waits)
      implements Query {
    public Lock {
      checkRange(offset, lengthBytes);
    }
  }

  /**
   * What an owner has locked in a range is free. Of the present only. Answer: {@link Reply.Done};
   * ENOLCK, and nothing is free, if the session had more than {@link Limits#SESSION_LOCKS} ranges
   * then, for a range is two when its middle is unlocked.
   */
  @Tag(144)
  record Unlock(long ino, long owner, long offset, long lengthBytes) implements Query {
    public Unlock {
      checkRange(offset, lengthBytes);
    }
  }

  private static void checkRange(long offset, long lengthBytes) {
    if (offset < 0 || lengthBytes < 1 || offset > Long.MAX_VALUE - lengthBytes) {
      throw new IllegalArgumentException("range " + offset + "+" + lengthBytes);
    }
  }

  /**
   * The states that are kept of what a name stands for, and stood for, newest first; also of one
   * that is gone. Of the present only; what was closed to the caller then, or is now, is left out.
   * Answer: {@link Reply.Versions}.
   *
   * @param parent a directory that there is
   * @param name in it; empty: the directory itself
   * @param beforeNanos states that began before this; 0: from the present on
   */
  @Tag(150)
  record ListVersions(long parent, ByteString name, long beforeNanos, int limitEntries)
      implements Query {
    public ListVersions {
      if (beforeNanos < 0 || limitEntries < 1 || limitEntries > Limits.LISTING_ENTRIES) {
        throw new IllegalArgumentException("page of " + limitEntries + " versions");
      }
    }
  }

  /**
   * Names that a directory had at a kept instant and has not now, in the order of their bytes, each
   * with what it stood for last. Of the present only. Answer: {@link Reply.Deleted}.
   *
   * @param after names behind this; empty: from the first on
   */
  @Tag(151)
  record ListDeleted(long ino, ByteString after, int limitEntries) implements Query {
    public ListDeleted {
      if (limitEntries < 1 || limitEntries > Limits.LISTING_ENTRIES) {
        throw new IllegalArgumentException("page of " + limitEntries + " names");
      }
    }
  }

  /** The instant of a snapshot. Of the present only. Answer: {@link Reply.Instant}; ENOENT. */
  @Tag(152)
  record GetSnapshot(String name) implements Query {}

  /**
   * Snapshots by name. Of the present only. Answer: {@link Reply.Snapshots}.
   *
   * @param after names behind this; empty: from the first on
   */
  @Tag(153)
  record ListSnapshots(String after, int limitEntries) implements Query {
    public ListSnapshots {
      if (limitEntries < 1 || limitEntries > Limits.LISTING_ENTRIES) {
        throw new IllegalArgumentException("page of " + limitEntries + " snapshots");
      }
    }
  }
}

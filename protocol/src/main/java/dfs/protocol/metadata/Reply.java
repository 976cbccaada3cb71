package dfs.protocol.metadata;

import com.google.protobuf.ByteString;
import dfs.protocol.wire.Tag;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an operation answers. A refusal is a value, not an exception. */
public sealed interface Reply {

  /** The operation changed nothing. {@code detail} says what was wrong, with which value. */
  @Tag(1)
  record Refused(Errno errno, String detail) implements Reply {}

  @Tag(2)
  record Done() implements Reply {
    public static final Done DONE = new Done();
  }

  @Tag(3)
  record Entry(Attributes attributes) implements Reply {}

  @Tag(4)
  record Value(ByteString value) implements Reply {}

  @Tag(5)
  record Names(List<ByteString> names) implements Reply {}

  /**
   * A page of a listing.
   *
   * @param stop where the listing ends; to be given with the next page
   * @param end nothing comes after this page
   */
  @Tag(6)
  record Listing(List<Dentry> entries, long stop, boolean end) implements Reply {}

  /** One entry of a listing; {@code attributes} only when asked for. */
  record Dentry(
      ByteString name, long ino, FileType type, long cookie, @Nullable Attributes attributes) {}

  /**
   * What statvfs(2) tells; bytes and inodes.
   *
   * @param copies how many are kept where a file or directory does not say
   */
  @Tag(7)
  record Space(long totalBytes, long freeBytes, long files, int copies) implements Reply {}

  /**
   * Part of a file's map.
   *
   * @param endOffset the page is complete up to here; ask again from here for more
   * @param inline the inline data from offset 0, if the file is inline; holes after its end
   * @param blocks where the blocks named by the extents can be read
   */
  @Tag(8)
  record MapPage(
      Attributes attributes,
      long endOffset,
      ByteString inline,
      List<Extent> extents,
      List<BlockPlace> blocks)
      implements Reply {}

  /** A block was allocated; the session may write it. */
  @Tag(9)
  record Allocated(BlockGrant grant) implements Reply {}

  @Tag(10)
  record Committed(Attributes attributes, @Nullable BlockGrant next) implements Reply {}

  /** A name went. {@code attributes} are those of the inode that lost it, null if none did. */
  @Tag(11)
  record Removed(@Nullable Attributes attributes) implements Reply {}

  @Tag(12)
  record Report(String json) implements Reply {}

  /** The number of a new session or server. */
  @Tag(13)
  record Session(long id, long epoch) implements Reply {}

  /** Ids that a command of the servers' own upkeep acted on, and whether it has more to do. */
  @Tag(14)
  record Progress(List<Long> ids, boolean more) implements Reply {}

  /**
   * Some of the blocks that were asked for.
   *
   * @param way with {@code offset}, to be given with the next page: cookies of the entries down to
   *     where this page ended, and how far that file was looked at; of all blocks, the last one's
   *     id
   * @param end nothing comes after this page
   */
  @Tag(15)
  record BlockPage(List<FileBlock> blocks, List<Long> way, long offset, boolean end)
      implements Reply {
    public BlockPage {
      blocks = List.copyOf(blocks);
      way = List.copyOf(way);
    }
  }

  /**
   * A block of a file, with an address for each of its servers, empty while that is not here.
   *
   * @param path of the file, below what was asked for; empty: that itself, or it is not known
   */
  record FileBlock(String path, BlockPlace place) {}

  /**
   * Where a block can be read, with the capability to do so. Ids of servers come from the state
   * machine; addresses and the capability are put in by the room that answers clients.
   */
  record BlockPlace(
      long block,
      boolean sealed,
      long lengthBytes,
      List<Long> servers,
      List<String> addresses,
      ByteString capability) {}

  /** Permission to write a new block on these servers. */
  record BlockGrant(
      long block,
      long epoch,
      boolean solo,
      boolean synced,
      List<Long> servers,
      List<String> addresses,
      ByteString capability) {}

  /**
   * What a walk met, the directory where it began first. Shorter than what was asked for where it
   * ended: if the last is a directory, nothing has the next name in it.
   */
  @Tag(27)
  record Way(List<Attributes> met) implements Reply {}

  static Reply refused(Errno errno, String detail) {
    return new Refused(errno, detail);
  }

  /**
   * A kept instant, nanoseconds since 1970: the state after all that happened up to it can be read.
   */
  @Tag(16)
  record Instant(long nanos) implements Reply {}

  /**
   * Some of the kept states of a name, newest first.
   *
   * @param nextNanos to be asked for next; 0: nothing comes after this page
   */
  @Tag(24)
  record Versions(List<Version> versions, long nextNanos) implements Reply {
    public Versions {
      versions = List.copyOf(versions);
    }
  }

  /**
   * What a name stood for, for a while.
   *
   * @param sinceNanos when that began
   * @param untilNanos when it ended; 0: it is so now
   * @param instantNanos a kept instant at which it can be read; 0: it is so now
   * @param changed what was different before: bits of this record; 0: nothing older is kept
   * @param attributes null: there was nothing of that name
   */
  record Version(
      long sinceNanos,
      long untilNanos,
      long instantNanos,
      int changed,
      @Nullable Attributes attributes) {
    /** It was made. */
    public static final int MADE = 1;

    public static final int CONTENT = 2;
    public static final int MODE = 4;
    public static final int OWNER = 8;
    public static final int ACL = 16;
    public static final int XATTR = 32;

    /** It got this name, or another one of its names came or went. */
    public static final int NAME = 64;

    /** The time of the last change of contents was set. */
    public static final int TIME = 128;

    /** The name was removed. */
    public static final int REMOVED = 256;

    /** Another file took the name. */
    public static final int REPLACED = 512;

    /** Something else: how many copies are kept. */
    public static final int OTHER = 1024;
  }

  /**
   * Some of the names that are gone.
   *
   * @param next to be asked for next
   * @param end nothing comes after this page
   */
  @Tag(25)
  record Deleted(List<Gone> entries, ByteString next, boolean end) implements Reply {
    public Deleted {
      entries = List.copyOf(entries);
    }
  }

  /**
   * A name that is gone.
   *
   * @param goneNanos when it went
   * @param instantNanos the newest kept instant at which it was there
   * @param attributes of what it stood for, then
   */
  record Gone(ByteString name, long goneNanos, long instantNanos, Attributes attributes) {}

  /**
   * Some of the snapshots.
   *
   * @param end nothing comes after this page
   */
  @Tag(26)
  record Snapshots(List<Snapshot> snapshots, boolean end) implements Reply {
    public Snapshots {
      snapshots = List.copyOf(snapshots);
    }
  }

  /**
   * A named instant.
   *
   * @param ino the directory that it was made for
   * @param uid who made it
   */
  record Snapshot(String name, long instantNanos, long ino, int uid) {}
}

package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The state as the servers' own upkeep sees it: latest committed, paged, no permission asked. */
public interface Survey {
  /** Identity of the volume; null before it is formatted. */
  @Nullable ByteString cluster();

  /** Whether the log said that this group has one voter. */
  boolean sole();

  /** Replicated sessions, ended ones not among them. */
  List<Session> sessions();

  /**
   * A session as the log knows it.
   *
   * @param trusted to speak for all users; else it speaks for {@code uid}
   */
  record Session(
      long id,
      long epoch,
      String host,
      boolean mount,
      boolean fenced,
      long openedNanos,
      boolean trusted,
      int uid) {}

  /** A session, also a fenced one; null once it has ended. */
  @Nullable Session session(long id);

  /** Known chunk servers. */
  List<Server> servers();

  /** A chunk server as the log knows it. */
  record Server(long id, String host, String address, ByteString directory, boolean draining) {}

  /** Unlinked inodes that somebody may hold, from {@code after} on, in order. */
  List<Long> orphans(long after, int limit);

  /** Blocks in a state, from id {@code after} on, in order. */
  List<Block> blocks(BlockState state, long after, int limit);

  /** Blocks of a session that are not closed. */
  List<Block> blocksOfSession(long session);

  /** How many blocks are in each state. */
  Map<BlockState, Long> blockCounts();

  /** On how many servers new blocks are written. */
  int copies();

  /** The record of a block; null if there is none. */
  @Nullable Block block(long id);

  /** Grows whenever a block, who names it, or a chunk server may have changed. */
  long blockChanges();

  /** Whether extents of some version name the block. */
  boolean isOwned(long block);

  /** CLOSED and RELOCATED blocks without owners, after this id: they may be condemned. */
  List<Long> ownerless(long after, int limit);

  /** States of a block, in the order it passes them. */
  enum BlockState {
    OPEN,
    SEALED,
    CLOSED,
    DEAD,
    GONE,
    /** Closed once; what versions name of it lies in another block. */
    RELOCATED
  }

  /**
   * A block as the log knows it.
   *
   * @param copies on how many servers it should be; 0: as the volume says
   * @param target where what was relocated lies; 0: nothing was
   */
  record Block(
      long id,
      long epoch,
      BlockState state,
      long session,
      long lengthBytes,
      boolean solo,
      List<Long> servers,
      int copies,
      long target) {}

  /**
   * What some version that can be read names of a closed block: from then on it only becomes less.
   * Looks at {@code recordsMax} records at the most.
   *
   * @param hints by map, the file offset at which a block's extents were found last: they are
   *     looked for from there on; kept up to date
   */
  Live live(long block, int recordsMax, Map<Long, Long> hints);

  /**
   * Where the bytes end that some version names in a block that was not relocated; a whole block
   * when the records do not agree. Reads all records of the files that have bytes in it.
   */
  long namedEnd(long block);

  /**
   * What lives in a block.
   *
   * @param known false when there is too much to look at, or the records do not agree
   * @param ranges in order, of whole checksum units but for the end of the block
   * @param owned some version names the block itself, not only through blocks that went there
   * @param tables how many relocated blocks name it
   * @param tableRanges how many ranges of theirs do
   * @param records how many were looked at
   */
  record Live(
      boolean known, List<Range> ranges, boolean owned, int tables, int tableRanges, int records) {
    public Live {
      ranges = List.copyOf(ranges);
    }

    public long bytes() {
      return ranges.stream().mapToLong(Range::lengthBytes).sum();
    }
  }

  /** A range of a block. */
  record Range(long offset, long lengthBytes) {
    public long end() {
      return offset + lengthBytes;
    }
  }

  /** What was compacted since the volume was made. */
  Compacted compacted();

  /**
   * Sums over all relocations.
   *
   * @param blocks that were emptied, of {@code bytes}
   * @param freedBytes by how much less there was of a copy
   */
  record Compacted(long blocks, long bytes, long freedBytes) {}

  /** Index of the last command that this has seen. */
  long appliedIndex();

  /** No block id at or above this was ever allocated. */
  long allocationMark();

  /**
   * Looks at the regular files at and below some places, on one snapshot, and at the blocks that
   * they lie in now; if there are no places, at what does not fit in the records, as {@link #check}
   * finds it, at all files, and then at the blocks that some version names, those of the files once
   * more.
   *
   * @param caller whose permissions hold: a directory that may not be read and entered is left out
   * @return {@link Reply.Done}; or why nothing, or not everything, was looked at
   */
  Reply look(Caller caller, List<Query.Place> places, Looker looker);

  /** Takes what {@link #look} finds, in the order of the files. */
  interface Looker {
    /** Something in the records does not fit: one line. */
    void mismatch(String line);

    /** A file comes; its blocks follow. */
    void file();

    /**
     * A file, or its next part, has bytes in a block that was not relocated.
     *
     * @param block as the state has it; null: the state has none
     * @param endBytes where they end in it
     */
    void block(Supplier<String> path, long id, @Nullable Block block, long endBytes);

    /** Some version names this block. */
    void block(Block block);

    /** A directory that the caller may not look into. */
    void closed(String path);
  }

  /** Maps that were let go of and have extents left. */
  List<Long> mapsToReap(int limit);

  /** Trees without a name that nobody will give them one. */
  List<Long> treesToDrop(int limit);

  /** Whether a history step would find something to do at this time. */
  boolean historyDue(long nowNanos);

  /** A snapshot; null: there is none of that name. */
  Reply.@Nullable Snapshot snapshot(String name);

  /** Instants that are kept because somebody looks, or looked, at them. */
  List<Long> viewed();

  /** What can be read of the past. */
  Past past();

  /**
   * How far back the past can be read, pinned instants apart.
   *
   * @param secondsNanos the first full second is at or after this
   * @param minutesNanos the first full minute is at or after this
   * @param releasing what was given up for want of space is still being looked for
   * @param empty nothing is kept for it, nor for who looks at an instant
   */
  record Past(long secondsNanos, long minutesNanos, boolean releasing, boolean empty) {}

  /** Files and directories, bytes of files. */
  Totals totals();

  /** Sums over the volume. */
  record Totals(long files, long directories, long bytes) {}

  /** The oldest instant that can be read; 0 if only the present. */
  long oldestInstantNanos();

  /** Bytes of the store on disk, about. */
  long storeBytes();

  /**
   * Recomputes links, both directory orders, extents, owner counts and usage, and says where the
   * state differs: one line each, at most {@code limit}. Changes nothing.
   */
  List<String> check(int limit);
}

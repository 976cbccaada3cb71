package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The state as the servers' own upkeep sees it: latest committed, paged, no permission asked. */
public interface Survey {
  /** Identity of the volume; null before it is formatted. */
  @Nullable ByteString cluster();

  /** Whether the log said that this group has one voter. */
  boolean sole();

  /** Replicated sessions, ended ones not among them. */
  List<Session> sessions();

  /** A session as the log knows it. */
  record Session(
      long id, long epoch, String host, boolean mount, boolean fenced, long openedNanos) {}

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

  /** CLOSED blocks without owners, from id {@code after} on: they may be condemned. */
  List<Long> ownerless(long after, int limit);

  /** States of a block, in the order it passes them. */
  enum BlockState {
    OPEN,
    SEALED,
    CLOSED,
    DEAD,
    GONE
  }

  /**
   * A block as the log knows it.
   *
   * @param copies on how many servers it should be; 0: as the volume says
   */
  record Block(
      long id,
      long epoch,
      BlockState state,
      long session,
      long lengthBytes,
      boolean solo,
      List<Long> servers,
      int copies) {}

  /** No block id at or above this was ever allocated. */
  long allocationMark();

  /**
   * Files with bytes in these blocks, a line for each and at most {@code limit}: where it is and
   * that no good copy of one of them is left.
   */
  List<String> filesThatLost(Collection<Long> blocks, int limit);

  /** Maps that were let go of and have extents left. */
  List<Long> mapsToReap(int limit);

  /** Whether a history step would find something to do at this time. */
  boolean historyDue(long nowNanos);

  /** What can be read of the past. */
  Past past();

  /**
   * How far back the past can be read, pinned instants apart.
   *
   * @param secondsNanos the first full second is at or after this
   * @param minutesNanos the first full minute is at or after this
   * @param releasing what was given up for want of space is still being looked for
   * @param empty nothing is kept for it
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

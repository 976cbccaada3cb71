package dfs.protocol.metadata;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.wire.Tag;
import java.util.List;

/**
 * Commands that the servers order themselves. They recall nobody. Tags continue those of {@link
 * Change}, from 64.
 */
public sealed interface Upkeep extends Order {

  /** The first command of a volume: its identity, and the root directory with its owner. */
  @Tag(64)
  record Format(ByteString cluster, int uid, int gid) implements Upkeep {}

  /** A session begins; the reply is {@link Reply.Session}. */
  @Tag(65)
  record OpenSession(String host, boolean mount, boolean trusted, int uid) implements Upkeep {}

  /**
   * A session is fenced: whatever it sends later is refused. Its open blocks wait to be sealed, its
   * orphans to be reaped.
   */
  @Tag(66)
  record FenceSession(long session) implements Upkeep {}

  /** A fenced session's blocks are sealed and it is forgotten; its reply slots with it. */
  @Tag(67)
  record EndSession(long session) implements Upkeep {}

  /** Unlinked inodes that nobody holds any more: their records go, their maps are let go of. */
  @Tag(68)
  record Reap(List<Long> inos) implements Upkeep {
    public Reap {
      inos = List.copyOf(inos);
      if (inos.size() > Limits.RECORDS_PER_COMMAND) {
        throw new IllegalArgumentException(inos.size() + " inodes to reap");
      }
    }
  }

  /** A step of deleting the extents of a map that no version needs; the cursor is in the state. */
  @Tag(69)
  record ReapMap(long map) implements Upkeep {}

  /**
   * A step of moving, releasing and dropping history up to the stamped time; the cursor is in the
   * state.
   */
  @Tag(70)
  record AdvanceHistory() implements Upkeep {}

  /** Keeps the instant {@code timeNanos} for ever under a name. */
  @Tag(71)
  record PinInstant(String name, long timeNanos) implements Upkeep {}

  @Tag(72)
  record UnpinInstant(String name) implements Upkeep {}

  /**
   * A chunk server is known by this id from now on; the reply is {@link Reply.Session} with the id.
   */
  @Tag(73)
  record RegisterServer(String host, String address, ByteString directory) implements Upkeep {}

  /** Blocks of a dead session, sealed by the servers at the longest valid prefix. */
  @Tag(74)
  record SealDead(List<Change.BlockEnd> ends) implements Upkeep {
    public SealDead {
      ends = List.copyOf(ends);
    }
  }

  /** Closed blocks without owners die; their ids are in the reply. */
  @Tag(75)
  record CondemnBlocks(List<Long> blocks) implements Upkeep {
    public CondemnBlocks {
      blocks = List.copyOf(blocks);
    }
  }

  /** Every member of these dead blocks that is not lost confirmed the deletion. */
  @Tag(76)
  record BlocksGone(List<Long> blocks) implements Upkeep {
    public BlocksGone {
      blocks = List.copyOf(blocks);
    }
  }

  /** From here on the log has one voter and reads need no lease entries. */
  @Tag(77)
  record Sole() implements Upkeep {}

  /** How long seconds and minutes are kept, in nanoseconds. */
  @Tag(78)
  record SetRetention(long secondsTierNanos, long minutesTierNanos) implements Upkeep {}

  /**
   * A sealed block has these members from now on, all of which have it whole; unless its members
   * are not those of before any more.
   */
  @Tag(80)
  record SetMembers(long block, List<Long> before, List<Long> after) implements Upkeep {
    public SetMembers {
      before = List.copyOf(before);
      after = List.copyOf(after);
    }
  }

  /**
   * Space is short: no second before this time can be read any more, and with {@code minutes} no
   * minute either; what was kept for them goes with the next {@link AdvanceHistory}. Pinned
   * instants stay.
   */
  @Tag(81)
  record ReleaseHistory(long beforeNanos, boolean minutes) implements Upkeep {}

  /** On how many servers new blocks are written. */
  @Tag(79)
  record SetCopies(int copies) implements Upkeep {}
}

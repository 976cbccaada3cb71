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

  /**
   * A session begins; the reply is {@link Reply.Session}.
   *
   * @param id that it has already, from {@link Limits#SESSION_OF_TERM} on; 0: it gets the next
   */
  @Tag(65)
  record OpenSession(String host, boolean mount, boolean trusted, int uid, long id)
      implements Upkeep {
    public OpenSession {
      if (id != 0 && id < Limits.SESSION_OF_TERM) {
        throw new IllegalArgumentException("session " + id + " would be another one's");
      }
    }

    /** Of who has no number yet. */
    public OpenSession(String host, boolean mount, boolean trusted, int uid) {
      this(host, mount, trusted, uid, 0);
    }
  }

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
   *
   * @param looked instants at which somebody looks: those whose time is over stay, until an order
   *     does not name them any more or space is short ({@link ReleaseHistory})
   */
  @Tag(70)
  record AdvanceHistory(List<Long> looked) implements Upkeep {
    public AdvanceHistory {
      looked = List.copyOf(looked);
      if (looked.size() > Limits.LOOKED_INSTANTS) {
        throw new IllegalArgumentException(looked.size() + " instants are looked at");
      }
    }

    /** Nobody looks at the past. */
    public AdvanceHistory() {
      this(List.of());
    }

    @Override
    public String toString() {
      return "AdvanceHistory[" + looked.size() + " are looked at]";
    }
  }

  /**
   * Somebody may look at an instant that is to lose its name: if it is kept it stays, as what
   * {@link AdvanceHistory} names.
   */
  @Tag(91)
  record KeepInstant(long timeNanos) implements Upkeep {}

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
   * instants stay; those at which somebody looks go. A time to come, at most a minute ahead: until
   * then nothing is kept.
   */
  @Tag(81)
  record ReleaseHistory(long beforeNanos, boolean minutes) implements Upkeep {}

  /**
   * A block that the servers put together from what lives in others; nobody else writes it. The
   * reply is {@link Reply.Progress} with its id.
   *
   * @param lengthBytes how long it will be
   * @param servers who is to have it
   * @param soloOf it is for the one file that this block is for; 0: for any
   */
  @Tag(82)
  record OpenTarget(long lengthBytes, int copies, List<Long> servers, long soloOf)
      implements Upkeep {
    public OpenTarget {
      servers = List.copyOf(servers);
      if (lengthBytes <= 0 || lengthBytes > Limits.BLOCK_BYTES || servers.isEmpty()) {
        throw new IllegalArgumentException("a target of " + lengthBytes + " bytes on " + servers);
      }
    }
  }

  /**
   * What versions name of some blocks lies in a target from now on, which all its servers have,
   * durable. It is closed with that; what its sources hold is surplus.
   *
   * @param moves by block, and then by offset
   */
  @Tag(83)
  record Relocate(long target, List<Move> moves) implements Upkeep {
    public Relocate {
      moves = List.copyOf(moves);
      if (moves.isEmpty() || moves.size() > Limits.RELOCATED_RANGES) {
        throw new IllegalArgumentException(moves.size() + " ranges to relocate");
      }
    }
  }

  /** A range of a block, and where in the target it lies. */
  record Move(long block, long offset, long lengthBytes, long targetOffset) {
    public Move {
      if (offset < 0
          || lengthBytes <= 0
          || targetOffset < 0
          || offset > Limits.BLOCK_BYTES - lengthBytes
          || targetOffset > Limits.BLOCK_BYTES - lengthBytes) {
        throw new IllegalArgumentException(
            "%d bytes at %d of block %d go to %d"
                .formatted(lengthBytes, offset, block, targetOffset));
      }
    }
  }

  /** These targets were given up; those that are not open any more are left alone. */
  @Tag(84)
  record DropTargets(List<Long> blocks) implements Upkeep {
    public DropTargets {
      blocks = List.copyOf(blocks);
    }
  }

  /** On how many servers new blocks are written. */
  @Tag(79)
  record SetCopies(int copies) implements Upkeep {}

  /**
   * A step of taking away a tree that has no name any more, or never got one ({@link
   * Change.PutBack}). The reply is {@link Reply.Progress}.
   */
  @Tag(90)
  record DropTree(long ino) implements Upkeep {}
}

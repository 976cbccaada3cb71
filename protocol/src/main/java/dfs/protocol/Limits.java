package dfs.protocol;

/** Bounds that more than one room relies on. The unit is the last word of each name. */
public final class Limits {
  /** Longest name of a directory entry (POSIX NAME_MAX on Linux). */
  public static final int NAME_BYTES = 255;

  /** Names of one {@link dfs.protocol.metadata.Query.LookupPath}; longer ways take several. */
  public static final int PATH_NAMES = 64;

  /** Longest target of a symbolic link (PATH_MAX - 1). */
  public static final int SYMLINK_TARGET_BYTES = 4095;

  /** Longest name and value of an extended attribute, as in the Linux VFS. */
  public static final int XATTR_NAME_BYTES = 255;

  public static final int XATTR_VALUE_BYTES = 65_536;

  /**
   * Largest size of a file: the VFS counts offsets in signed 64 bits, and sums must not overflow.
   */
  public static final long FILE_SIZE_BYTES = 1L << 60;

  /** Most names that one inode may have. */
  public static final int LINKS = 1 << 20;

  /** Files up to this size live in the metadata. */
  public static final int INLINE_BYTES = 4096;

  /** Length at which a block is full. */
  public static final long BLOCK_BYTES = 64L << 20;

  /** Piece of a block that one checksum covers, as a power of two. */
  public static final int UNIT_LOG2 = 12;

  public static final int UNIT_BYTES = 1 << UNIT_LOG2;

  /** Longest payload of one append. */
  public static final int APPEND_BYTES = 1 << 20;

  /** Most bytes of records that are given at once, encoded. */
  public static final int RECORDS_BYTES = 64 << 10;

  /** A synced append up to this size travels inside its journal record. */
  public static final int JOURNAL_INLINE_BYTES = 64 << 10;

  /** Most extents in one reply or one commit. */
  public static final int EXTENTS_PER_MESSAGE = 1024;

  /** Most entries of one page of a listing. */
  public static final int LISTING_ENTRIES = 1000;

  /** Most records that one command may touch. */
  public static final int RECORDS_PER_COMMAND = 1000;

  /** Most ranges that one command moves to another block. */
  public static final int RELOCATED_RANGES = 1024;

  /** Largest encoded command. */
  public static final int COMMAND_BYTES = 1 << 20;

  /** Operations that one session may have in flight. */
  public static final int SESSION_SLOTS = 64;

  /**
   * Numbers of sessions below this are counted by the log; above, the upper half is the term in
   * which the leader gave it.
   */
  public static final long SESSION_OF_TERM = 1L << 32;

  /**
   * Sessions that the log does not know, of one user, or of all who have the cluster key: of more
   * of those it hears.
   */
  public static final int SESSIONS_UNLOGGED = 4096;

  /** Inodes that a session which speaks for one user may have open. */
  public static final int SESSION_OPEN_INODES = 1 << 16;

  /** Locks of ranges of files that a session may have, and files for whose locks it may wait. */
  public static final int SESSION_LOCKS = 1 << 14;

  /** Instants of the past that a session keeps by looking at them, the last ones. */
  public static final int SESSION_INSTANTS = 64;

  /** And all sessions together. */
  public static final int LOOKED_INSTANTS = 1024;

  /** Most supplementary groups of a caller (Linux NGROUPS_MAX). */
  public static final int CALLER_GROUPS = 65_536;

  /** Time between heartbeats of a session or a chunk server. */
  public static final long HEARTBEAT_NANOS = 1_000_000_000L;

  /**
   * The client stops trusting its lease this long after its last acknowledged heartbeat was sent.
   */
  public static final long LEASE_CLIENT_NANOS = 3_000_000_000L;

  /** The server lets a lease go this long after the last heartbeat it received. */
  public static final long LEASE_SERVER_NANOS = 5_000_000_000L;

  /** A session that nobody conflicts with lives this long without a heartbeat. */
  public static final long SESSION_NANOS = 300_000_000_000L;

  /** A live session that has not finished a recall by then is fenced. */
  public static final long RECALL_NANOS = 30_000_000_000L;

  /** Quiet time after which a lease may be exclusive again. */
  public static final long LEASE_RETURN_NANOS = 10_000_000_000L;

  /**
   * A chunk server that has not answered a request by then is left behind, where others have the
   * block: its disk is so slow that it holds up everybody. Long enough for a flush that waits for a
   * burst of others on a healthy disk, and as long as the metadata server waits for a heartbeat
   * before it places no blocks there.
   */
  public static final long ANSWER_NANOS = 3_000_000_000L;

  /**
   * A server that owes an answer for so long is asked whether it is there, which needs no disk.
   * Long enough that a usual flush is over.
   */
  public static final long DOUBT_NANOS = 200_000_000L;

  /**
   * A server that does not say by then that it is there is stopped, and left behind like one that
   * is slow, but sooner: an application that has two such servers in one chain, or meets them one
   * after the other, must not wait for three seconds. A process that computes on a busy machine of
   * two cores says so within some tens of milliseconds, one that collects garbage within some
   * hundreds. One that is thought to be stopped and is not costs a sealed block and a new one, or a
   * read of another copy, never an error.
   */
  public static final long SILENCE_NANOS = 800_000_000L;

  /** The member before waits so much longer for each member behind, or it would be blamed. */
  public static final long ANSWER_MEMBER_NANOS = 1_000_000_000L;

  /** Who has nobody else to ask waits so long: slow is better than failed. */
  public static final long ANSWER_ALONE_NANOS = 30_000_000_000L;

  /** A server that did not answer is asked after all others for so long. */
  public static final long SUSPECT_NANOS = 10_000_000_000L;

  /** Patience with a member of a chain that answers together with so many behind it. */
  public static long answerNanos(int membersBehind) {
    return ANSWER_NANOS + membersBehind * ANSWER_MEMBER_NANOS;
  }

  private Limits() {}
}

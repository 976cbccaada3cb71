package dfs.protocol.block;

import java.io.IOException;

/** Why a chunk server did not do what it was asked. */
public final class BlockFault extends IOException {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  /**
   * Kinds of faults; the ordinal travels in frames, so constants are only ever added at the end.
   */
  public enum Kind {
    /** No such block here (any more). */
    NO_SUCH_BLOCK,
    /** The capability does not allow it, or is forged or expired. */
    FORBIDDEN,
    /** The request makes no sense. */
    MALFORMED,
    /** The append does not continue the block; the message says where it ends. */
    WRONG_OFFSET,
    /** The block is sealed, or the writer's epoch or session is not its writer's. */
    NOT_WRITABLE,
    /** The bytes on disk are not those that were written. */
    DAMAGED,
    /** Too little space for a new block. */
    NO_SPACE,
    /** The disk failed. */
    DISK,
    /** The server has started and does not know its cluster's keys yet: to be asked again. */
    NOT_READY,
    /** A member behind this one failed, which the message names: the block ends. */
    MEMBER_FAILED
  }

  public BlockFault(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public BlockFault(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}

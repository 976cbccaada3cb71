package dfs.client.file;

import dfs.protocol.block.BlockFault;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.metadata.Reply.BlockGrant;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A block that was being written broke, or could not be started: its bytes must go into another
 * one, and somebody has to say where it ends, or it stays open and nobody repairs it.
 */
final class BlockFailedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable OpenBlock broken;
  private final transient @Nullable BlockEnd unused;

  /** There was no block. */
  BlockFailedException(IOException cause) {
    super("no block: " + cause.getMessage(), cause);
    broken = null;
    unused = null;
  }

  BlockFailedException(OpenBlock broken, IOException cause) {
    super("block " + broken.id() + ": " + cause.getMessage(), cause);
    this.broken = broken;
    unused = null;
  }

  /** It was granted, and nothing was ever written to it. */
  BlockFailedException(BlockGrant grant, IOException cause) {
    super("block " + grant.block() + ": " + cause.getMessage(), cause);
    broken = null;
    unused = new BlockEnd(grant.block(), grant.epoch(), 0, true);
  }

  /** Whether it broke because a server of it has no room. */
  boolean isForSpace() {
    return getCause() instanceof BlockFault fault && fault.kind() == BlockFault.Kind.NO_SPACE;
  }

  /** What is to be said of the block's end, unless a commit is left to say it. */
  List<BlockEnd> ends() {
    if (unused != null) {
      return List.of(unused);
    }
    return broken == null ? List.of() : broken.endAlone();
  }
}

package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.metadata.records.BlockInfo;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.List;

/** Blocks from their allocation to the moment they are gone. */
final class Blocks {
  private static final String NEXT_BLOCK = "next.block";
  private static final String COPIES = "copies";
  static final long FIRST_EPOCH = 1;

  private Blocks() {}

  /** No block id at or above this was ever given. */
  static long mark(NamespaceReader reader) {
    return Math.max(1, reader.number(NEXT_BLOCK));
  }

  /** On how many servers new blocks are written. */
  static int copies(NamespaceReader reader) {
    return (int) Math.max(1, reader.number(COPIES));
  }

  static Reply setCopies(Upkeep.SetCopies order, Applying in) {
    checkCopies(order.copies(), 1);
    in.tx.setNumber(COPIES, order.copies());
    return Reply.Done.DONE;
  }

  static void checkCopies(int copies, int least) {
    if (copies < least || copies > Attributes.COPIES_MAX) {
      throw Refusal.of(
          Errno.EINVAL, "%d to %d copies, not %d".formatted(least, Attributes.COPIES_MAX, copies));
    }
  }

  /**
   * So many copies are wanted of a block, or of the one that it went to, for the sake of one file;
   * others may want more.
   */
  static void setCopies(Applying in, long block, long ino, int copies) {
    BlockInfo info = in.tx.value(Table.BLOCKS, Key.of(block));
    if (info == null || info.state() == BlockInfo.DEAD) {
      return;
    }
    if (info.state() == BlockInfo.RELOCATED) {
      info.relocations().stream()
          .mapToLong(BlockInfo.Relocation::block)
          .distinct()
          .forEach(target -> setCopies(in, target, ino, copies));
    } else if (!info.solo() || info.ino() != ino) {
      wantCopies(in, block, copies);
    } else if (info.copies() != copies) {
      in.tx.put(Table.BLOCKS, Key.of(block), info.withCopies(copies));
    }
  }

  /** The one of two numbers of copies that is more; 0 is the volume's. */
  static int more(NamespaceReader reader, int one, int other) {
    int volume = copies(reader);
    return (other == 0 ? volume : other) > (one == 0 ? volume : one) ? other : one;
  }

  /** A further file names a block, or what it went to: it is nobody's alone, and wants so many. */
  static void share(Applying in, long block, long ino, int copies) {
    BlockInfo info = require(in.tx, block);
    if (info.state() == BlockInfo.RELOCATED) {
      info.relocations().stream()
          .mapToLong(BlockInfo.Relocation::block)
          .distinct()
          .forEach(target -> share(in, target, ino, copies));
      return;
    }
    if (info.solo() && info.ino() != ino) {
      in.tx.put(Table.BLOCKS, Key.of(block), info.shared());
    }
    wantCopies(in, block, copies);
  }

  /** At least as many copies are wanted of a block as of a file that lies in it. */
  static void wantCopies(Applying in, long block, int copies) {
    BlockInfo info = require(in.tx, block);
    int volume = copies(in.tx);
    int now = info.copies() == 0 ? volume : info.copies();
    if ((copies == 0 ? volume : copies) > now) {
      in.tx.put(Table.BLOCKS, Key.of(block), info.withCopies(copies));
    }
  }

  /** Opens a block for the command's session on the servers stamped on it. */
  static Reply.BlockGrant allocate(Applying in, Change.BlockWish wish) {
    List<Long> servers = in.command.placement();
    checkCopies(wish.copies(), 0);
    if (servers.isEmpty()) {
      throw Refusal.of(Errno.ENOSPC, "no chunk server can take a block");
    }
    long block = next(in);
    long session = in.command.session();
    in.tx.put(
        Table.BLOCKS,
        Key.of(block),
        new BlockInfo(
            FIRST_EPOCH,
            BlockInfo.OPEN,
            session,
            0,
            wish.solo(),
            wish.synced(),
            wish.ino(),
            servers,
            List.of(),
            wish.copies()));
    return new Reply.BlockGrant(
        block, FIRST_EPOCH, wish.solo(), wish.synced(), servers, List.of(), ByteString.EMPTY);
  }

  /** An id that was never given. */
  static long next(Applying in) {
    return in.tx.next(NEXT_BLOCK, 1);
  }

  /** The grant of a block that was allocated before. */
  static Reply.BlockGrant granted(NamespaceReader reader, long block) {
    BlockInfo info = require(reader, block);
    return new Reply.BlockGrant(
        block,
        info.epoch(),
        info.solo(),
        info.synced(),
        info.servers(),
        List.of(),
        ByteString.EMPTY);
  }

  static BlockInfo require(NamespaceReader reader, long block) {
    BlockInfo info = reader.value(Table.BLOCKS, Key.of(block));
    if (info == null) {
      throw Refusal.of(Errno.EINVAL, "there is no block " + block);
    }
    return info;
  }

  /**
   * Refuses a commit that names a block of another session, a closed one, or bytes beyond it. No
   * extent is longer than a block, or a search from its end would miss it.
   */
  static void checkCommit(Applying in, Extent extent) {
    if (extent.lengthBytes() > Limits.BLOCK_BYTES) {
      throw Refusal.of(Errno.EINVAL, "an extent of " + extent.lengthBytes() + " bytes");
    }
    if (extent.unwritten()) {
      return;
    }
    BlockInfo info = require(in.tx, extent.block());
    if (info.session() != in.command.session()) {
      throw Refusal.of(Errno.EPERM, "block " + extent.block() + " is another session's");
    }
    if (info.state() >= BlockInfo.CLOSED) {
      throw Refusal.of(Errno.EINVAL, "block " + extent.block() + " is closed");
    }
    long limit = info.state() == BlockInfo.SEALED ? info.lengthBytes() : Limits.BLOCK_BYTES;
    if (extent.blockOffset() > limit - extent.lengthBytes()) {
      throw Refusal.of(Errno.EINVAL, "block " + extent.block() + " ends at " + limit);
    }
  }

  /** Refuses a commit that names bytes beyond the end that it gives their block. */
  static void checkEnd(Applying in, Extent extent) {
    if (extent.unwritten()) {
      return;
    }
    BlockInfo info = require(in.tx, extent.block());
    if (info.state() != BlockInfo.OPEN
        && extent.blockOffset() + extent.lengthBytes() > info.lengthBytes()) {
      throw Refusal.of(Errno.EINVAL, "block " + extent.block() + " ends at " + info.lengthBytes());
    }
  }

  /** A block of the command's own session ends; the first seal wins. */
  static void end(Applying in, Change.BlockEnd end) {
    BlockInfo info = require(in.tx, end.block());
    if (info.session() != in.command.session() || info.epoch() != end.epoch()) {
      throw Refusal.of(Errno.EPERM, "block " + end.block() + " is another session's");
    }
    seal(in, end, info);
  }

  /** The servers found where a dead session's block ends. */
  static void endDead(Applying in, Change.BlockEnd end) {
    BlockInfo info = in.tx.value(Table.BLOCKS, Key.of(end.block()));
    if (info != null) {
      seal(in, end, info);
    }
  }

  private static void seal(Applying in, Change.BlockEnd end, BlockInfo info) {
    if (info.state() >= BlockInfo.CLOSED) {
      return;
    }
    if (end.lengthBytes() < 0 || end.lengthBytes() > Limits.BLOCK_BYTES) {
      throw Refusal.of(Errno.EINVAL, "a block of " + end.lengthBytes() + " bytes");
    }
    long length = info.state() == BlockInfo.SEALED ? info.lengthBytes() : end.lengthBytes();
    int state = end.closed() ? BlockInfo.CLOSED : BlockInfo.SEALED;
    in.tx.put(Table.BLOCKS, Key.of(end.block()), info.withState(state, length));
  }

  static boolean isOwned(NamespaceReader reader, long block) {
    Key prefix = Key.of(block);
    return !reader.rows(Table.OWNERS, prefix, prefix.afterPrefix(), 1).isEmpty();
  }

  static Reply setMembers(Upkeep.SetMembers order, Applying in) {
    BlockInfo info = require(in.tx, order.block());
    boolean sealed = info.state() == BlockInfo.SEALED || info.state() == BlockInfo.CLOSED;
    if (!sealed || order.after().isEmpty() || !info.servers().equals(order.before())) {
      throw Refusal.of(
          Errno.EAGAIN,
          "block %d in state %d lies on %s, not on %s"
              .formatted(order.block(), info.state(), info.servers(), order.before()));
    }
    in.tx.put(Table.BLOCKS, Key.of(order.block()), info.withServers(order.after()));
    return Reply.Done.DONE;
  }

  /** Whether it may die when nothing names it. */
  static boolean isMortal(BlockInfo info) {
    return info.state() == BlockInfo.CLOSED || info.state() == BlockInfo.RELOCATED;
  }

  /** Closed and relocated blocks that nothing names die; what these named has one owner less. */
  static Reply condemn(Applying in, List<Long> blocks) {
    List<Long> dead = new ArrayList<>();
    for (long block : blocks) {
      BlockInfo info = in.tx.value(Table.BLOCKS, Key.of(block));
      if (info != null && isMortal(info) && !isOwned(in.tx, block)) {
        Relocations.count(in, block, info.relocations(), -1);
        in.tx.put(Table.BLOCKS, Key.of(block), info.dead());
        dead.add(block);
      }
    }
    return new Reply.Progress(dead, false);
  }

  /** Dead blocks that every member deleted leave the state; their ids are never given again. */
  static Reply forget(Applying in, List<Long> blocks) {
    for (long block : blocks) {
      BlockInfo info = in.tx.value(Table.BLOCKS, Key.of(block));
      if (info != null && info.state() == BlockInfo.DEAD) {
        in.tx.drop(Table.BLOCKS, Key.of(block));
      }
    }
    return Reply.Done.DONE;
  }
}

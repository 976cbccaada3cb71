package dfs.client.file;

import dfs.client.block.BlockStore;
import dfs.client.block.BlockWriter;
import dfs.client.block.BlockWriter.Origin;
import dfs.protocol.metadata.Change.BlockWish;
import dfs.protocol.metadata.Reply.BlockGrant;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a kind of appends goes: one open block at a time. A session has one lane for synced and one
 * for bulk appends of small files, and one for each large file.
 */
final class Lane {
  private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

  private final BlockWish wish;
  private final BlockStore blocks;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable OpenBlock open;
  private long appendedNanos;

  Lane(BlockWish wish, BlockStore blocks) {
    this.wish = wish;
    this.blocks = blocks;
  }

  /** The next block that is to be asked for. */
  BlockWish wish() {
    return wish.suspecting(blocks.suspects());
  }

  /** Asks for blocks when a lane has none. */
  interface Allocator {
    BlockGrant allocate(BlockWish wish) throws IOException;
  }

  /** Where an append went. */
  record Placed(OpenBlock block, long blockOffset, int length) {}

  /**
   * Appends the first bytes of {@code payload}, as many as fit the open block; an empty lane gets a
   * block from {@code allocator} first. Null when the open block is full: it must be sealed and
   * another one given.
   */
  @Nullable Placed append(
      Origin origin, ByteBuffer payload, boolean synced, long nowNanos, Allocator allocator)
      throws IOException {
    lock.lock();
    try {
      OpenBlock block = open;
      if (block == null || block.isFailed()) {
        block = start(allocator.allocate(wish()));
        open = block;
      }
      BlockWriter writer = block.writer();
      int count = (int) Math.min(payload.remaining(), writer.remainingBytes());
      if (count == 0) {
        return null;
      }
      ByteBuffer part = payload.slice(payload.position(), count);
      long at;
      try {
        at = synced ? writer.appendSynced(origin, part) : writer.append(origin, part);
      } catch (IOException e) {
        block.abandon();
        throw new BlockFailedException(block, e);
      }
      payload.position(payload.position() + count);
      appendedNanos = nowNanos;
      block.appended(origin.ino());
      return new Placed(block, at, count);
    } finally {
      lock.unlock();
    }
  }

  /** Seals the open block if it has no room left; what was sealed. */
  @Nullable OpenBlock sealFull() throws IOException {
    lock.lock();
    try {
      OpenBlock block = open;
      if (block == null || block.writer().remainingBytes() > 0) {
        return null;
      }
      open = null;
      block.seal();
      return block;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends the open block if nothing was appended since {@code beforeNanos}. When its server is away
   * it ends where it was durable: nothing that was acknowledged lies beyond, and nobody waits.
   */
  @Nullable OpenBlock sealIdle(long beforeNanos) {
    return sealIf(block -> appendedNanos < beforeNanos);
  }

  /** Ends the open block, as {@link #sealIdle} does, if it lies on any of these servers. */
  @Nullable OpenBlock sealOn(Set<Long> servers) {
    return sealIf(block -> block.isOnAnyOf(servers));
  }

  private @Nullable OpenBlock sealIf(Predicate<OpenBlock> due) {
    lock.lock();
    try {
      OpenBlock block = open;
      if (block == null || !due.test(block)) {
        return null;
      }
      open = null;
      try {
        block.seal();
      } catch (BlockFailedException e) {
        LOG.warn("block {} ends without its server: {}", block.id(), e.getMessage());
      }
      return block;
    } finally {
      lock.unlock();
    }
  }

  /** The next block, granted along with a commit. */
  void accept(BlockGrant grant) throws IOException {
    lock.lock();
    try {
      if (open == null) {
        open = start(grant);
      }
    } finally {
      lock.unlock();
    }
  }

  private OpenBlock start(BlockGrant grant) throws BlockFailedException {
    try {
      return new OpenBlock(blocks.create(grant), grant.servers());
    } catch (IOException e) {
      throw new BlockFailedException(grant, e);
    }
  }
}

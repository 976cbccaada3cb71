package dfs.chunk.server;

import dfs.chunk.block.BlockDirectory;
import dfs.chunk.block.BlockDirectory.State;
import dfs.protocol.block.BlockFault;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkMessage.BlockState;
import dfs.protocol.session.ChunkOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what the metadata server orders, unless it cannot be right: a term older than one seen is a
 * deposed server's, a block at or above the allocation mark is unknown to a server that was
 * restored from a copy. Refused deletions keep the bytes and say so in the log. Used by the control
 * thread only.
 */
final class Orders {
  static final int REPORT_BLOCKS = 1000;
  private static final Logger LOG = LoggerFactory.getLogger(Orders.class);
  private static final int OPEN = 0;
  private static final int SEALED = 1;
  private static final int DAMAGED = 2;
  private static final long UNKNOWN_LENGTH = -1;

  private final BlockDirectory blocks;
  private long highestTerm;

  Orders(BlockDirectory blocks, long highestTerm) {
    this.blocks = blocks;
    this.highestTerm = highestTerm;
  }

  void sawTerm(long term) {
    highestTerm = Math.max(highestTerm, term);
  }

  /** Whether an order is of a metadata server that is no more. */
  boolean isDeposed(long term, ChunkOrder order) {
    if (term < highestTerm) {
      LOG.error("refused: {} is of term {}, seen was {}", order, term, highestTerm);
      return true;
    }
    highestTerm = term;
    return false;
  }

  /** Everything that lies here, in pages, the last one marked. */
  void report(Consumer<ChunkMessage> to) {
    List<BlockState> page = new ArrayList<>();
    for (State state : blocks.states()) {
      add(page, of(state), to);
    }
    for (long block : blocks.damaged()) {
      add(page, damaged(block), to);
    }
    for (long block : blocks.wounded()) {
      add(page, damaged(block), to);
    }
    to.accept(new ChunkMessage.Report(page, true));
  }

  static BlockState damaged(long block) {
    return new BlockState(block, 0, 0, DAMAGED);
  }

  private static void add(List<BlockState> page, BlockState state, Consumer<ChunkMessage> to) {
    if (page.size() == REPORT_BLOCKS) {
      to.accept(new ChunkMessage.Report(page, false));
      page.clear();
    }
    page.add(state);
  }

  private static BlockState of(State state) {
    return new BlockState(
        state.block(), state.epoch(), state.lengthBytes(), state.sealed() ? SEALED : OPEN);
  }

  void delete(ChunkOrder.Delete order, Consumer<ChunkMessage> to) {
    if (isDeposed(order.term(), order)) {
      return;
    }
    List<Long> deleted = new ArrayList<>();
    for (long block : order.blocks()) {
      if (Long.compareUnsigned(block, order.allocationMark()) >= 0) {
        LOG.error(
            "refused: block {} is to be deleted by a server that has only given out ids below {}",
            block,
            order.allocationMark());
        continue;
      }
      try {
        blocks.delete(block);
        deleted.add(block);
      } catch (BlockFault e) {
        LOG.error("block {} cannot be deleted", block, e);
      }
    }
    to.accept(new ChunkMessage.Deleted(deleted));
  }

  void seal(ChunkOrder.SealLongest order, Consumer<ChunkMessage> to) {
    if (isDeposed(order.term(), order)) {
      return;
    }
    List<BlockState> sealed = new ArrayList<>();
    for (BlockState wanted : order.blocks()) {
      try {
        long length = blocks.sealLongest(wanted.block());
        sealed.add(new BlockState(wanted.block(), wanted.epoch(), length, SEALED));
      } catch (BlockFault e) {
        LOG.warn("block {} cannot be sealed: {}", wanted.block(), e.getMessage());
        switch (e.kind()) {
          case NO_SUCH_BLOCK ->
              sealed.add(new BlockState(wanted.block(), wanted.epoch(), UNKNOWN_LENGTH, OPEN));
          case DAMAGED ->
              sealed.add(new BlockState(wanted.block(), wanted.epoch(), UNKNOWN_LENGTH, DAMAGED));
          default -> {
            // What is not known is not said: the order comes again.
          }
        }
      }
    }
    to.accept(new ChunkMessage.Sealed(sealed));
  }

  void sealAt(ChunkOrder.SealAt order, Consumer<ChunkMessage> to) {
    if (isDeposed(order.term(), order)) {
      return;
    }
    List<BlockState> states = new ArrayList<>();
    for (BlockState wanted : order.blocks()) {
      if (sealAt(wanted)) {
        states.addAll(states(wanted.block()));
      }
    }
    to.accept(new ChunkMessage.Report(states, true));
  }

  /** Whether what is known of the block now was seen on the disk. */
  private boolean sealAt(BlockState wanted) {
    long block = wanted.block();
    try {
      blocks.sealAt(block, wanted.lengthBytes());
      blocks.confirm(block);
    } catch (BlockFault e) {
      LOG.error("block {} is not whole at {}: {}", block, wanted.lengthBytes(), e.getMessage());
      return e.kind() != BlockFault.Kind.DISK;
    }
    State now = blocks.state(block);
    if (now != null && now.lengthBytes() != wanted.lengthBytes()) {
      LOG.error("{} is to be sealed at {}: left as it is", now, wanted.lengthBytes());
    }
    return true;
  }

  /** What a report says of a block; nothing if it is not here. */
  List<BlockState> states(long block) {
    List<BlockState> states = new ArrayList<>();
    State state = blocks.state(block);
    if (state != null) {
      states.add(of(state));
    }
    if (blocks.isDamaged(block)) {
      states.add(damaged(block));
    }
    return states;
  }

  void compact(ChunkOrder.Compact order, Copier copier) {
    if (!isDeposed(order.term(), order)) {
      copier.add(order);
    }
  }

  void copy(ChunkOrder.Copy order, Copier copier) {
    if (!isDeposed(order.term(), order)) {
      copier.add(order);
    }
  }
}

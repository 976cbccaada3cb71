package dfs.chunk.server;

import dfs.chunk.block.BlockDirectory;
import dfs.chunk.server.Sources.StoppedException;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the blocks that the metadata server orders, copies of sealed ones and what compaction puts
 * together, a few at a time: while one is flushed another is read. All together no faster than it
 * is told. What is ordered of one block is done in that order. Orders come from the control thread;
 * calls {@link CopyMaker}.
 */
final class Copier implements AutoCloseable {
  /** Orders that wait; those beyond are refused. */
  static final int COPIES_WAITING_MAX = 64;

  /** Blocks that are made at a time: as many as the metadata server orders of copies. */
  static final int LANES = 4;

  private static final Logger LOG = LoggerFactory.getLogger(Copier.class);

  private final BlockDirectory blocks;
  private final SpaceReserve space;
  private final Sources sources;
  private final Pace pace;
  private final LongConsumer copied;
  private final Consumer<ChunkMessage> failed;
  private final AtomicInteger waiting = new AtomicInteger();
  private final List<Lane> lanes = new ArrayList<>();

  /**
   * Makes it; it does nothing before {@link #start}.
   *
   * @param bytesPerSecond that are read to be copied or compacted, at most, but for what was left
   *     over of the last second; {@link Pace#UNBOUNDED}
   * @param copied hears of a block that is here, whole and durable
   * @param failed hears of a copy that is not made
   */
  Copier(
      BlockDirectory blocks,
      SpaceReserve space,
      BlockServices services,
      long bytesPerSecond,
      LongConsumer copied,
      Consumer<ChunkMessage> failed,
      Time time) {
    this.blocks = blocks;
    this.space = space;
    this.sources = new Sources(services);
    this.pace = sources.pace(bytesPerSecond, time);
    this.copied = copied;
    this.failed = failed;
    for (int i = 0; i < LANES; i++) {
      lanes.add(new Lane(time));
    }
  }

  private interface Making {
    void by(CopyMaker maker) throws IOException, StoppedException;
  }

  private record Order(long block, Making making) {}

  /** A thread that makes one block after the other. */
  private final class Lane {
    private static final Order NONE = new Order(0, maker -> {});

    final LinkedBlockingQueue<Order> orders = new LinkedBlockingQueue<>();
    final Thread thread;

    /** Its buffer is of use only where something is copied. */
    private @Nullable CopyMaker maker;

    Lane(Time time) {
      thread = time.thread("dfs-chunk-copies", this::run);
    }

    private void run() {
      while (!sources.isStopped()) {
        Order order;
        try {
          order = orders.take();
        } catch (InterruptedException e) {
          return;
        }
        if (!sources.isStopped()) {
          waiting.decrementAndGet();
          make(order);
        }
      }
    }

    private void make(Order order) {
      try {
        order.making().by(maker());
        copied.accept(order.block());
      } catch (StoppedException e) {
        LOG.info("block {} is not finished: it has to be ordered again", order.block());
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        // No memory for one is no reason to make no others.
        fail(order.block(), String.valueOf(e.getMessage()));
      }
    }

    private CopyMaker maker() {
      CopyMaker known = maker;
      if (known == null) {
        known = new CopyMaker(blocks, space, sources, pace);
        maker = known;
      }
      return known;
    }
  }

  void start() {
    lanes.forEach(lane -> lane.thread.start());
  }

  /** Called by the control thread only. */
  void add(ChunkOrder.Copy order) {
    add(new Order(order.block().block(), maker -> maker.make(order)));
  }

  /** Called by the control thread only. */
  void add(ChunkOrder.Compact order) {
    add(new Order(order.block().block(), maker -> maker.make(order)));
  }

  private void add(Order order) {
    if (waiting.get() >= COPIES_WAITING_MAX) {
      fail(order.block(), COPIES_WAITING_MAX + " other copies are waiting");
      return;
    }
    waiting.incrementAndGet();
    lanes.get(Math.floorMod(order.block(), LANES)).orders.add(order);
  }

  private void fail(long block, String reason) {
    LOG.warn("no copy of block {}: {}", block, reason);
    failed.accept(new ChunkMessage.CopyFailed(block, reason));
  }

  /** Waits for what is being done to the disk, not for a source. */
  @Override
  public void close() {
    sources.stop();
    boolean interrupted = false;
    for (Lane lane : lanes) {
      lane.orders.add(Lane.NONE);
      while (lane.thread.isAlive()) {
        try {
          lane.thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

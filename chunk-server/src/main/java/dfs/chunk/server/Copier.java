package dfs.chunk.server;

import dfs.chunk.block.BlockDirectory;
import dfs.chunk.block.BlockDirectory.State;
import dfs.chunk.server.Sources.SourceException;
import dfs.chunk.server.Sources.StoppedException;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.Pieces;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes copies of sealed blocks that the metadata server orders, one after the other, on a thread
 * of its own: first the records of the block, then the bytes they vouch for, as its writer would
 * send them, and no faster than it is told. Orders come from the control thread; calls the servers
 * that have the block, and the data directory.
 *
 * <p>For 64 MiB: 64 reads of 1 MiB, a page of records for each 64 KiB of them, the syncs of a seal.
 */
final class Copier implements AutoCloseable {
  /** Orders that wait for the thread; those beyond are refused. */
  static final int COPIES_WAITING_MAX = 64;

  private static final Logger LOG = LoggerFactory.getLogger(Copier.class);

  private final BlockDirectory blocks;
  private final SpaceReserve space;
  private final Sources sources;
  private final Pace pace;
  private final Compactor compactor;
  private final LongConsumer copied;
  private final Consumer<ChunkMessage> failed;
  private final LinkedBlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();
  private final Thread thread;

  /** Used by the thread, and by the call it waits for; a call that was given up is the last one. */
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(Limits.APPEND_BYTES);

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
    this.compactor = new Compactor(blocks, space, sources, pace, buffer);
    this.copied = copied;
    this.failed = failed;
    this.thread = time.thread("dfs-chunk-copies", this::run);
  }

  void start() {
    thread.start();
  }

  /** Called by the control thread only. */
  void add(ChunkOrder.Copy order) {
    add(order.block().block(), () -> make(order));
  }

  /** Called by the control thread only. */
  void add(ChunkOrder.Compact order) {
    add(order.block().block(), () -> make(order));
  }

  private void add(long block, Runnable making) {
    if (waiting.size() >= COPIES_WAITING_MAX) {
      fail(block, COPIES_WAITING_MAX + " other copies are waiting");
      return;
    }
    waiting.add(making);
  }

  private void fail(long block, String reason) {
    LOG.warn("no copy of block {}: {}", block, reason);
    failed.accept(new ChunkMessage.CopyFailed(block, reason));
  }

  private void run() {
    while (!sources.isStopped()) {
      try {
        waiting.take().run();
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void make(ChunkOrder.Compact order) {
    long block = order.block().block();
    try {
      compactor.make(order);
      copied.accept(block);
    } catch (StoppedException e) {
      LOG.info("block {} is not finished: it has to be ordered again", block);
    } catch (IOException | RuntimeException e) {
      fail(block, String.valueOf(e.getMessage()));
    }
  }

  private void make(ChunkOrder.Copy order) {
    long block = order.block().block();
    boolean begun = false;
    try {
      if (!isHere(order)) {
        space.checkCreate();
        int epoch = Math.toIntExact(order.block().epoch());
        blocks.create(block, epoch, order.session(), order.packed());
        begun = true;
        fill(order, new Storing(block));
        blocks.seal(block, epoch);
      }
      copied.accept(block);
    } catch (StoppedException e) {
      LOG.info("the copy of block {} is not finished: it has to be ordered again", block);
    } catch (IOException | RuntimeException e) {
      if (begun) {
        delete(block);
      }
      fail(block, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Whether there is nothing to do. What is here and wrong, damaged, longer or shorter, may be the
   * last that has some of the bytes: it gives way only when everything was read, right, from the
   * sources. What a copy that was cut short left behind is not told from that.
   */
  private boolean isHere(ChunkOrder.Copy order) throws IOException, StoppedException {
    long block = order.block().block();
    State state = blocks.state(block);
    boolean damaged = blocks.isDamaged(block);
    if (state == null && !damaged) {
      return false;
    }
    if (!damaged
        && state != null
        && state.sealed()
        && state.lengthBytes() == order.block().lengthBytes()) {
      return true;
    }
    LOG.warn("{} is to be replaced by a copy of {}", state, order.block());
    fill(order, new Reading());
    blocks.delete(block);
    return false;
  }

  private void delete(long block) {
    try {
      blocks.delete(block);
    } catch (BlockFault e) {
      LOG.error("what was copied of block {} cannot be deleted", block, e);
    }
  }

  /** Where what the sources have goes. */
  private interface Goal {
    long length() throws IOException;

    /** Takes the next record; MALFORMED if the bytes are not those that were written. */
    void add(BlockRecord record, ByteBuffer payload) throws IOException;
  }

  /** Into the data directory. */
  private final class Storing implements Goal {
    private final long block;

    Storing(long block) {
      this.block = block;
    }

    @Override
    public long length() throws IOException {
      return blocks.length(block);
    }

    @Override
    public void add(BlockRecord record, ByteBuffer payload) throws IOException {
      space.checkAppend(record.length());
      blocks.copy(record, payload);
    }
  }

  /** Nowhere: it only has to be there. */
  private static final class Reading implements Goal {
    private long length;

    @Override
    public long length() {
      return length;
    }

    @Override
    public void add(BlockRecord record, ByteBuffer payload) throws IOException {
      if (Pieces.firstWrong(record.blockOffset(), payload, record.checksums()) >= 0) {
        throw new BlockFault(
            BlockFault.Kind.MALFORMED, "the bytes do not have the checksums of their record");
      }
      length += record.length();
    }
  }

  /**
   * Goes through the sources, round and round while something comes of it: one may have what is
   * damaged in another, and the other way round.
   */
  private void fill(ChunkOrder.Copy order, Goal goal) throws IOException, StoppedException {
    List<String> having = order.sources();
    int next = 0;
    int inVain = 0;
    String lastFault = "none was named";
    for (long length = 0; length < order.block().lengthBytes(); length = goal.length()) {
      if (inVain == having.size()) {
        throw new IOException(
            "no source has what follows %d; the last one, %s".formatted(length, lastFault));
      }
      try {
        copyFrom(order, having.get(next), goal);
      } catch (SourceException e) {
        lastFault = String.valueOf(e.getMessage());
        LOG.warn("the copy of block {} goes on elsewhere: {}", order.block().block(), lastFault);
        inVain = goal.length() > length ? 1 : inVain + 1;
        next = (next + 1) % having.size();
      }
    }
  }

  /** From where the copy ends to the end of the block. */
  private void copyFrom(ChunkOrder.Copy order, String source, Goal goal)
      throws IOException, SourceException, StoppedException {
    long block = order.block().block();
    for (long at = goal.length(); at < order.block().lengthBytes(); at = goal.length()) {
      long from = at;
      List<BlockRecord> page =
          sources.ask(source, service -> service.records(order.capability(), block, from));
      checkFit(order, source, page, from);
      for (int first = 0, end; first < page.size(); first = end) {
        end = endOfRun(page, first);
        store(order, source, page.subList(first, end), goal);
      }
    }
  }

  private static void checkFit(
      ChunkOrder.Copy order, String source, List<BlockRecord> page, long from)
      throws SourceException {
    if (page.isEmpty()) {
      throw new SourceException(source, "it ends at " + from, false);
    }
    long at = from;
    for (BlockRecord record : page) {
      if (record.block() != order.block().block()
          || record.blockOffset() != at
          || (order.session() != 0 && record.session() != order.session())
          || record.epoch() != order.block().epoch()
          || record.length() > order.block().lengthBytes() - at) {
        throw new SourceException(source, "another record at " + at + ": " + record, false);
      }
      at += record.length();
    }
  }

  /** As many records as one read may bring. */
  private static int endOfRun(List<BlockRecord> page, int first) {
    int bytes = page.get(first).length();
    int end = first + 1;
    while (end < page.size() && bytes + page.get(end).length() <= Limits.APPEND_BYTES) {
      bytes += page.get(end++).length();
    }
    return end;
  }

  /** Reads the bytes of these records at once; each alone when they are not all there. */
  private void store(ChunkOrder.Copy order, String source, List<BlockRecord> run, Goal goal)
      throws IOException, SourceException, StoppedException {
    BlockRecord first = run.getFirst();
    BlockRecord last = run.getLast();
    int bytes = (int) (last.blockOffset() - first.blockOffset()) + last.length();
    ByteBuffer into = buffer.clear().slice(0, bytes);
    try {
      var _ =
          sources.ask(
              source,
              service ->
                  service.read(order.capability(), first.block(), first.blockOffset(), into));
    } catch (SourceException e) {
      if (!e.isDamaged() || run.size() == 1) {
        throw e;
      }
      for (BlockRecord record : run) {
        store(order, source, List.of(record), goal);
      }
      return;
    }
    for (BlockRecord record : run) {
      int at = (int) (record.blockOffset() - first.blockOffset());
      append(source, record, buffer.slice(at, record.length()), goal);
    }
    if (!pace.moved(bytes)) {
      throw new StoppedException();
    }
  }

  private static void append(String source, BlockRecord record, ByteBuffer payload, Goal goal)
      throws IOException, SourceException {
    try {
      goal.add(record, payload);
    } catch (BlockFault e) {
      if (e.kind() == BlockFault.Kind.MALFORMED) {
        throw new SourceException(source, String.valueOf(e.getMessage()), true);
      }
      throw e;
    }
  }

  /** Waits for what is being done to the disk, not for a source. */
  @Override
  public void close() {
    sources.stop();
    waiting.add(() -> {});
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

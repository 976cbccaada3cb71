package dfs.chunk.server;

import dfs.chunk.block.BlockDirectory;
import dfs.chunk.block.BlockDirectory.State;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Pieces;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes copies of sealed blocks that the metadata server orders, one after the other, on a thread
 * of its own: first the records of the block, then the bytes they vouch for, as its writer would
 * send them. Orders come from the control thread; calls the servers that have the block, and the
 * data directory.
 *
 * <p>For 64 MiB: 64 reads of 1 MiB, a page of records for each 64 KiB of them, the syncs of a seal.
 */
final class Copier implements AutoCloseable {
  /** Orders that wait for the thread; those beyond are refused. */
  static final int COPIES_WAITING_MAX = 64;

  private static final Logger LOG = LoggerFactory.getLogger(Copier.class);

  private final BlockDirectory blocks;
  private final SpaceReserve space;
  private final BlockServices services;
  private final LongConsumer copied;
  private final Consumer<ChunkMessage> failed;
  private final LinkedBlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private final Time time;
  private final Thread thread;

  /** Used by the thread, and by the call it waits for; a call that was given up is the last one. */
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(Limits.APPEND_BYTES);

  /**
   * Makes it; it does nothing before {@link #start}.
   *
   * @param copied hears of a block that is here, whole and durable
   * @param failed hears of a copy that is not made
   */
  Copier(
      BlockDirectory blocks,
      SpaceReserve space,
      BlockServices services,
      LongConsumer copied,
      Consumer<ChunkMessage> failed,
      Time time) {
    this.blocks = blocks;
    this.space = space;
    this.services = services;
    this.copied = copied;
    this.failed = failed;
    this.time = time;
    this.thread = time.thread("dfs-chunk-copies", this::run);
  }

  void start() {
    thread.start();
  }

  /** Called by the control thread only. */
  void add(ChunkOrder.Copy order) {
    if (waiting.size() >= COPIES_WAITING_MAX) {
      fail(order, COPIES_WAITING_MAX + " other copies are waiting");
      return;
    }
    waiting.add(() -> make(order));
  }

  private void fail(ChunkOrder.Copy order, String reason) {
    LOG.warn("no copy of block {}: {}", order.block().block(), reason);
    failed.accept(new ChunkMessage.CopyFailed(order.block().block(), reason));
  }

  private void run() {
    while (!stopped.isDone()) {
      try {
        waiting.take().run();
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** The server stops. */
  private static final class StoppedException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** A source has not what it should have, or is not there: another one may. */
  private static final class SourceException extends Exception {
    private static final long serialVersionUID = 1L;
    private final boolean damaged;

    SourceException(String source, String what, boolean damaged) {
      super(source + ": " + what);
      this.damaged = damaged;
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
      fail(order, String.valueOf(e.getMessage()));
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
    List<String> sources = order.sources();
    int next = 0;
    int inVain = 0;
    String lastFault = "none was named";
    for (long length = 0; length < order.block().lengthBytes(); length = goal.length()) {
      if (inVain == sources.size()) {
        throw new IOException(
            "no source has what follows %d; the last one, %s".formatted(length, lastFault));
      }
      try {
        copyFrom(order, sources.get(next), goal);
      } catch (SourceException e) {
        lastFault = String.valueOf(e.getMessage());
        LOG.warn("the copy of block {} goes on elsewhere: {}", order.block().block(), lastFault);
        inVain = goal.length() > length ? 1 : inVain + 1;
        next = (next + 1) % sources.size();
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
          ask(source, service -> service.records(order.capability(), block, from));
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
          || record.session() != order.session()
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
          ask(
              source,
              service ->
                  service.read(order.capability(), first.block(), first.blockOffset(), into));
    } catch (SourceException e) {
      if (!e.damaged || run.size() == 1) {
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

  private interface Question<T> {
    T of(BlockService service) throws IOException;
  }

  /**
   * Asks on another thread, which is left alone when the server stops. It must not be interrupted:
   * that would close the files of a source in this process. A source in another process that does
   * not answer fails, and has let go of the buffer then.
   */
  private <T> T ask(String source, Question<T> question) throws SourceException, StoppedException {
    CompletableFuture<Void> ended = new CompletableFuture<>();
    FutureTask<T> task =
        new FutureTask<>(() -> question.of(services.connect(source, Limits.ANSWER_NANOS))) {
          @Override
          protected void done() {
            ended.complete(null);
          }
        };
    time.lightThread("dfs-copy", task).start();
    var _ = CompletableFuture.anyOf(ended, stopped).join();
    if (stopped.isDone()) {
      throw new StoppedException();
    }
    if (task.state() == FutureTask.State.SUCCESS) {
      return task.resultNow();
    }
    Throwable cause = task.exceptionNow();
    boolean damaged = cause instanceof BlockFault fault && fault.kind() == BlockFault.Kind.DAMAGED;
    throw new SourceException(source, String.valueOf(cause.getMessage()), damaged);
  }

  /** Waits for what is being done to the disk, not for a source. */
  @Override
  public void close() {
    stopped.complete(null);
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

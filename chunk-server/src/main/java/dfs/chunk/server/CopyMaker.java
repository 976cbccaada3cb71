package dfs.chunk.server;

import dfs.chunk.block.BlockDirectory;
import dfs.chunk.block.BlockDirectory.State;
import dfs.chunk.server.Sources.SourceException;
import dfs.chunk.server.Sources.StoppedException;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.Pieces;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes one block after the other: of a copy first the records of the block, then the bytes they
 * vouch for, as its writer would send them. Called by a thread of {@link Copier}; calls the servers
 * that have the block, and the data directory.
 *
 * <p>For 64 MiB: 64 reads of 1 MiB, a page of records for each 64 KiB of them, the syncs of a seal.
 */
final class CopyMaker {
  private static final Logger LOG = LoggerFactory.getLogger(CopyMaker.class);

  private final BlockDirectory blocks;
  private final SpaceReserve space;
  private final Sources sources;
  private final Pace pace;
  private final Compactor compactor;

  /** Used by the thread, and by the call it waits for; a call that was given up is the last one. */
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(Limits.APPEND_BYTES);

  CopyMaker(BlockDirectory blocks, SpaceReserve space, Sources sources, Pace pace) {
    this.blocks = blocks;
    this.space = space;
    this.sources = sources;
    this.pace = pace;
    this.compactor = new Compactor(blocks, space, sources, pace, buffer);
  }

  /** As {@link Compactor#make}. */
  void make(ChunkOrder.Compact order) throws IOException, StoppedException {
    compactor.make(order);
  }

  /**
   * Makes a copy, durable; nothing is left of it when that fails, and a part when it is stopped,
   * which gives way when it is ordered again.
   *
   * @throws IOException says why it is not made
   */
  void make(ChunkOrder.Copy order) throws IOException, StoppedException {
    if (isHere(order)) {
      return;
    }
    long block = order.block().block();
    int epoch = Math.toIntExact(order.block().epoch());
    space.checkCreate();
    blocks.create(block, epoch, order.session(), order.packed());
    try {
      fill(order, new Storing(block));
      blocks.seal(block, epoch);
    } catch (IOException | RuntimeException e) {
      delete(block);
      throw e;
    }
  }

  /**
   * Whether there is nothing to do, or nothing any more. What is here and wrong, damaged, longer or
   * shorter, may be the last that has some of the bytes: it gives way only when everything was
   * read, right, from the sources. What a copy that was cut short left behind is not told from
   * that.
   */
  private boolean isHere(ChunkOrder.Copy order) throws IOException, StoppedException {
    long block = order.block().block();
    State state = blocks.state(block);
    boolean damaged = blocks.isDamaged(block);
    if (state == null && !damaged) {
      return false;
    }
    boolean ended =
        state != null && state.sealed() && state.lengthBytes() == order.block().lengthBytes();
    if (ended && !damaged) {
      return true;
    }
    LOG.warn("{} is to be replaced by a copy of {}", state, order.block());
    try {
      fill(order, new Reading());
    } catch (IOException e) {
      if (!ended) {
        throw e;
      }
      LOG.warn("block {} is mended where it is: {}", block, e.getMessage());
      mend(order);
      return true;
    }
    blocks.delete(block);
    return false;
  }

  /** Puts what the sources have in place of what is damaged here: none of them has all of it. */
  private void mend(ChunkOrder.Copy order) throws IOException, StoppedException {
    long block = order.block().block();
    long length = order.block().lengthBytes();
    for (long at = 0; at < length; at += Limits.UNIT_BYTES) {
      int count = (int) Math.min(Limits.UNIT_BYTES, length - at);
      if (!isRight(block, at, buffer.clear().slice(0, count))) {
        rewrite(order, at, count);
      }
      if (!pace.moved(count)) {
        throw new StoppedException();
      }
    }
    blocks.rewritten(block, buffer);
  }

  private boolean isRight(long block, long offset, ByteBuffer into) throws BlockFault {
    try {
      var _ = blocks.read(block, offset, into);
      return true;
    } catch (BlockFault e) {
      if (e.kind() == BlockFault.Kind.DAMAGED) {
        return false;
      }
      throw e;
    }
  }

  private void rewrite(ChunkOrder.Copy order, long offset, int count)
      throws IOException, StoppedException {
    long block = order.block().block();
    String lastFault = "none was named";
    for (String source : order.sources()) {
      ByteBuffer into = buffer.clear().slice(0, count);
      try {
        var _ =
            sources.ask(source, service -> service.read(order.capability(), block, offset, into));
        blocks.rewrite(block, offset, into.flip());
        return;
      } catch (SourceException e) {
        lastFault = String.valueOf(e.getMessage());
      } catch (BlockFault e) {
        if (e.kind() != BlockFault.Kind.MALFORMED) {
          throw e;
        }
        lastFault = source + ": " + e.getMessage();
      }
    }
    throw new IOException(
        "no source has what is damaged at %d; the last one, %s".formatted(offset, lastFault));
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
}

package dfs.chunk.server;

import dfs.chunk.block.BlockDirectory;
import dfs.chunk.block.BlockDirectory.State;
import dfs.chunk.server.Sources.SourceException;
import dfs.chunk.server.Sources.StoppedException;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.Checksums;
import dfs.protocol.block.Pieces;
import dfs.protocol.metadata.Upkeep.Move;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a block together from parts of others: the records of each source, cut where its parts begin
 * and end, with the checksums, session and sequence of their writers; and the bytes they vouch for.
 * Parts begin at checksum units here as there, so that no checksum is made anew. Every server of
 * the block does the same and gets the same. Called by {@link CopyMaker}; calls the servers that
 * have the sources, and the data directory.
 *
 * <p>For 64 MiB from one source: 64 reads of 1 MiB at least, its records once, the syncs of a seal.
 */
final class Compactor {
  private static final Logger LOG = LoggerFactory.getLogger(Compactor.class);

  /** Its records are those of many. */
  private static final long NO_SESSION = 0;

  private final BlockDirectory blocks;
  private final SpaceReserve space;
  private final Sources sources;
  private final Pace pace;
  private final ByteBuffer buffer;

  /**
   * @param pace for what is read
   * @param buffer of {@link Limits#APPEND_BYTES}, the thread's
   */
  Compactor(
      BlockDirectory blocks, SpaceReserve space, Sources sources, Pace pace, ByteBuffer buffer) {
    this.blocks = blocks;
    this.space = space;
    this.sources = sources;
    this.pace = pace;
    this.buffer = buffer;
  }

  /**
   * Makes the block, durable; nothing is left of it when that fails.
   *
   * @throws IOException says why it is not made
   */
  void make(ChunkOrder.Compact order) throws IOException, StoppedException {
    check(order);
    if (isHere(order)) {
      return;
    }
    long block = order.block().block();
    int epoch = Math.toIntExact(order.block().epoch());
    space.checkCompact(order.block().lengthBytes());
    blocks.create(block, epoch, NO_SESSION, order.packed());
    try {
      for (int first = 0, end; first < order.parts().size(); first = end) {
        end = endOfSource(order.parts(), first);
        fill(order, order.parts().subList(first, end));
      }
      blocks.seal(block, epoch);
    } catch (IOException | RuntimeException e) {
      delete(block);
      throw e;
    }
  }

  private void delete(long block) {
    try {
      blocks.delete(block);
    } catch (BlockFault e) {
      LOG.error("what was made of block {} cannot be deleted", block, e);
    }
  }

  /** The parts lie one behind the other, from one checksum unit to the next, up to the length. */
  private static void check(ChunkOrder.Compact order) throws BlockFault {
    long end = 0;
    for (Move part : order.parts()) {
      boolean onUnits =
          (part.offset() & (Limits.UNIT_BYTES - 1)) == 0
              && part.targetOffset() == unitAfter(end)
              && part.lengthBytes() > 0;
      if (!onUnits) {
        throw new BlockFault(
            BlockFault.Kind.MALFORMED, "%s does not follow what ends at %d".formatted(part, end));
      }
      end = part.targetOffset() + part.lengthBytes();
    }
    if (end != order.block().lengthBytes()) {
      throw new BlockFault(
          BlockFault.Kind.MALFORMED, "parts that end at %d for %s".formatted(end, order.block()));
    }
  }

  private static long unitAfter(long offset) {
    return (offset + Limits.UNIT_BYTES - 1) & -Limits.UNIT_BYTES;
  }

  private static int endOfSource(List<Move> parts, int first) {
    int end = first + 1;
    while (end < parts.size() && parts.get(end).block() == parts.get(first).block()) {
      end++;
    }
    return end;
  }

  /** Whether it was made before. What was cut short goes; what ended otherwise is not touched. */
  private boolean isHere(ChunkOrder.Compact order) throws IOException {
    long block = order.block().block();
    State state = blocks.state(block);
    if (blocks.isDamaged(block)
        || (state != null
            && state.sealed()
            && state.lengthBytes() != order.block().lengthBytes())) {
      throw new IOException("block %d is here, and is not what is to be made".formatted(block));
    }
    if (state != null && !state.sealed()) {
      blocks.delete(block);
      return false;
    }
    return state != null;
  }

  /** Goes through the servers that have a source while something comes of it. */
  private void fill(ChunkOrder.Compact order, List<Move> parts)
      throws IOException, StoppedException {
    long block = order.block().block();
    long wanted = parts.getLast().targetOffset() + parts.getLast().lengthBytes();
    ChunkOrder.Source source = sourceOf(order, parts.getFirst().block());
    int next = 0;
    int inVain = 0;
    String lastFault = "none was named";
    for (long length = blocks.length(block); length < wanted; length = blocks.length(block)) {
      if (inVain == source.addresses().size()) {
        throw new IOException(
            "no server has what follows %d of block %d; the last one, %s"
                .formatted(length, block, lastFault));
      }
      try {
        copyFrom(order, source, source.addresses().get(next), parts);
      } catch (SourceException e) {
        lastFault = String.valueOf(e.getMessage());
        LOG.warn("block {} is made on elsewhere: {}", block, lastFault);
        inVain = blocks.length(block) > length ? 1 : inVain + 1;
        next = (next + 1) % source.addresses().size();
      }
    }
  }

  private static ChunkOrder.Source sourceOf(ChunkOrder.Compact order, long block)
      throws BlockFault {
    for (ChunkOrder.Source source : order.sources()) {
      if (source.block() == block) {
        return source;
      }
    }
    throw new BlockFault(
        BlockFault.Kind.MALFORMED, "no source is named of which block %d is".formatted(block));
  }

  /** Some bytes of one record of a source, and where they go. */
  private record Piece(BlockRecord of, long offset, int length, long targetOffset) {
    long end() {
      return offset + length;
    }

    BlockRecord record(ChunkOrder.Compact order) {
      int skipped = (int) ((offset >> Limits.UNIT_LOG2) - (of.blockOffset() >> Limits.UNIT_LOG2));
      int[] checksums = new int[Pieces.count(offset, length)];
      for (int i = 0; i < checksums.length; i++) {
        checksums[i] = of.checksums().get(skipped + i);
      }
      return new BlockRecord(
          order.block().block(),
          targetOffset,
          Math.toIntExact(order.block().epoch()),
          length,
          order.packed(),
          of.ino(),
          of.map(),
          of.fileOffset() + offset - of.blockOffset(),
          of.lease(),
          of.sequence(),
          of.session(),
          0,
          of.modifyNanos(),
          of.sizeBytes(),
          of.keyId(),
          Checksums.of(checksums));
    }
  }

  /** Everything of these parts that is not here yet. */
  private void copyFrom(
      ChunkOrder.Compact order, ChunkOrder.Source source, String address, List<Move> parts)
      throws IOException, SourceException, StoppedException {
    List<Piece> run = new ArrayList<>();
    int part = 0;
    for (long at = 0; part < parts.size(); ) {
      long from = at;
      List<BlockRecord> page =
          sources.ask(
              address, service -> service.records(source.capability(), source.block(), from));
      if (page.isEmpty()) {
        throw new SourceException(address, "it ends at " + at, false);
      }
      for (BlockRecord record : page) {
        checkFit(source, address, record, at);
        at += record.length();
        while (part < parts.size() && parts.get(part).offset() < at) {
          Piece piece = piece(record, parts.get(part));
          if (piece.length() > 0 && piece.targetOffset() >= blocks.length(order.block().block())) {
            add(order, source, address, run, piece);
          }
          if (parts.get(part).offset() + parts.get(part).lengthBytes() > at) {
            break;
          }
          part++;
        }
      }
    }
    store(order, source, address, run);
  }

  private static void checkFit(
      ChunkOrder.Source source, String address, BlockRecord record, long at)
      throws SourceException {
    if (record.block() != source.block()
        || record.blockOffset() != at
        || record.epoch() != source.epoch()
        || record.length() > source.lengthBytes() - at) {
      throw new SourceException(address, "another record at " + at + ": " + record, false);
    }
  }

  /** What of a record lies in a part; of no length if nothing does. */
  private static Piece piece(BlockRecord record, Move part) {
    long from = Math.max(record.blockOffset(), part.offset());
    long to = Math.min(record.blockOffset() + record.length(), part.offset() + part.lengthBytes());
    return new Piece(
        record, from, (int) Math.max(0, to - from), part.targetOffset() + from - part.offset());
  }

  /** Adds to what one read is to bring, after that read if it would be too much. */
  private void add(
      ChunkOrder.Compact order,
      ChunkOrder.Source source,
      String address,
      List<Piece> run,
      Piece piece)
      throws IOException, SourceException, StoppedException {
    boolean joins =
        !run.isEmpty()
            && run.getLast().end() == piece.offset()
            && piece.end() - run.getFirst().offset() <= Limits.APPEND_BYTES;
    if (!joins) {
      store(order, source, address, run);
      run.clear();
    }
    run.add(piece);
  }

  private void store(
      ChunkOrder.Compact order, ChunkOrder.Source source, String address, List<Piece> run)
      throws IOException, SourceException, StoppedException {
    if (run.isEmpty()) {
      return;
    }
    long from = run.getFirst().offset();
    ByteBuffer into = buffer.clear().slice(0, (int) (run.getLast().end() - from));
    var _ =
        sources.ask(
            address, service -> service.read(source.capability(), source.block(), from, into));
    for (Piece piece : run) {
      fillUp(order, piece.targetOffset());
      try {
        blocks.copy(
            piece.record(order), buffer.slice((int) (piece.offset() - from), piece.length()));
      } catch (BlockFault e) {
        if (e.kind() == BlockFault.Kind.MALFORMED) {
          throw new SourceException(address, String.valueOf(e.getMessage()), true);
        }
        throw e;
      }
    }
    if (!pace.moved(into.capacity())) {
      throw new StoppedException();
    }
  }

  /** Zeros, which nobody names, up to the unit at which the next part begins. */
  private void fillUp(ChunkOrder.Compact order, long to) throws IOException {
    long block = order.block().block();
    long from = blocks.length(block);
    if (from == to) {
      return;
    }
    ByteBuffer zeros = ByteBuffer.allocate((int) (to - from));
    blocks.copy(
        new BlockRecord(
            block,
            from,
            Math.toIntExact(order.block().epoch()),
            zeros.remaining(),
            order.packed(),
            0,
            0,
            0,
            0,
            0,
            NO_SESSION,
            0,
            0,
            0,
            0,
            Pieces.checksums(from, zeros)),
        zeros);
  }
}

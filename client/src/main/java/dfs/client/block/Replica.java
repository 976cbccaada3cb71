package dfs.client.block;

import dfs.client.block.BlockWriter.Origin;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Pieces;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.metadata.Reply.BlockGrant;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A block being written, on its server: makes records, knows what is durable, and keeps the first
 * failure, after which nothing is sent any more. Both kinds of writers work through it. Appends and
 * the seal come one at a time, flushes beside them.
 */
final class Replica {
  private final BlockService service;
  private final BlockGrant grant;
  private final int epoch;
  private final long session;
  private final Suspects suspects;
  private final AtomicLong durableBytes = new AtomicLong();
  private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
  private volatile long lengthBytes;
  private volatile boolean sealed;

  Replica(BlockService service, BlockGrant grant, long session, Suspects suspects) {
    this.service = service;
    this.grant = grant;
    this.epoch = Math.toIntExact(grant.epoch());
    this.session = session;
    this.suspects = suspects;
  }

  long block() {
    return grant.block();
  }

  long epoch() {
    return grant.epoch();
  }

  /** Bytes that records were made for. */
  long lengthBytes() {
    return lengthBytes;
  }

  long durableBytes() {
    return durableBytes.get();
  }

  void check() throws IOException {
    IOException known = failure.get();
    if (known != null) {
      throw known;
    }
  }

  boolean isFailed() {
    return failure.get() != null;
  }

  /** Remembers the first failure, and gives it back whichever came later. */
  IOException fail(IOException cause) {
    if (failure.compareAndSet(null, cause)) {
      suspects.blame(grant, cause);
    }
    IOException first = failure.get();
    return first == null ? cause : first;
  }

  /** The record of the next append; the block is longer by it. */
  BlockRecord next(Origin origin, ByteBuffer payload) throws IOException {
    check();
    int count = payload.remaining();
    if (sealed || count <= 0 || count > Limits.APPEND_BYTES || count > remainingBytes()) {
      throw new IllegalArgumentException(
          "%d bytes do not fit %s block %d, which has room for %d"
              .formatted(count, sealed ? "sealed" : "open", block(), remainingBytes()));
    }
    long at = lengthBytes;
    BlockRecord record =
        new BlockRecord(
            block(),
            at,
            epoch,
            count,
            !grant.solo(),
            origin.ino(),
            origin.map(),
            origin.fileOffset(),
            origin.lease(),
            origin.sequence(),
            session,
            durableBytes(),
            origin.modifyNanos(),
            origin.sizeBytes(),
            0,
            Pieces.checksums(at, payload));
    lengthBytes = at + count;
    return record;
  }

  long remainingBytes() {
    return Limits.BLOCK_BYTES - lengthBytes;
  }

  /** Sends a record and its bytes, consumed; in the order in which records were made. */
  void send(BlockRecord record, ByteBuffer payload, boolean synced) throws IOException {
    check();
    try {
      long durable = service.append(grant.capability(), record, payload, synced);
      long end = record.blockOffset() + record.length();
      if (synced && durable < end) {
        throw shorter(durable, end);
      }
      durable(durable);
    } catch (IOException e) {
      throw fail(e);
    }
  }

  /** Everything before {@code target}, which was sent, is durable when this returns. */
  void flush(long target) throws IOException {
    check();
    try {
      long durable = service.flush(grant.capability(), block(), epoch);
      if (durable < target) {
        throw shorter(durable, target);
      }
      durable(durable);
    } catch (IOException e) {
      throw fail(e);
    }
  }

  BlockEnd seal(boolean closed) throws IOException {
    check();
    sealed = true;
    try {
      long length = service.seal(grant.capability(), block(), epoch);
      if (length != lengthBytes) {
        throw shorter(length, lengthBytes);
      }
      durable(length);
      return new BlockEnd(block(), grant.epoch(), length, closed);
    } catch (IOException e) {
      throw fail(e);
    }
  }

  private void durable(long length) {
    durableBytes.accumulateAndGet(length, Math::max);
  }

  private IOException shorter(long actual, long wanted) {
    return new IOException(
        "block %d has %d bytes on its server, of %d that were sent: it lost some in a restart"
            .formatted(block(), actual, wanted));
  }
}

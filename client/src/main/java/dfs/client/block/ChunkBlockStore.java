package dfs.client.block;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.block.Pieces;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.metadata.Reply.BlockPlace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Blocks on chunk servers. Checksums are made here when writing and compared here when reading. */
public final class ChunkBlockStore implements BlockStore {
  private final BlockServices services;
  private final LongSupplier session;

  /**
   * @param session id of the session that writes
   */
  public ChunkBlockStore(BlockServices services, LongSupplier session) {
    this.services = services;
    this.session = session;
  }

  @Override
  public BlockWriter create(BlockGrant grant) throws IOException {
    if (grant.addresses().size() != 1) {
      throw new IOException(
          "block %d has %d reachable servers; one is needed"
              .formatted(grant.block(), grant.addresses().size()));
    }
    BlockService service = services.connect(grant.addresses().getFirst());
    service.create(grant.capability(), grant.block(), epoch(grant), !grant.solo());
    return new Writer(service, grant, session.getAsLong());
  }

  private static int epoch(BlockGrant grant) {
    return Math.toIntExact(grant.epoch());
  }

  @Override
  public void read(BlockPlace place, long blockOffset, ByteBuffer into) throws IOException {
    IOException failure = null;
    for (String address : place.addresses()) {
      int start = into.position();
      try {
        readFrom(services.connect(address), place, blockOffset, into);
        return;
      } catch (IOException e) {
        into.position(start);
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure instanceof BlockFault fault
        && (fault.kind() == BlockFault.Kind.NO_SUCH_BLOCK
            || fault.kind() == BlockFault.Kind.FORBIDDEN)) {
      throw new NoSuchBlockException(String.valueOf(fault.getMessage()));
    }
    throw failure == null
        ? new IOException("no server of block " + place.block() + " can be reached")
        : failure;
  }

  private static void readFrom(
      BlockService service, BlockPlace place, long blockOffset, ByteBuffer into)
      throws IOException {
    int start = into.position();
    int length = into.remaining();
    Checksums checksums = service.read(place.capability(), place.block(), blockOffset, into);
    ByteBuffer bytes = into.slice(start, length);
    if (into.hasRemaining() || Pieces.firstWrong(blockOffset, bytes, checksums) >= 0) {
      throw new BlockFault(
          BlockFault.Kind.DAMAGED,
          "the bytes of block %d from %d on do not have their checksums"
              .formatted(place.block(), blockOffset));
    }
  }

  @Override
  public void close() {
    services.close();
  }

  /** Writes one block to one server. The lock is held for one append; a flush runs beside. */
  private static final class Writer implements BlockWriter {
    private final BlockService service;
    private final BlockGrant grant;
    private final ByteString capability;
    private final long session;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile long length;
    private volatile long durable;
    private volatile @Nullable IOException failure;

    Writer(BlockService service, BlockGrant grant, long session) {
      this.service = service;
      this.grant = grant;
      this.capability = grant.capability();
      this.session = session;
    }

    @Override
    public long block() {
      return grant.block();
    }

    @Override
    public long epoch() {
      return grant.epoch();
    }

    @Override
    public long lengthBytes() {
      return length;
    }

    @Override
    public long remainingBytes() {
      return Limits.BLOCK_BYTES - length;
    }

    @Override
    public long durableBytes() {
      return durable;
    }

    @Override
    public long append(Origin origin, ByteBuffer payload) throws IOException {
      return append(origin, payload, false);
    }

    @Override
    public long appendSynced(Origin origin, ByteBuffer payload) throws IOException {
      return append(origin, payload, true);
    }

    private long append(Origin origin, ByteBuffer payload, boolean synced) throws IOException {
      lock.lock();
      try {
        check();
        long at = length;
        int count = payload.remaining();
        BlockRecord record = record(origin, at, payload);
        durable = Math.max(durable, service.append(capability, record, payload, synced));
        length = at + count;
        return at;
      } catch (IOException e) {
        throw latch(e);
      } finally {
        lock.unlock();
      }
    }

    private BlockRecord record(Origin origin, long at, ByteBuffer payload) {
      return new BlockRecord(
          grant.block(),
          at,
          ChunkBlockStore.epoch(grant),
          payload.remaining(),
          !grant.solo(),
          origin.ino(),
          origin.map(),
          origin.fileOffset(),
          origin.lease(),
          origin.sequence(),
          session,
          durable,
          origin.modifyNanos(),
          origin.sizeBytes(),
          0,
          Pieces.checksums(at, payload));
    }

    private void check() throws IOException {
      IOException known = failure;
      if (known != null) {
        throw known;
      }
    }

    private IOException latch(IOException cause) {
      if (failure == null) {
        failure = cause;
      }
      return cause;
    }

    @Override
    public void flush() throws IOException {
      check();
      if (durable >= length) {
        return;
      }
      try {
        long flushed = service.flush(capability, grant.block(), ChunkBlockStore.epoch(grant));
        lock.lock();
        try {
          durable = Math.max(durable, flushed);
        } finally {
          lock.unlock();
        }
      } catch (IOException e) {
        throw latch(e);
      }
    }

    @Override
    public BlockEnd seal(boolean closed) throws IOException {
      check();
      try {
        long sealed = service.seal(capability, grant.block(), ChunkBlockStore.epoch(grant));
        lock.lock();
        try {
          durable = sealed;
        } finally {
          lock.unlock();
        }
        return new BlockEnd(grant.block(), grant.epoch(), sealed, closed);
      } catch (IOException e) {
        throw latch(e);
      }
    }
  }
}

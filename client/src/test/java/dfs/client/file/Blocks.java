package dfs.client.file;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.client.block.BlockStore;
import dfs.client.block.BlockWriter;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.metadata.Reply.BlockPlace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Blocks that take everything; the first one may break when it is flushed. */
final class Blocks implements BlockStore {
  final CountDownLatch appended = new CountDownLatch(2);
  private final Map<Long, ByteString> appends = new HashMap<>();
  boolean breaks;
  long roomBytes;

  /** This block takes no appends any more. */
  long refuses;

  /** The server of this block is away. */
  long absent;

  /** The servers of blocks up to this one have no room. */
  long full;

  @Override
  public BlockWriter create(BlockGrant grant) throws IOException {
    if (grant.block() == absent) {
      throw new IOException("the server is away");
    }
    if (grant.block() <= full) {
      throw new BlockFault(BlockFault.Kind.NO_SPACE, "no room for block " + grant.block());
    }
    return new Writer(grant.block(), grant.block() == 1 ? roomBytes : 0);
  }

  /** What was appended there, to a block that was empty at first. */
  synchronized ByteString contents(Extent extent) {
    ByteString block = appends.getOrDefault(extent.block(), ByteString.EMPTY);
    int from = (int) extent.blockOffset();
    return block.substring(from, from + (int) extent.lengthBytes());
  }

  private synchronized void keep(long block, ByteBuffer payload) {
    appends.merge(block, ByteString.copyFrom(payload.duplicate()), ByteString::concat);
  }

  private final class Writer implements BlockWriter {
    private final long block;
    private long length;
    private long durable;

    Writer(long block, long length) {
      this.block = block;
      this.length = length;
    }

    @Override
    public long block() {
      return block;
    }

    @Override
    public long epoch() {
      return 1;
    }

    @Override
    public synchronized long lengthBytes() {
      return length;
    }

    @Override
    public synchronized long remainingBytes() {
      return Limits.BLOCK_BYTES - length;
    }

    @Override
    public synchronized long durableBytes() {
      return durable;
    }

    @Override
    public synchronized long append(Origin origin, ByteBuffer payload) throws IOException {
      if (block == refuses) {
        throw new IOException("the server is gone");
      }
      long at = length;
      keep(block, payload);
      length += payload.remaining();
      appended.countDown();
      return at;
    }

    @Override
    public long appendSynced(Origin origin, ByteBuffer payload) throws IOException {
      return append(origin, payload);
    }

    @Override
    public void flush() throws IOException {
      if (breaks && block == 1) {
        await(appended);
        throw new IOException("the server was started again");
      }
      synchronized (this) {
        durable = length;
      }
    }

    @Override
    public synchronized BlockEnd seal(boolean closed) {
      durable = length;
      return new BlockEnd(block, 1, length, closed);
    }
  }

  @Override
  public void read(BlockPlace place, long blockOffset, ByteBuffer into) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int checksum(BlockPlace place, long blockOffset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}

  static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}

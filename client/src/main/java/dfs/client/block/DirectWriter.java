package dfs.client.block;

import dfs.protocol.block.BlockRecord;
import dfs.protocol.metadata.Change.BlockEnd;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Writes a block whose server is in this process: calls it at once, copies nothing. As a {@link
 * BlockWriter} it is not for concurrent use, except {@link #flush}.
 */
final class DirectWriter implements BlockWriter {
  private final Replica replica;

  DirectWriter(Replica replica) {
    this.replica = replica;
  }

  @Override
  public long block() {
    return replica.block();
  }

  @Override
  public long epoch() {
    return replica.epoch();
  }

  @Override
  public long lengthBytes() {
    return replica.lengthBytes();
  }

  @Override
  public long remainingBytes() {
    return replica.remainingBytes();
  }

  @Override
  public long durableBytes() {
    return replica.durableBytes();
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
    BlockRecord record = replica.next(origin, payload);
    replica.send(record, payload, synced);
    sentBytes = record.blockOffset() + record.length();
    return record.blockOffset();
  }

  /** What the server has of the block: a flush beside an append does not wait for its bytes. */
  private volatile long sentBytes;

  @Override
  public void flush() throws IOException {
    replica.check();
    long target = sentBytes;
    if (replica.durableBytes() < target) {
      replica.flush(target);
    }
  }

  @Override
  public BlockEnd seal(boolean closed) throws IOException {
    return replica.seal(closed);
  }
}

package dfs.client.block;

import com.google.protobuf.ByteString;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** A server that is only read from, and lets blocks begin. */
abstract class ReadOnlyService implements BlockService {
  @Override
  public void create(
      ByteString capability, long block, int epoch, boolean packed, List<String> next) {}

  @Override
  public long append(
      ByteString capability, BlockRecord record, ByteBuffer payload, boolean synced) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long flush(ByteString capability, long block, int epoch) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long seal(ByteString capability, long block, int epoch) {
    throw new UnsupportedOperationException();
  }

  @Override
  public BlockDigest verify(ByteString capability, long block) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int checksum(ByteString capability, long block, long offset, int length)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<BlockRecord> records(ByteString capability, long block, long offset) {
    throw new UnsupportedOperationException();
  }
}

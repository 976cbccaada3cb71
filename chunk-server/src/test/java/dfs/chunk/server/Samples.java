package dfs.chunk.server;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.Capability;
import dfs.protocol.block.Pieces;
import java.nio.ByteBuffer;

/** Records and capabilities as tests need them. */
final class Samples {
  static final long SESSION = 9;
  static final int KEY_ID = 4;
  static final ByteString SECRET = ByteString.copyFromUtf8("a secret of the cluster");
  static final ByteString CLUSTER_KEY = ByteString.copyFromUtf8("the cluster's key");
  static final long FOREVER = Long.MAX_VALUE;

  private Samples() {}

  static Capability whole(long block) {
    return new Capability(
        block, 0, Limits.BLOCK_BYTES, Capability.READ | Capability.WRITE, KEY_ID, SESSION, FOREVER);
  }

  static ByteString all(long block) {
    return whole(block).sign(SECRET);
  }

  static BlockRecord record(long block, long offset, byte[] bytes) {
    return new BlockRecord(
        block,
        offset,
        1,
        bytes.length,
        false,
        5,
        5,
        offset,
        1,
        offset,
        SESSION,
        0,
        1,
        offset + bytes.length,
        0,
        Pieces.checksums(offset, ByteBuffer.wrap(bytes)));
  }
}

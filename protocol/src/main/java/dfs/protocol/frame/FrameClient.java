package dfs.protocol.frame;

import com.google.protobuf.ByteString;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A chunk server in another process: refused until there are frames. */
final class FrameClient implements BlockService, AutoCloseable {
  private final Path socket;

  FrameClient(Path socket) {
    this.socket = socket;
  }

  private IOException refused() {
    return new IOException("the chunk server at " + socket + " is in another process");
  }

  @Override
  public void create(ByteString capability, long block, int epoch, boolean packed)
      throws IOException {
    throw refused();
  }

  @Override
  public long append(ByteString capability, BlockRecord record, ByteBuffer payload, boolean synced)
      throws IOException {
    throw refused();
  }

  @Override
  public long flush(ByteString capability, long block, int epoch) throws IOException {
    throw refused();
  }

  @Override
  public long seal(ByteString capability, long block, int epoch) throws IOException {
    throw refused();
  }

  @Override
  public Checksums read(ByteString capability, long block, long offset, ByteBuffer into)
      throws IOException {
    throw refused();
  }

  @Override
  public void close() {}
}

package dfs.protocol.frame;

import dfs.protocol.block.BlockService;
import java.io.IOException;
import java.nio.file.Path;

/** Serves blocks to other processes: refused until there are frames. */
public final class FrameServer implements AutoCloseable {
  private FrameServer() {}

  @SuppressWarnings("DoNotCallSuggester")
  public static FrameServer start(Path socket, BlockService service) throws IOException {
    throw new IOException("%s cannot be served at %s yet".formatted(service, socket));
  }

  @Override
  public void close() {}
}

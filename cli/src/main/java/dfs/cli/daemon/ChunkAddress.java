package dfs.cli.daemon;

import dfs.cli.data.DataDirectory;
import dfs.protocol.frame.BlockServices;
import java.io.IOException;

/**
 * The name under which the chunk server of a data directory is known: within its own process a
 * direct call, everywhere else on the machine the socket in the directory. So the metadata server
 * has one address for it, and the mount beside it pays for no frames.
 */
public final class ChunkAddress {
  static final String HERE = "local:chunk";

  private ChunkAddress() {}

  /** Lets the services of a process that is not the chunk server's reach it by its socket. */
  public static void reachFromOutside(DataDirectory data, BlockServices services)
      throws IOException {
    services.register(HERE, services.connect("unix:" + data.chunkSocket()));
  }
}

package dfs.client.volume;

import dfs.protocol.frame.BlockServices;
import java.util.List;

/**
 * The names under which the chunk servers of a data directory are known: within its own process a
 * direct call, everywhere else on the machine the socket in the directory. So the metadata server
 * has one address for each, and the mount beside it pays for no frames.
 */
public final class ChunkAddress {
  private ChunkAddress() {}

  /** Address of the chunk server of this number. */
  public static String of(int number) {
    return "local:" + Entrance.chunkName(number);
  }

  /**
   * Lets the services of a process reach chunk servers of others by their sockets, whether they run
   * already or not.
   *
   * @param here numbers of those that run in this process
   */
  public static void reachFromOutside(Entrance data, BlockServices services, List<Integer> here) {
    for (int number = 1; number <= Entrance.CHUNK_SERVERS_MAX; number++) {
      if (!here.contains(number)) {
        services.leadTo(of(number), data.chunkSocket(number));
      }
    }
  }
}

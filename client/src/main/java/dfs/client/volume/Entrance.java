package dfs.client.volume;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What clients use of a data directory: the sockets of the servers, and the key of the cluster for
 * who may read it.
 *
 * @param root the data directory; absolute and normal
 */
public record Entrance(Path root) {
  /** So many chunk servers can one directory have. */
  public static final int CHUNK_SERVERS_MAX = 32;

  public Entrance {
    root = root.toAbsolutePath().normalize();
  }

  public Path clusterKey() {
    return root.resolve("cluster.key");
  }

  public Path run() {
    return root.resolve("run");
  }

  /** Addresses on which the processes of this directory serve, one a line. */
  public Path addresses() {
    return run().resolve("addresses");
  }

  public Path metadataSocket() {
    return run().resolve("metadata.sock");
  }

  /**
   * What a chunk server's directory, socket, record and log are called after.
   *
   * @param number from 1 on
   */
  public static String chunkName(int number) {
    return number == 1 ? "chunk" : "chunk-" + number;
  }

  public Path chunkSocket(int number) {
    return run().resolve(chunkName(number) + ".sock");
  }

  /**
   * Whether somebody serves the directory. A process that was killed leaves its addresses and its
   * socket; what else may be wrong shows when a session is opened.
   */
  public boolean isUp() throws IOException {
    if (!Files.exists(addresses()) || !Files.exists(metadataSocket())) {
      return false;
    }
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      // a server that does not answer now has a queue that may be full
      channel.configureBlocking(false);
      channel.connect(UnixDomainSocketAddress.of(metadataSocket()));
      return true;
    } catch (ConnectException e) {
      return false;
    } catch (SocketException e) {
      return true;
    }
  }
}

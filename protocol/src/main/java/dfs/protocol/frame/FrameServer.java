package dfs.protocol.frame;

import dfs.protocol.block.BlockService;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves a {@link BlockService} to other processes on a Unix socket: a platform thread for each
 * connection, which reads a request, calls the service and writes the answer. Started by a chunk
 * server. The socket is open to everybody on the machine: the capability in each request is what
 * protects the blocks, and the processes of users must reach it.
 */
public final class FrameServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FrameServer.class);

  /** Bounds the memory for requests: a connection holds at most one, of little more than 1 MiB. */
  static final int CONNECTIONS_MAX = 128;

  private static final int BACKLOG_CONNECTIONS = 128;
  private static final String EVERYBODY = "rw-rw-rw-";

  private final Path path;
  private final BlockService service;
  private final ServerSocketChannel socket;
  private final Set<FrameConnection> connections = ConcurrentHashMap.newKeySet();
  private final Thread acceptor;
  private volatile boolean closed;

  private FrameServer(Path path, BlockService service, ServerSocketChannel socket) {
    this.path = path;
    this.service = service;
    this.socket = socket;
    this.acceptor =
        Thread.ofPlatform().daemon().name("dfs-frames " + path.getFileName()).start(this::accept);
  }

  /**
   * Starts serving. A socket that nobody serves any more is replaced.
   *
   * @throws IOException when the path cannot be bound, or somebody serves there
   */
  public static FrameServer start(Path path, BlockService service) throws IOException {
    if (Files.exists(path)) {
      if (isServed(path)) {
        throw new IOException("somebody serves at " + path + " already");
      }
      Files.delete(path);
    }
    ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      socket.bind(UnixDomainSocketAddress.of(path), BACKLOG_CONNECTIONS);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(EVERYBODY));
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    return new FrameServer(path, service, socket);
  }

  private static boolean isServed(Path path) {
    try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      return probe.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private void accept() {
    while (!closed) {
      try {
        SocketChannel channel = socket.accept();
        if (connections.size() >= CONNECTIONS_MAX) {
          LOG.warn("a connection too many at {}", path);
          channel.close();
          continue;
        }
        FrameConnection connection = new FrameConnection(channel, service, connections::remove);
        connections.add(connection);
        if (closed) {
          connection.close();
          return;
        }
        connection.start();
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        LOG.error("a connection at {} was not accepted", path, e);
      }
    }
  }

  /** Ends all connections; calls that are under way are finished when it returns. */
  @Override
  public void close() {
    closed = true;
    try {
      socket.close();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      LOG.warn("the socket {} stays behind", path, e);
    }
    join(acceptor);
    for (FrameConnection connection : Set.copyOf(connections)) {
      connection.close();
      join(connection.thread());
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

package dfs.system;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A data directory that leads to the servers of another one until so many bytes went to them; then
 * all of them are lost at once. Each way of each connection has a thread.
 */
final class LostSockets implements AutoCloseable {
  /** How they are lost. */
  enum Loss {
    /** As who is stopped: connections stay, and nobody says a word. */
    SILENT,
    /** As who is killed: connections end, and there are no new ones. */
    GONE
  }

  private static final int BUFFER_BYTES = 16 << 10;
  private static final List<String> SOCKETS = List.of("metadata.sock", "chunk.sock");

  private final Loss loss;
  private final long bytesMax;
  private final List<ServerSocketChannel> listening = new ArrayList<>();
  private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by {@code lock}; what went to the servers. */
  private long bytes;

  /** Guarded by {@code lock}. */
  private boolean lost;

  private LostSockets(Loss loss, long bytesMax) {
    this.loss = loss;
    this.bytesMax = bytesMax;
  }

  /** Makes the directory; they are never lost. */
  static LostSockets never(Path directory, Path data) throws IOException {
    return after(directory, data, Loss.SILENT, Long.MAX_VALUE);
  }

  /**
   * Makes the directory.
   *
   * @param data the one that is served
   * @param bytesMax so many go to the servers
   */
  static LostSockets after(Path directory, Path data, Loss loss, long bytesMax) throws IOException {
    LostSockets sockets = new LostSockets(loss, bytesMax);
    Path run = Files.createDirectories(directory.resolve("run"));
    Files.createSymbolicLink(directory.resolve("cluster.key"), data.resolve("cluster.key"));
    Files.copy(data.resolve("run/addresses"), run.resolve("addresses"));
    for (String name : SOCKETS) {
      ServerSocketChannel here = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      sockets.listening.add(here);
      here.bind(UnixDomainSocketAddress.of(run.resolve(name)));
      UnixDomainSocketAddress there = UnixDomainSocketAddress.of(data.resolve("run").resolve(name));
      Thread.ofVirtual().start(() -> sockets.accept(here, there));
    }
    return sockets;
  }

  /** How many went to the servers. */
  long bytes() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  boolean areLost() {
    lock.lock();
    try {
      return lost;
    } finally {
      lock.unlock();
    }
  }

  private void accept(ServerSocketChannel here, UnixDomainSocketAddress there) {
    while (!areLost()) {
      try {
        SocketChannel client = here.accept();
        SocketChannel server = SocketChannel.open(there);
        open.add(client);
        open.add(server);
        if (areLost() && loss == Loss.GONE) {
          close();
        }
        Thread.ofVirtual().start(() -> pass(client, server, true));
        Thread.ofVirtual().start(() -> pass(server, client, false));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void pass(SocketChannel from, SocketChannel to, boolean counted) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    try {
      while (from.read(buffer.clear()) >= 0) {
        buffer.flip();
        buffer.limit(taken(buffer.limit(), counted));
        while (buffer.hasRemaining()) {
          to.write(buffer);
        }
        if (areLost()) {
          lose();
          return;
        }
      }
    } catch (IOException e) {
      // One side is gone.
    }
    if (!areLost()) {
      close(from);
      close(to);
    }
  }

  /** How many of these bytes may go on. */
  private int taken(int length, boolean counted) {
    lock.lock();
    try {
      if (lost) {
        return 0;
      }
      if (!counted) {
        return length;
      }
      int taken = (int) Math.min(length, bytesMax - bytes);
      bytes += taken;
      lost = bytes == bytesMax;
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private void lose() throws IOException {
    if (loss == Loss.GONE) {
      close();
    }
  }

  private void close(SocketChannel channel) {
    open.remove(channel);
    try {
      channel.close();
    } catch (IOException e) {
      // It is gone either way.
    }
  }

  /** Ends all connections. */
  @Override
  public void close() throws IOException {
    for (ServerSocketChannel each : listening) {
      each.close();
    }
    Set.copyOf(open).forEach(this::close);
  }
}

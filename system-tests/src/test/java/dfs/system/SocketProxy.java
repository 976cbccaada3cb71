package dfs.system;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import jdk.net.ExtendedSocketOptions;

/**
 * Stands in the place of a chunk server's socket and passes frames on, each way of each connection
 * on a thread; it can hold up, delay and change those of one way and one kind of peer. A peer is
 * known by the group that its process runs as. What is held up is silent, as in a network that is
 * cut: neither side hears of it, nor that the other has closed; it goes on when it is let go.
 */
final class SocketProxy implements AutoCloseable {
  private static final int LENGTH_BYTES = 4;
  private static final int KIND_AT = 4;

  /** With room for the largest request. */
  private static final int FRAME_BYTES_MAX = (1 << 20) + (16 << 10);

  /** The kind of a request to read, as the chunk server's README gives it. */
  private static final int READ = 5;

  /** Which way a frame goes. */
  enum Way {
    TO_SERVER,
    FROM_SERVER
  }

  private final Path socket;
  private final Path behind;
  private final ServerSocketChannel listening;
  private final Map<String, Route> routes = new ConcurrentHashMap<>();
  private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Guarded by {@code lock}. */
  private boolean closed;

  /** What happens to frames of one way and one peer. */
  private static final class Route {
    volatile boolean held;
    volatile long delayNanos;
    final Deque<Flip> flips = new ConcurrentLinkedDeque<>();
    final AtomicLong frames = new AtomicLong();
    final AtomicLong reads = new AtomicLong();
    final AtomicLong stopped = new AtomicLong();
  }

  /**
   * A byte of the next frame that is as long that is changed, once.
   *
   * @param at from its start on, in thousandths of it
   */
  private record Flip(int bytesMin, int at, CompletableFuture<Void> done) {}

  private SocketProxy(Path socket, Path behind, ServerSocketChannel listening) {
    this.socket = socket;
    this.behind = behind;
    this.listening = listening;
  }

  /** Takes the place of a socket that is served. Who is connected already stays so. */
  static SocketProxy before(Path socket) throws IOException {
    Path behind = socket.resolveSibling(socket.getFileName() + ".behind");
    Files.move(socket, behind);
    ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listening.bind(UnixDomainSocketAddress.of(socket));
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
    SocketProxy proxy = new SocketProxy(socket, behind, listening);
    Thread.ofPlatform().daemon().name("proxy " + socket.getFileName()).start(proxy::accept);
    return proxy;
  }

  private Route route(Way way, String peer) {
    return routes.computeIfAbsent(way + " " + peer, key -> new Route());
  }

  /** From now on nothing goes this way. */
  void hold(Way way, String peer) {
    route(way, peer).held = true;
  }

  /** All that was held up goes on. */
  void letGo() {
    lock.lock();
    try {
      routes.values().forEach(route -> route.held = false);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** From now on each frame takes so much longer. */
  void delay(Way way, String peer, long nanos) {
    route(way, peer).delayNanos = nanos;
  }

  /**
   * Changes a byte of the next frame that is long enough.
   *
   * @param at where, in thousandths of its length
   * @return done when it was changed
   */
  CompletableFuture<Void> flip(Way way, String peer, int bytesMin, int at) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    route(way, peer).flips.add(new Flip(bytesMin, at, done));
    return done;
  }

  /** Changes no more. */
  void forgetFlips() {
    routes.values().forEach(route -> route.flips.clear());
  }

  /** How many frames came this way. */
  long frames(Way way, String peer) {
    return route(way, peer).frames.get();
  }

  /** How many reads this peer asked for. */
  long reads(String peer) {
    return route(Way.TO_SERVER, peer).reads.get();
  }

  /** How many frames were held up on this way. */
  long stopped(Way way, String peer) {
    return route(way, peer).stopped.get();
  }

  private void accept() {
    while (true) {
      try {
        SocketChannel client = listening.accept();
        String peer = client.getOption(ExtendedSocketOptions.SO_PEERCRED).group().getName();
        SocketChannel server = SocketChannel.open(UnixDomainSocketAddress.of(behind));
        open.add(client);
        open.add(server);
        pump(client, server, Way.TO_SERVER, peer);
        pump(server, client, Way.FROM_SERVER, peer);
      } catch (IOException e) {
        if (!listening.isOpen()) {
          return;
        }
      }
    }
  }

  private void pump(SocketChannel from, SocketChannel to, Way way, String peer) {
    Route route = route(way, peer);
    Thread.ofPlatform()
        .daemon()
        .name("proxy " + way + " " + peer)
        .start(
            () -> {
              try {
                pass(from, to, way, route);
              } catch (IOException e) {
                // One side is gone.
              }
              awaitGo(route);
              close(from);
              close(to);
            });
  }

  private void pass(SocketChannel from, SocketChannel to, Way way, Route route) throws IOException {
    ByteBuffer frame = ByteBuffer.allocateDirect(FRAME_BYTES_MAX).order(ByteOrder.LITTLE_ENDIAN);
    while (true) {
      fill(from, frame.clear().limit(LENGTH_BYTES));
      fill(from, frame.limit(LENGTH_BYTES + frame.getInt(0)));
      frame.flip();
      route.frames.incrementAndGet();
      if (way == Way.TO_SERVER && frame.get(KIND_AT) == READ) {
        route.reads.incrementAndGet();
      }
      if (route.held) {
        route.stopped.incrementAndGet();
        awaitGo(route);
      }
      LockSupport.parkNanos(route.delayNanos);
      change(route, frame);
      while (frame.hasRemaining()) {
        to.write(frame);
      }
    }
  }

  private static void fill(SocketChannel from, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (from.read(into) < 0) {
        throw new EOFException();
      }
    }
  }

  private static void change(Route route, ByteBuffer frame) {
    Flip flip = route.flips.peek();
    if (flip != null && frame.limit() >= flip.bytesMin && route.flips.remove(flip)) {
      int at = (int) ((long) frame.limit() * flip.at / 1000);
      frame.put(at, (byte) (frame.get(at) ^ 0x10));
      flip.done.complete(null);
    }
  }

  private void awaitGo(Route route) {
    lock.lock();
    try {
      while (route.held && !closed) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
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

  /** Ends all connections, and gives the socket its place back. */
  @Override
  public void close() throws IOException {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    listening.close();
    Set.copyOf(open).forEach(this::close);
    Files.deleteIfExists(socket);
    if (Files.exists(behind)) {
      Files.move(behind, socket);
    }
  }

  /** Waits until more than so many frames of this way and peer are held up. */
  boolean awaitStopped(Way way, String peer, long more, long seconds) {
    long since = System.nanoTime();
    while (stopped(way, peer) <= more) {
      if (System.nanoTime() - since > TimeUnit.SECONDS.toNanos(seconds)) {
        return false;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    return true;
  }
}

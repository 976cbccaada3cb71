package dfs.protocol.frame;

import dfs.protocol.Limits;
import dfs.protocol.block.BlockService;
import dfs.protocol.seam.RealTime;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds the block service at an address: {@code unix:/path} is one that is reached by frames,
 * {@code local:NAME} one registered in this process, or else one that frames reach where the name
 * was said to lead. One for each process, given to its chunk servers and its clients. Thread-safe.
 */
public final class BlockServices implements AutoCloseable {
  private static final String LOCAL = "local:";
  private static final String UNIX = "unix:";

  private final Map<String, BlockService> local = new ConcurrentHashMap<>();
  private final Map<String, Path> elsewhere = new ConcurrentHashMap<>();
  private final BlockTransport remote;
  private final Time time;

  /** With the machine's clock. */
  public BlockServices() {
    this(new RealTime());
  }

  /**
   * @param time by which requests to other processes are late
   */
  public BlockServices(Time time) {
    this(time, new FrameTransport(time));
  }

  /**
   * @param remote how other processes are reached; closed with this
   */
  public BlockServices(Time time, BlockTransport remote) {
    this.time = time;
    this.remote = remote;
  }

  /** The clock and the threads of those who wait for a block. */
  public Time time() {
    return time;
  }

  /** Whether an address is of the form {@code local:NAME}; where that is served it does not say. */
  public static boolean isLocal(String address) {
    return address.startsWith(LOCAL);
  }

  /** Whether calls to this address stay in this process, and so cost no round trip. */
  public boolean isHere(String address) {
    return local.containsKey(address);
  }

  /**
   * Says where a {@code local:NAME} address leads while nothing is registered here under it.
   *
   * @param socket of the process that serves it, whether it runs already or not
   * @throws IllegalArgumentException for any other address
   */
  public void leadTo(String address, Path socket) {
    checkLocal(address);
    elsewhere.put(address, socket);
  }

  private static void checkLocal(String address) {
    if (!isLocal(address)) {
      throw new IllegalArgumentException("not an address of the form local:NAME: " + address);
    }
  }

  /** The socket by which an address is reached; null: none, or none is known. */
  private @Nullable Path socketOf(String address) {
    return isLocal(address)
        ? elsewhere.get(address)
        : address.startsWith(UNIX) ? socketPath(address) : null;
  }

  /**
   * The path of a {@code unix:/path} address.
   *
   * @throws IllegalArgumentException for any other address
   */
  public static Path socketPath(String address) {
    Path path = address.startsWith(UNIX) ? Path.of(address.substring(UNIX.length())) : null;
    if (path == null || !path.isAbsolute()) {
      throw new IllegalArgumentException("not an address of the form unix:/path: " + address);
    }
    return path;
  }

  /**
   * Makes a service of this process known by a {@code local:NAME} address, which must be free.
   *
   * @throws IllegalArgumentException for any other address
   */
  public void register(String address, BlockService service) {
    checkLocal(address);
    if (local.putIfAbsent(address, service) != null) {
      throw new IllegalArgumentException("something serves " + address + " already");
    }
  }

  /**
   * Serves blocks at an address of either kind until what is returned is closed.
   *
   * @throws IOException when a socket cannot be bound, or somebody serves there
   */
  public BlockTransport.Serving serve(String address, BlockService service) throws IOException {
    if (!isLocal(address)) {
      return remote.serve(socketPath(address), service);
    }
    register(address, service);
    return () -> unregister(address, service);
  }

  /** Forgets a service; those who were connected to it keep it. */
  public void unregister(String address, BlockService service) {
    local.remove(address, service);
  }

  /** As {@link #connect(String, long)}, for a caller who has nobody else to ask. */
  public BlockService connect(String address) throws IOException {
    return connect(address, Limits.ANSWER_ALONE_NANOS);
  }

  /** Whether the server at this address left a request without an answer lately. */
  public boolean isSuspect(String address) {
    Path socket = isHere(address) ? null : socketOf(address);
    return socket != null && remote.isSuspect(socket);
  }

  /**
   * The service at this address. Nothing is sent yet: that a server is gone shows at the first
   * call. A call within this process waits for the disk, however long.
   *
   * @param answerNanos a request to another process that has no answer by then fails, and nothing
   *     that it was given is touched any more; whether it was done is not known
   * @throws IOException when the address is of no kind that can be reached, or nobody is registered
   *     there
   */
  public BlockService connect(String address, long answerNanos) throws IOException {
    return connect(address, answerNanos, null);
  }

  /**
   * As {@link #connect(String, long)}, for one caller who may say that he needs no answer any more.
   * A call within this process goes on to its end all the same.
   */
  public BlockService connect(String address, long answerNanos, @Nullable Cancellation cancellation)
      throws IOException {
    BlockService here = local.get(address);
    if (here != null) {
      return here;
    }
    Path socket = socketOf(address);
    if (socket == null) {
      throw new IOException(
          isLocal(address)
              ? "no chunk server at " + address
              : "no way to reach a chunk server at " + address);
    }
    return remote.connect(socket, answerNanos, cancellation);
  }

  /** Closes the connections to other processes. */
  @Override
  public void close() {
    remote.close();
  }
}

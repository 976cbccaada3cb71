package dfs.client.metadata;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Time;
import dfs.protocol.seam.Transport;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A session over a stream of the transport. The parts: {@link Slots} have the operations, {@link
 * Connection} the stream, {@link Lease} what may be cached, {@link StateDirectory} what outlives
 * the process.
 */
public final class StreamSession implements MetadataSession {
  /**
   * Where and as whom.
   *
   * @param address the metadata server's
   * @param clusterKey proves that this machine belongs to the cluster; empty: the session speaks
   *     for the peer of the Unix socket alone
   * @param host name of this machine, for people
   * @param mount a mount, which keeps leases; else a tool, which never does, and of which the log
   *     hears when it changes or locks something
   * @param stateDirectory remembers the session for the next process; empty: the session of a
   *     process that dies lives on until its time is over
   */
  public record Config(
      String address,
      ByteString clusterKey,
      String host,
      boolean mount,
      Optional<Path> stateDirectory) {
    public Config {
      if (address.isEmpty() || host.isEmpty()) {
        throw new IllegalArgumentException("a session needs an address and a host name");
      }
    }
  }

  private final Time time;
  private final Slots slots;
  private final Lease lease;
  private final LeaderClock clock;
  private final Connection connection;
  private final @Nullable StateDirectory state;
  private final ReentrantLock telling = new ReentrantLock();

  /** Why the server ended the session; guarded by {@code telling}. */
  private @Nullable String over;

  private StreamSession(
      Config config,
      Transport transport,
      Time time,
      RandomGenerator random,
      @Nullable StateDirectory state) {
    this.time = time;
    this.slots = new Slots();
    this.lease = new Lease(time);
    this.clock = new LeaderClock(time);
    this.state = state;
    this.connection =
        new Connection(config, transport, time, random, slots, lease, clock, this::fenced);
  }

  /**
   * Opens a session and waits until the server has welcomed it.
   *
   * @throws SessionEndedException if the server refuses
   * @throws IOException if nobody listens at the address, or a living process has the state
   *     directory
   */
  public static StreamSession open(
      Config config, Transport transport, Time time, RandomGenerator random) throws IOException {
    StateDirectory state =
        config.stateDirectory().isPresent()
            ? StateDirectory.take(config.stateDirectory().get())
            : null;
    StreamSession session = new StreamSession(config, transport, time, random, state);
    boolean opened = false;
    try {
      session.begin();
      opened = true;
      return session;
    } finally {
      if (!opened) {
        session.close();
      }
    }
  }

  private void begin() throws IOException {
    if (state == null) {
      connection.open(0);
      return;
    }
    long replaces = state.remembered().map(StateDirectory.Remembered::session).orElse(0L);
    connection.open(replaces);
    state.remember(connection.session(), connection.epoch());
  }

  private void fenced(String reason) {
    LeaseListener listener;
    telling.lock();
    try {
      over = reason;
      listener = lease.listener();
    } finally {
      telling.unlock();
    }
    if (listener != null) {
      tellFenced(listener, reason);
    }
  }

  /** No virtual thread: it may wait in the kernel, and would hold up its carrier there. */
  private void tellFenced(LeaseListener listener, String reason) {
    time.thread("dfs-fenced", () -> listener.fenced(reason)).start();
  }

  @Override
  public Reply call(Caller caller, Operation operation) throws IOException {
    if (ClientMessage.Begin.isNeededFor(operation)) {
      Reply refused = connection.begin();
      if (refused != null) {
        return refused;
      }
    }
    return slots.call(caller, operation, 0);
  }

  @Override
  public Reply callAsOf(Caller caller, Operation operation, long asOfNanos) throws IOException {
    return slots.call(caller, operation, asOfNanos);
  }

  @Override
  public long id() {
    return connection.session();
  }

  @Override
  public ByteString cluster() {
    return connection.cluster();
  }

  @Override
  public boolean isOver() {
    return connection.isOver();
  }

  @Override
  public boolean isSpaceScarce() {
    return connection.isSpaceScarce();
  }

  @Override
  public LeaseMode lease() {
    return lease.mode();
  }

  @Override
  public long leaseNumber() {
    return lease.number();
  }

  @Override
  public long leaseValidNanos() {
    return lease.validNanos();
  }

  @Override
  public long nowNanos() {
    return clock.nowNanos();
  }

  @Override
  public void listen(LeaseListener listener) {
    String reason;
    telling.lock();
    try {
      lease.listen(listener);
      reason = over;
    } finally {
      telling.unlock();
    }
    if (reason != null) {
      tellFenced(listener, reason);
    }
  }

  @Override
  public void close() {
    connection.close();
    if (state != null) {
      state.close();
    }
  }
}

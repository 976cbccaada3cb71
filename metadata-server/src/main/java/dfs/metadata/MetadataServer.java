package dfs.metadata;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.ByteString;
import dfs.metadata.consensus.LogLimits;
import dfs.metadata.consensus.Proposal;
import dfs.metadata.consensus.RaftLog;
import dfs.metadata.consensus.ReplicatedLog;
import dfs.metadata.gateway.SessionGateway;
import dfs.metadata.keeper.BlockKeeper;
import dfs.metadata.keeper.CapabilityKeys;
import dfs.metadata.keeper.ChunkServers;
import dfs.metadata.keeper.ClusterKey;
import dfs.metadata.namespace.Namespace;
import dfs.metadata.namespace.StoredNamespace;
import dfs.metadata.store.RocksStore;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Time;
import dfs.protocol.seam.Transport;
import dfs.protocol.session.Protocols;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The metadata server: its rooms, wired. */
public final class MetadataServer implements AutoCloseable {
  private static final long FORMAT_SECONDS = 30;
  private static final int CLUSTER_BYTES = 16;

  /**
   * How to run one.
   *
   * @param directory its own data directory, made if missing
   * @param addresses where it listens: {@code local:NAME}, {@code unix:/path}, {@code
   *     tcp:127.0.0.1:port}
   * @param clusterKey secret of the cluster
   * @param host name that {@code status} shows
   * @param rootUid owner of a new volume's root directory, and {@code rootGid} its group
   * @param lostNanos the copies of a chunk server that was away so long are made again elsewhere
   * @param keyNanos how long a key signs capabilities
   */
  public record Config(
      Path directory,
      List<String> addresses,
      ByteString clusterKey,
      String host,
      int rootUid,
      int rootGid,
      long lostNanos,
      long keyNanos) {
    /** As long as a restart of a machine may take. */
    public static final long LOST_NANOS = 30_000_000_000L;

    public static final long KEY_NANOS = CapabilityKeys.PERIOD_NANOS;

    /** With the usual patience and keys. */
    public Config(
        Path directory,
        List<String> addresses,
        ByteString clusterKey,
        String host,
        int rootUid,
        int rootGid) {
      this(directory, addresses, clusterKey, host, rootUid, rootGid, LOST_NANOS, KEY_NANOS);
    }

    public Config {
      addresses = List.copyOf(addresses);
      if (addresses.isEmpty()) {
        throw new IllegalArgumentException("a metadata server listens somewhere");
      }
    }
  }

  private final Deque<AutoCloseable> rooms = new ArrayDeque<>();
  private final List<String> addresses = new ArrayList<>();

  private @Nullable ReplicatedLog opened;

  private MetadataServer() {}

  /**
   * Starts a metadata server; it serves when this returns.
   *
   * @param fatal called once with the reason when it cannot go on: the process is to end
   */
  public static MetadataServer start(
      Config config, Transport transport, Time time, RandomGenerator random, Consumer<String> fatal)
      throws IOException {
    MetadataServer server = new MetadataServer();
    try {
      server.open(config, transport, time, random, fatal);
      return server;
    } catch (IOException | RuntimeException | Error e) {
      server.close();
      throw e;
    }
  }

  private void open(
      Config config, Transport transport, Time time, RandomGenerator random, Consumer<String> fatal)
      throws IOException {
    Files.createDirectories(config.directory());
    Namespace namespace = new StoredNamespace(RocksStore.open(config.directory().resolve("store")));
    rooms.push(namespace);
    ReplicatedLog log =
        RaftLog.open(
            new RaftLog.Config(
                config.directory().resolve("log"),
                LogLimits.of(Files.getFileStore(config.directory()).getTotalSpace())),
            namespace,
            time,
            random,
            fatal::accept);
    rooms.push(log);
    opened = log;
    format(config, namespace, log, random);
    ClusterKey key = new ClusterKey(config.clusterKey());
    CapabilityKeys capabilities = new CapabilityKeys(key, time, config.keyNanos());
    ChunkServers servers =
        new ChunkServers(key, log, namespace.survey(), capabilities, time, random);
    BlockKeeper keeper =
        new BlockKeeper(log, namespace.survey(), servers, capabilities, time, config.lostNanos());
    rooms.push(keeper);
    StatusReports reports = new StatusReports(config.host(), namespace, log, servers, keeper, time);
    SessionGateway gateway =
        new SessionGateway(namespace, log, servers, capabilities, key, reports, time, random);
    rooms.push(gateway);
    reports.attach(gateway);
    keeper.spare(gateway::looked);
    for (String address : config.addresses()) {
      Transport.Listener listener =
          transport.listen(
              address,
              List.of(
                  new Transport.Service<>(Protocols.SESSION, gateway),
                  new Transport.Service<>(Protocols.CONTROL, servers)));
      rooms.push(listener);
      addresses.add(listener.address());
    }
    keeper.start();
  }

  /** A new volume gets its identity, its root directory, and the word that one voter is all. */
  private static void format(
      Config config, Namespace namespace, ReplicatedLog log, RandomGenerator random)
      throws IOException {
    if (namespace.survey().cluster() == null) {
      byte[] cluster = new byte[CLUSTER_BYTES];
      random.nextBytes(cluster);
      await(
          log, new Upkeep.Format(ByteString.copyFrom(cluster), config.rootUid(), config.rootGid()));
    }
    if (!namespace.survey().sole()) {
      await(log, new Upkeep.Sole());
    }
  }

  private static void await(ReplicatedLog log, Upkeep order) throws IOException {
    try {
      Reply reply = log.propose(Proposal.upkeep(order)).get(FORMAT_SECONDS, TimeUnit.SECONDS);
      if (reply instanceof Reply.Refused refused) {
        throw new IOException("the order was refused: " + refused.detail());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the log took an order", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("the log did not take an order: " + e.getMessage(), e);
    }
  }

  /**
   * Blocks made from now on are written on so many servers, for ever.
   *
   * @throws IOException when there cannot be as many, or the log does not take it
   */
  public void setCopies(int copies) throws IOException {
    await(requireNonNull(opened), new Upkeep.SetCopies(copies));
  }

  /** Where it listens, with the ports that were chosen. */
  public List<String> addresses() {
    return List.copyOf(addresses);
  }

  @Override
  public void close() {
    while (!rooms.isEmpty()) {
      try {
        rooms.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("closing a room of the metadata server failed", e);
      }
    }
  }
}

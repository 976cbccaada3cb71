package dfs.cli.daemon;

import com.google.protobuf.ByteString;
import dfs.cli.config.Background;
import dfs.cli.config.ChunkConfig;
import dfs.cli.data.DataDirectory;
import dfs.cli.data.KnownDirectories;
import dfs.client.block.BlockStore;
import dfs.client.block.ChunkBlockStore;
import dfs.client.metadata.MetadataSession;
import dfs.client.metadata.StreamSession;
import dfs.client.volume.ChunkAddress;
import dfs.fuse.Mount;
import dfs.fuse.vfs.Sessions;
import dfs.metadata.MetadataServer;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Caller;
import dfs.protocol.seam.Time;
import dfs.protocol.seam.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The roles of one process, wired: metadata server, chunk server and mount, any of them. Those in
 * one process talk without leaving it; each also serves a socket in the data directory for others.
 * Starts from the bottom up, stops from the top down: the mount flushes while the servers are
 * there. One thread starts and stops.
 */
public final class Roles implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Roles.class);
  private static final String METADATA_ADDRESS = "metadata ";
  private static final String CHUNK_ADDRESS = "chunk ";
  private static final String METADATA_HERE = "local:metadata";
  private static final String SOURCE = "dfs";

  /**
   * Which roles, and on whose behalf.
   *
   * @param clusterKey proves that the roles belong together
   * @param host name of the machine
   * @param owner owner of the root directory of a new volume
   * @param chunkServers numbers of the chunk servers
   * @param replication told to the metadata server
   * @param background told to the chunk servers
   * @param port of the metadata server on the loopback interface, if any
   * @param mountPoint where to mount, if at all; an existing directory
   * @param named chunk servers that a file names
   * @param fresh directories of them that are new, whatever was there before
   */
  public record Config(
      DataDirectory data,
      ByteString clusterKey,
      String host,
      Caller owner,
      boolean metadata,
      List<Integer> chunkServers,
      Replication replication,
      Background background,
      Optional<Integer> port,
      Optional<Path> mountPoint,
      Optional<ChunkConfig> named,
      List<Path> fresh) {
    public Config {
      chunkServers = List.copyOf(chunkServers);
      fresh = List.copyOf(fresh);
    }
  }

  private record Part(String name, Closing closing) {}

  /** What it takes to stop a part. */
  private interface Closing {
    void close() throws Exception;
  }

  private final Config config;
  private final Transport transport;
  private final Time time;
  private final RandomGenerator random;
  private final Consumer<String> fatal;
  private final Consumer<String> diskless;
  private final Consumer<String> problem;
  private final BlockServices services = new BlockServices();
  private final Deque<Part> parts = new ArrayDeque<>();
  private final List<String> addresses = new ArrayList<>();

  /** Guarded by this: directories that are not served. */
  private final List<String> lacking = new ArrayList<>();

  private volatile @Nullable Mount mount;

  private Roles(
      Config config,
      Transport transport,
      Time time,
      RandomGenerator random,
      Consumer<String> fatal,
      Consumer<String> diskless,
      Consumer<String> problem) {
    this.config = config;
    this.transport = transport;
    this.time = time;
    this.random = random;
    this.fatal = fatal;
    this.diskless = diskless;
    this.problem = problem;
  }

  /**
   * Starts the roles; files can be written when this returns.
   *
   * @param fatal called with the reason when a role cannot go on: the process is to end at once
   * @param diskless the same, when it is the last data directory that failed
   * @param problem hears what keeps the mount from working, and an empty text when it works again
   */
  public static Roles start(
      Config config,
      Transport transport,
      Time time,
      RandomGenerator random,
      Consumer<String> fatal,
      Consumer<String> diskless,
      Consumer<String> problem)
      throws IOException {
    Roles roles = new Roles(config, transport, time, random, fatal, diskless, problem);
    boolean started = false;
    try {
      roles.parts.push(new Part("block connections", roles.services::close));
      if (config.metadata()) {
        roles.startMetadata();
      }
      ChunkAddress.reachFromOutside(
          config.data().entrance(), roles.services, config.chunkServers());
      if (!config.chunkServers().isEmpty() || config.named().isPresent()) {
        roles.startChunks();
      }
      if (config.mountPoint().isPresent()) {
        roles.startMount(config.mountPoint().get());
      }
      started = true;
      return roles;
    } finally {
      if (!started) {
        roles.close();
      }
    }
  }

  private void startMetadata() throws IOException {
    List<String> listening = new ArrayList<>(List.of(METADATA_HERE, metadataSocket()));
    config.port().ifPresent(port -> listening.add(loopback(port)));
    MetadataServer server =
        MetadataServer.start(
            new MetadataServer.Config(
                config.data().metadata(),
                listening,
                config.clusterKey(),
                config.host(),
                config.owner().uid(),
                config.owner().gid(),
                config.replication().lostNanos(),
                MetadataServer.Config.KEY_NANOS),
            transport,
            time,
            random,
            reason -> fatal.accept("the metadata server: " + reason));
    parts.push(new Part("metadata server", server::close));
    if (config.replication().copies().isPresent()) {
      server.setCopies(config.replication().copies().get());
    }
    server.addresses().stream()
        .filter(address -> !BlockServices.isLocal(address))
        .map(address -> METADATA_ADDRESS + address)
        .forEach(addresses::add);
  }

  private void startChunks() throws IOException {
    ChunkRoles chunks =
        new ChunkRoles(
            new ChunkRoles.Config(
                config.host(),
                metadataAddress(),
                config.clusterKey(),
                config.background(),
                places()),
            transport,
            services,
            time,
            random,
            this::lacks,
            diskless);
    parts.push(new Part("chunk servers", chunks::close));
    chunks.start();
    chunks.reachable().stream()
        .map(place -> CHUNK_ADDRESS + "unix:" + place.socket().orElseThrow())
        .forEach(addresses::add);
  }

  /** The mount says by itself what keeps it from working; without one the directories may. */
  private synchronized void lacks(String directory) {
    if (config.named().isPresent()) {
      lacking.add(directory);
      problem.accept(String.join("; ", lacking));
    }
  }

  private List<BlockPlace> places() throws IOException {
    List<BlockPlace> places = new ArrayList<>();
    if (config.named().isPresent()) {
      ChunkConfig named = config.named().get();
      KnownDirectories known = KnownDirectories.read(config.data().known(named.processName()));
      config.fresh().forEach(known::forget);
      for (ChunkConfig.Directory directory : named.directories()) {
        places.add(BlockPlace.named(named, directory, known));
      }
    }
    for (int number : config.chunkServers()) {
      places.add(BlockPlace.numbered(config.data(), number));
    }
    return places;
  }

  private static String chunkAddress(DataDirectory data, int number) {
    return CHUNK_ADDRESS + "unix:" + data.chunkSocket(number);
  }

  private void startMount(Path mountPoint) throws IOException {
    Mount started = Mount.start(mountPoint, SOURCE, new MountSessions(mountPoint), time, problem);
    mount = started;
    parts.push(new Part("mount", () -> unmount(started)));
  }

  /** Sessions of the mount, one after the other in its state directory. */
  private final class MountSessions implements Sessions {
    private final Path mountPoint;

    MountSessions(Path mountPoint) {
      this.mountPoint = mountPoint;
    }

    @Override
    public MetadataSession open() throws IOException {
      return StreamSession.open(
          new StreamSession.Config(
              metadataAddress(),
              config.clusterKey(),
              config.host(),
              true,
              Optional.of(config.data().mountState(mountPoint))),
          transport,
          time,
          random);
    }

    @Override
    public BlockStore blocks(MetadataSession session) {
      return new ChunkBlockStore(services, session::id);
    }
  }

  /** Who still uses the mount when the process has to end gets errors from then on. */
  private static void unmount(Mount mount) throws IOException {
    try {
      mount.close(false);
    } catch (IOException e) {
      LOG.warn("the mount is taken away although it is in use: {}", e.getMessage());
      mount.close(true);
    }
  }

  private String metadataSocket() {
    return "unix:" + config.data().metadataSocket();
  }

  private String metadataAddress() {
    return config.metadata()
        ? METADATA_HERE
        : config.named().map(ChunkConfig::metadataAddress).orElseGet(this::metadataSocket);
  }

  private static String loopback(int port) {
    return "tcp:127.0.0.1:" + port;
  }

  /** Whether the metadata server of a directory that is up listens on this port, too. */
  public static boolean listensOn(DataDirectory data, int port) throws IOException {
    return Files.exists(data.addresses())
        && Files.readAllLines(data.addresses()).contains(METADATA_ADDRESS + loopback(port));
  }

  /** How many chunk servers run in the process of a directory that is up. */
  public static int chunkServers(DataDirectory data) throws IOException {
    return Files.exists(data.addresses())
        ? (int)
            Files.readAllLines(data.addresses()).stream()
                .filter(line -> line.startsWith(CHUNK_ADDRESS))
                .count()
        : 0;
  }

  /** Whether the process of a directory that is up has the chunk server of this number. */
  public static boolean runsChunkServer(DataDirectory data, int number) throws IOException {
    return Files.exists(data.addresses())
        && Files.readAllLines(data.addresses()).contains(chunkAddress(data, number));
  }

  /** Where others reach the roles: a role and an address in each. */
  public List<String> addresses() {
    return List.copyOf(addresses);
  }

  /** Waits until the mount is gone, by whomever; returns at once if there is none. */
  public void awaitUnmounted() throws InterruptedException {
    Mount mounted = mount;
    if (mounted != null) {
      mounted.awaitUnmounted();
    }
  }

  /** Flushes, unmounts and stops, in this order; what fails is logged and the rest goes on. */
  @Override
  public void close() {
    while (!parts.isEmpty()) {
      Part part = parts.pop();
      try {
        part.closing().close();
      } catch (Exception e) {
        LOG.error("stopping the {} failed", part.name(), e);
      }
    }
  }
}

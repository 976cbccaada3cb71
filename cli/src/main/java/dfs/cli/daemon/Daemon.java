package dfs.cli.daemon;

import com.google.protobuf.ByteString;
import dfs.cli.config.Background;
import dfs.cli.config.ChunkConfig;
import dfs.cli.data.DataDirectory;
import dfs.cli.data.DirectoryLock;
import dfs.cli.data.OwnKey;
import dfs.cli.data.ProcessRecord.Kind;
import dfs.cli.data.ProcessRecord.State;
import dfs.cli.data.Role;
import dfs.client.volume.ClusterKeyFile;
import dfs.client.volume.Credentials;
import dfs.protocol.seam.RealTime;
import dfs.protocol.seam.Time;
import dfs.protocol.transport.Transports;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process that runs roles until it is asked to end: takes the directory's lock, starts the roles,
 * says where they are, waits for a signal, stops them. A second signal within 5 s of the one before
 * ends it at once.
 */
public final class Daemon {
  private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);
  private static final long FAREWELL_NANOS = 5_000_000_000L;
  private static final long IMPATIENT_NANOS = 5_000_000_000L;

  /** Exit status when it was asked to end twice. */
  private static final int EXIT_IMPATIENT = 130;

  /** Exit status when a role could not go on. */
  public static final int EXIT_FATAL = 70;

  /** Exit status when the last data directory with blocks failed. */
  public static final int EXIT_DISKLESS = 71;

  /**
   * What to run.
   *
   * @param kind which record in {@code run/} is this process's
   * @param mountPoint where to mount, if at all; made if missing
   * @param port of the metadata server on the loopback interface, if any
   * @param chunkServers numbers of the chunk servers, from 1 on; one for {@link Kind#CHUNK}
   * @param replication told to the metadata server
   * @param background told to the chunk servers
   * @param named chunk servers that a file names, for {@link Kind#SERVER}
   * @param fresh directories of them that are new, whatever was there before
   */
  public record Config(
      Kind kind,
      DataDirectory data,
      Optional<Path> mountPoint,
      Optional<Integer> port,
      List<Integer> chunkServers,
      Replication replication,
      Background background,
      Optional<ChunkConfig> named,
      List<Path> fresh) {
    public Config {
      chunkServers = List.copyOf(chunkServers);
      fresh = List.copyOf(fresh);
    }

    /** Without chunk servers that a file names. */
    public Config(
        Kind kind,
        DataDirectory data,
        Optional<Path> mountPoint,
        Optional<Integer> port,
        List<Integer> chunkServers,
        Replication replication,
        Background background) {
      this(
          kind,
          data,
          mountPoint,
          port,
          chunkServers,
          replication,
          background,
          Optional.empty(),
          List.of());
    }

    /** The chunk servers that a file names. */
    public static Config server(ChunkConfig named, List<Path> fresh) {
      return new Config(
          Kind.SERVER,
          named.runtime(),
          Optional.empty(),
          Optional.empty(),
          List.of(),
          Replication.UNCHANGED,
          named.background(),
          Optional.of(named),
          fresh);
    }

    /** A mount alone. */
    public static Config mount(DataDirectory data, Path mountPoint) {
      return new Config(
          Kind.MOUNT,
          data,
          Optional.of(mountPoint),
          Optional.empty(),
          List.of(),
          Replication.UNCHANGED,
          Background.USUAL);
    }

    /** The metadata server alone. */
    public static Config metadata(
        DataDirectory data, Optional<Integer> port, Replication replication) {
      return new Config(
          Kind.METADATA, data, Optional.empty(), port, List.of(), replication, Background.USUAL);
    }

    /** One chunk server alone. */
    public static Config chunk(DataDirectory data, int number, Background background) {
      return new Config(
          Kind.CHUNK,
          data,
          Optional.empty(),
          Optional.empty(),
          List.of(number),
          Replication.UNCHANGED,
          background);
    }

    boolean metadata() {
      return kind == Kind.ALL || kind == Kind.METADATA;
    }

    /** Where the process logs. */
    public Path log() {
      return data.log()
          .resolve(
              switch (kind) {
                case ALL -> "dfs.log";
                case METADATA -> "metadata.log";
                case CHUNK -> DataDirectory.chunkName(chunkServers.getFirst()) + ".log";
                case SERVER -> processName() + ".log";
                case MOUNT -> "mount.log";
              });
    }

    /** Its record in {@code run/}. */
    public Path record() {
      return switch (kind) {
        case CHUNK -> Kind.chunkFile(data, chunkServers.getFirst());
        case SERVER -> Kind.serverFile(data, processName());
        case ALL, METADATA, MOUNT -> kind.file(data, mountPoint);
      };
    }

    private String processName() {
      return named.orElseThrow().processName();
    }

    /** Makes the directories that the process needs, but those of blocks. */
    public void createDirectories() throws IOException {
      if (kind == Kind.SERVER) {
        data.createRuntime();
      } else {
        data.create();
      }
    }

    /** What nobody else may be meanwhile. */
    public List<Role> roles() {
      List<Role> roles = new ArrayList<>();
      if (metadata()) {
        roles.add(Role.METADATA);
      }
      chunkServers.forEach(number -> roles.add(Role.chunk(number)));
      named.ifPresent(file -> roles.add(Role.server(file.processName())));
      return roles;
    }
  }

  private final Config config;
  private final CountDownLatch ending = new CountDownLatch(1);
  private final Time time = new RealTime();
  private final RandomGenerator random = new SecureRandom();
  private volatile int status;
  private boolean asked;
  private long askedNanos;

  private Daemon(Config config) {
    this.config = config;
  }

  /**
   * Runs until asked to end, by a signal or, for a mount alone, by its unmounting.
   *
   * @param ready is run when the roles are there
   * @return 0, or {@link #EXIT_DISKLESS}
   */
  public static int run(Config config, Runnable ready) throws IOException {
    Daemon daemon = new Daemon(config);
    daemon.run(ready);
    return daemon.status;
  }

  private void run(Runnable ready) throws IOException {
    DataDirectory data = config.data();
    config.createDirectories();
    if (config.mountPoint().isPresent()) {
      makeMountPoint(config.mountPoint().get());
    }
    try (DirectoryLock lock = DirectoryLock.take(data, config.roles());
        Transports transport = new Transports()) {
      LogFile.open(config.log());
      Signals.onEnding(this::asked);
      long pid = ProcessHandle.current().pid();
      LOG.info("process {} starts with {}, lock {}", pid, config, lock);
      try (OwnRecord record = OwnRecord.begin(config.record(), config.mountPoint())) {
        serve(transport, record, ready);
      } catch (IOException | RuntimeException e) {
        LOG.error("the process ends", e);
        throw e;
      } finally {
        LOG.info("process {} has stopped", pid);
      }
    }
  }

  private void serve(Transports transport, OwnRecord record, Runnable ready) throws IOException {
    Roles.Config wiring =
        new Roles.Config(
            config.data(),
            key(),
            config.named().flatMap(ChunkConfig::host).orElseGet(Daemon::hostName),
            Credentials.ofThisProcess(),
            config.metadata(),
            config.chunkServers(),
            config.replication(),
            config.background(),
            config.port(),
            config.mountPoint(),
            config.named(),
            config.fresh());
    try (Roles roles =
        Roles.start(
            wiring,
            transport,
            time,
            random,
            reason -> fatal(EXIT_FATAL, reason),
            this::diskless,
            record::problem)) {
      if (config.metadata()) {
        writeAddresses(roles);
      }
      record.state(State.READY);
      LOG.info("ready");
      ready.run();
      watchMount(roles);
      awaitEnding();
      record.state(State.STOPPING);
    } finally {
      if (config.metadata()) {
        Files.deleteIfExists(config.data().addresses());
      }
    }
  }

  /** Who only has chunk servers makes no key: it belongs to a cluster that there is. */
  private ByteString key() throws IOException {
    if (config.named().isEmpty()) {
      return OwnKey.take(config.data(), random);
    }
    Path file = config.named().get().clusterKey();
    return ClusterKeyFile.read(file)
        .orElseThrow(() -> new IOException(file + ": there is no such file"));
  }

  /** A dead mount is there and cannot be looked at; mounting takes it away. */
  private static void makeMountPoint(Path path) throws IOException {
    try {
      Files.createDirectory(path);
    } catch (FileAlreadyExistsException e) {
      LOG.debug("{} is there", path);
    } catch (NoSuchFileException e) {
      Files.createDirectories(path);
    }
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  private void writeAddresses(Roles roles) throws IOException {
    Path file = config.data().addresses();
    Path fresh = file.resolveSibling("addresses.new");
    Files.write(fresh, roles.addresses());
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** A mount that somebody took away ends a process that has nothing else to do. */
  private void watchMount(Roles roles) {
    if (config.mountPoint().isEmpty()) {
      return;
    }
    Thread.ofVirtual()
        .name("mount-watch")
        .start(
            () -> {
              try {
                roles.awaitUnmounted();
                LOG.info("{} is not mounted any more", config.mountPoint().get());
                if (config.kind() == Kind.MOUNT) {
                  ending.countDown();
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  private void awaitEnding() {
    try {
      ending.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void asked(String signal) {
    long now = time.monotonicNanos();
    if (asked && now - askedNanos < IMPATIENT_NANOS) {
      LOG.error("{} again: the process ends at once", signal);
      Runtime.getRuntime().halt(EXIT_IMPATIENT);
    }
    LOG.info("{}: the process flushes, unmounts and stops", signal);
    asked = true;
    askedNanos = now;
    ending.countDown();
  }

  /**
   * The last data directory failed. Who has nothing else says so to the others before he ends; a
   * disk that hangs does not keep him.
   */
  private void diskless(String reason) {
    if (config.metadata()) {
      fatal(EXIT_DISKLESS, reason);
      return;
    }
    LOG.error("no data directory is left: {}", reason);
    System.err.println("dfs: " + reason);
    status = EXIT_DISKLESS;
    var _ =
        time.after(
            FAREWELL_NANOS, TimeUnit.NANOSECONDS, () -> Runtime.getRuntime().halt(EXIT_DISKLESS));
    ending.countDown();
  }

  /** A disk that fails once may lie afterwards: nothing more is promised, not even a flush. */
  private static void fatal(int status, String reason) {
    LOG.error("the process ends: {}", reason);
    System.err.println("dfs: " + reason);
    Runtime.getRuntime().halt(status);
  }
}

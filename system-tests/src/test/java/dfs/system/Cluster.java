package dfs.system;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import dfs.chunk.server.ChunkServer;
import dfs.client.block.BlockStore;
import dfs.client.block.ChunkBlockStore;
import dfs.client.metadata.MetadataSession;
import dfs.client.metadata.StreamSession;
import dfs.client.volume.Entrance;
import dfs.fuse.Mount;
import dfs.fuse.vfs.Sessions;
import dfs.metadata.MetadataServer;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.RealDisk;
import dfs.protocol.seam.RealTime;
import dfs.protocol.seam.Time;
import dfs.protocol.transport.Transports;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/**
 * All roles in this process, over one data directory; ends with {@link #close}. Commands and Java
 * reach it through that, and what chunk servers in processes of their own have.
 */
final class Cluster implements AutoCloseable {
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  /** Copies of a server that is away so long are made again. */
  private static final long LOST_NANOS = 2_000_000_000L;

  /** After this time status has counted them as lost: the keeper looks each five seconds. */
  static final long COUNTED_LOST_NANOS = LOST_NANOS + 11_000_000_000L;

  private static final ByteString KEY = ByteString.copyFromUtf8("the cluster key of the tests, 32");

  final Time time;
  final Transports transport = new Transports();
  final BlockServices services = new BlockServices();
  private final RandomGenerator random = new SecureRandom();
  private final int number = NUMBERS.incrementAndGet();
  private final String metadataAddress = "local:metadata-" + number;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  final List<ChunkProcess> processes = new ArrayList<>();
  private final List<ChunkServer> chunks = new ArrayList<>();
  private final Path directory;
  private final List<CountedDisk> disks = new ArrayList<>();
  private final MetadataServer.Config metadataConfig;
  private MetadataServer metadata;

  Cluster(Path directory) throws Exception {
    this(directory, new RealTime());
  }

  /**
   * @param time of all roles and clients
   */
  Cluster(Path directory, Time time) throws Exception {
    this(directory, time, 1, 1);
  }

  /**
   * @param copies of each block, on so many of the {@code chunkServers}
   */
  Cluster(Path directory, Time time, int chunkServers, int copies) throws Exception {
    this(directory, time, chunkServers, 0, copies);
  }

  /**
   * @param processes so many chunk servers more, each in a process of its own
   */
  Cluster(Path directory, Time time, int chunkServers, int processes, int copies) throws Exception {
    this(directory, time, chunkServers, processes, copies, MetadataServer.Config.KEY_NANOS);
  }

  /**
   * @param keyNanos how long a key signs capabilities
   */
  Cluster(Path directory, Time time, int chunkServers, int processes, int copies, long keyNanos)
      throws Exception {
    this.time = time;
    this.directory = directory;
    Entrance entrance = new Entrance(directory);
    Files.createDirectories(entrance.run());
    String forOthers = "unix:" + entrance.metadataSocket();
    metadataConfig =
        new MetadataServer.Config(
            directory.resolve("metadata"),
            List.of(metadataAddress, forOthers),
            KEY,
            "test",
            0,
            0,
            LOST_NANOS,
            keyNanos);
    metadata = startMetadata(metadataConfig, transport, time, random);
    open.push(() -> metadata.close());
    if (copies > 1) {
      metadata.setCopies(copies);
    }
    for (int i = 0; i < chunkServers; i++) {
      startChunkServer(directory.resolve(i == 0 ? "chunk" : "chunk-" + i));
    }
    for (int i = 0; i < processes; i++) {
      ChunkProcess process = ChunkProcess.start(directory, i, forOthers, KEY);
      this.processes.add(process);
      open.push(process);
    }
    for (ChunkProcess process : this.processes) {
      process.awaitReady();
    }
    Files.writeString(entrance.clusterKey(), HexFormat.of().formatHex(KEY.toByteArray()));
    Files.setPosixFilePermissions(
        entrance.clusterKey(), PosixFilePermissions.fromString("rw-------"));
    Files.writeString(entrance.addresses(), forOthers);
  }

  private static MetadataServer startMetadata(
      MetadataServer.Config config, Transports transport, Time time, RandomGenerator random)
      throws Exception {
    return MetadataServer.start(
        config,
        transport,
        time,
        random,
        reason -> {
          throw new AssertionError(reason);
        });
  }

  /** The others wait until it is back. */
  void restartMetadata() throws Exception {
    metadata.close();
    metadata = startMetadata(metadataConfig, transport, time, random);
  }

  /** Every other one is reached by frames, as from another process. */
  private void startChunkServer(Path chunk) throws Exception {
    Files.createDirectories(chunk);
    int index = chunks.size();
    String address =
        index % 2 == 0
            ? "local:chunk-" + number + "-" + index
            : "unix:" + chunk.resolveSibling(index + ".sock");
    CountedDisk disk = new CountedDisk(new RealDisk(chunk));
    disks.add(disk);
    ChunkServer server =
        ChunkServer.start(
            ChunkServer.Config.of(
                "test", address, metadataAddress, KEY, chunk.toString(), ChunkServer.Scrub.USUAL),
            disk.counted(),
            transport,
            services,
            time,
            random);
    chunks.add(server);
    open.push(server);
    server.ready().get(30, TimeUnit.SECONDS);
  }

  /** One that has ended goes on with its data directory. */
  void restartProcess(int index) throws IOException {
    ChunkProcess before = processes.get(index);
    open.remove(before);
    before.close();
    ChunkProcess process =
        ChunkProcess.start(
            directory, index, "unix:" + new Entrance(directory).metadataSocket(), KEY);
    processes.set(index, process);
    open.push(process);
    process.awaitReady();
  }

  /** It is gone without a word to its clients, and comes not back. */
  void stopChunkServer(int index) throws IOException {
    ChunkServer server = chunks.get(index);
    open.remove(server);
    server.close();
  }

  /** Flushes of each chunk server since its start. */
  List<CountedDisk.Flushes> flushes() {
    return disks.stream().map(CountedDisk::flushes).toList();
  }

  StreamSession session(boolean mount) throws IOException {
    StreamSession session = openSession(mount);
    open.push(session);
    return session;
  }

  private StreamSession openSession(boolean mount) throws IOException {
    return StreamSession.open(
        new StreamSession.Config(metadataAddress, KEY, "test", mount, Optional.empty()),
        transport,
        time,
        random);
  }

  /** The mount closes them. */
  private final class MountSessions implements Sessions {
    @Override
    public MetadataSession open() throws IOException {
      return openSession(true);
    }

    @Override
    public BlockStore blocks(MetadataSession session) {
      return new ChunkBlockStore(services, session::id);
    }
  }

  /** What the metadata server says of itself; asking counts as an operation. */
  JsonObject status(StreamSession session) throws IOException {
    Reply reply = session.call(Caller.ROOT, new Query.GetReport("status"));
    if (!(reply instanceof Reply.Report report)) {
      throw new IOException(String.valueOf(reply));
    }
    return JsonParser.parseString(report.json()).getAsJsonObject();
  }

  /** Commands applied by the log since the start. */
  long commands(StreamSession session) throws IOException {
    return status(session).getAsJsonObject("metadata").get("commands").getAsLong();
  }

  long flushes(StreamSession session) throws IOException {
    return status(session).getAsJsonObject("metadata").get("flushes").getAsLong();
  }

  /** Operations of all sessions answered before this one. */
  long operations(StreamSession session) throws IOException {
    return status(session).getAsJsonObject("counters").get("operations").getAsLong();
  }

  /** Mounts the volume in a folder, made if missing. */
  Mount mount(Path at) throws IOException {
    try {
      Files.createDirectories(at);
    } catch (FileAlreadyExistsException e) {
      // A dead mount is there: mounting removes it.
    }
    Mount mount = Mount.start(at, "dfs-test", new MountSessions(), time, problem -> {});
    open.push(() -> mount.close(true));
    return mount;
  }

  @Override
  public void close() throws IOException {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
    transport.close();
  }
}

package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dfs.cli.command.Commands;
import dfs.cli.data.DataDirectory;
import dfs.client.metadata.StreamSession;
import dfs.client.volume.ClusterKeyFile;
import dfs.protocol.seam.RealTime;
import dfs.protocol.transport.Transports;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A metadata server, chunk servers and a mount, each a process; ends with {@link #close}. */
final class ServerProcesses {
  private static final long COPIES_NANOS = TimeUnit.SECONDS.toNanos(120);

  private static final String BLOCK_SUFFIX = ".d";
  private static final String SIDE_SUFFIX = ".m";
  private static final int SIDE_FLAGS = 9;
  private static final int SIDE_PACKED = 1;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** What a chunk server has that is away so long is copied again. */
  private static final String LOST_SECONDS = Boolean.getBoolean("dfs.long") ? "10" : "5";

  /** By then status has seen that a server is gone that was killed, or is silent. */
  private static final long SEEN_GONE_NANOS = TimeUnit.SECONDS.toNanos(20);

  /** What that means for the blocks is counted by then: the metadata server looks each 5 s. */
  private static final long COUNTED_NANOS = TimeUnit.SECONDS.toNanos(7);

  /** Of groups that are nobody's, one for each chunk server. */
  private static final int GROUPS = 64_200;

  final Path scratch;
  final String data;
  final Path mnt;
  private final List<DfsProcess> all = new ArrayList<>();
  private final List<DfsProcess> chunks = new ArrayList<>();
  private @Nullable DfsProcess metadata;
  private final DataDirectory directory;
  private boolean grouped;

  /** Of those that do not have the usual one. */
  private final Map<Integer, Path> sockets = new HashMap<>();

  private final Transports transports = new Transports();
  private final List<StreamSession> sessions = new ArrayList<>();

  ServerProcesses(Path scratch) {
    this.scratch = scratch;
    this.directory = new DataDirectory(scratch.resolve("data"));
    this.data = directory.root().toString();
    this.mnt = scratch.resolve("mnt");
  }

  private DfsProcess serve(List<String> arguments) throws IOException {
    DfsProcess process = DfsProcess.serve(scratch, arguments.toArray(String[]::new));
    all.add(process);
    return process;
  }

  /**
   * The chunk server of this number runs as the group that {@link #group} names, whenever it is
   * started from now on: so its connections are known from others'.
   */
  void inGroupsOfTheirOwn() {
    grouped = true;
  }

  /** The name of a group that nobody else is of. */
  static String group(int number) {
    return String.valueOf(GROUPS + number);
  }

  /**
   * The metadata server, and so many chunk servers, told this. They start side by side: which id
   * each is given the first time is open.
   */
  void start(int servers, int copies, String... chunkOptions) throws IOException {
    startMetadata(copies);
    for (int number = 1; number <= servers; number++) {
      begin(number, chunkOptions);
    }
    for (int number = 1; number <= servers; number++) {
      chunk(number).awaitReady();
    }
  }

  /** Starts the metadata server, the first time or again. */
  DfsProcess startMetadata(int copies) throws IOException {
    return startMetadataUnder(List.of(), copies);
  }

  /** As {@link #startMetadata}, by another command, with these options besides. */
  DfsProcess startMetadataUnder(List<String> prefix, int copies, String... options)
      throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of("metadata", "--foreground", "--data", data, "--replication"));
    arguments.addAll(List.of(String.valueOf(copies), "--lost-after", LOST_SECONDS));
    arguments.addAll(List.of(options));
    DfsProcess started = DfsProcess.beginUnder(prefix, scratch, arguments.toArray(String[]::new));
    all.add(started);
    started.awaitReady();
    metadata = started;
    return started;
  }

  /** Starts a chunk server by another command, which reaches the metadata server by TCP. */
  void startChunkByPort(int number, List<String> prefix, int port) throws IOException {
    Files.createDirectories(directory.chunk(number));
    String host = "host-" + number;
    Path config =
        Files.write(
            scratch.resolve(host + ".conf"),
            List.of(
                "metadata = 127.0.0.1:" + port,
                "host = " + host,
                "runtime = " + data,
                "cluster.key = " + directory.clusterKey(),
                "directory.%d = %s".formatted(number, directory.chunk(number))));
    begun(
        number,
        DfsProcess.beginUnder(
            prefix, scratch, "chunk", "--foreground", "--config", config.toString()));
    chunk(number).awaitReady();
    String name = DataDirectory.serverName(host);
    sockets.put(number, directory.run().resolve("%s-%d.sock".formatted(name, number)));
  }

  /**
   * Starts a chunk server, the first time or again.
   *
   * @param number from 1 on
   */
  void startChunk(int number, String... options) throws IOException {
    begin(number, options);
    chunk(number).awaitReady();
  }

  private void begin(int number, String... options) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of("chunk", "--foreground", "--data", data, "--number", String.valueOf(number)));
    arguments.addAll(List.of(options));
    List<String> prefix =
        grouped ? List.of("setpriv", "--regid", group(number), "--clear-groups") : List.of();
    begun(number, DfsProcess.beginUnder(prefix, scratch, arguments.toArray(String[]::new)));
  }

  private void begun(int number, DfsProcess chunk) {
    all.add(chunk);
    while (chunks.size() < number) {
      chunks.add(chunk);
    }
    chunks.set(number - 1, chunk);
  }

  DfsProcess chunk(int number) {
    return chunks.get(number - 1);
  }

  /** Whether a block that a chunk server has is one of a file alone, as its header says. */
  boolean isSolo(int number, long block) throws IOException {
    String data = blockFile(number, block).toString();
    Path side = Path.of(data.substring(0, data.length() - BLOCK_SUFFIX.length()) + SIDE_SUFFIX);
    try (InputStream in = Files.newInputStream(side)) {
      byte[] header = in.readNBytes(SIDE_FLAGS + 1);
      return header.length > SIDE_FLAGS && (header[SIDE_FLAGS] & SIDE_PACKED) == 0;
    }
  }

  /** Where clients reach it. */
  String address(int number) {
    return "unix:" + socket(number);
  }

  /** The socket of that address. */
  Path socket(int number) {
    return sockets.getOrDefault(number, directory.chunkSocket(number));
  }

  /** Ids of the chunk servers that are here, by number. */
  Map<Integer, Long> ids() {
    Map<String, Integer> numbers = new HashMap<>();
    for (int number = 1; number <= chunks.size(); number++) {
      numbers.put(directory.chunk(number).toString(), number);
    }
    Map<Integer, Long> ids = new TreeMap<>();
    for (JsonElement element : status().getAsJsonArray("chunkServers")) {
      JsonObject server = element.getAsJsonObject();
      JsonObject of = server.getAsJsonArray("directories").get(0).getAsJsonObject();
      Integer number = numbers.get(of.get("path").getAsString());
      if (number != null) {
        ids.put(number, server.get("id").getAsLong());
      }
    }
    return ids;
  }

  /** Where a chunk server has the bytes of a block, if it has some. */
  Path blockFile(int number, long block) {
    return directory
        .chunk(number)
        .resolve("data/%02x/%016x%s".formatted(block & 0xff, block, BLOCK_SUFFIX));
  }

  /**
   * How many bytes of each block a chunk server has, as its files show: 0 of one that just went.
   */
  Map<Long, Long> blockBytes(int number) {
    Map<Long, Long> bytes = new TreeMap<>();
    for (File folder : files(directory.chunk(number).resolve("data").toFile())) {
      for (File file : files(folder)) {
        String name = file.getName();
        if (name.endsWith(BLOCK_SUFFIX)) {
          String block = name.substring(0, name.length() - BLOCK_SUFFIX.length());
          bytes.put(Long.parseUnsignedLong(block, 16), file.length());
        }
      }
    }
    return bytes;
  }

  private static List<File> files(File folder) {
    File[] all = folder.listFiles();
    return all == null ? List.of() : List.of(all);
  }

  /** A session of a tool, which never keeps a lease. */
  StreamSession session() throws IOException {
    StreamSession.Config config =
        new StreamSession.Config(
            "unix:" + directory.metadataSocket(),
            ClusterKeyFile.ifReadable(directory.clusterKey()).orElseThrow(),
            "test",
            false,
            Optional.empty());
    StreamSession session =
        StreamSession.open(config, transports, new RealTime(), new SecureRandom());
    sessions.add(session);
    return session;
  }

  /** All that were started and not stopped. */
  List<DfsProcess> all() {
    return List.copyOf(all);
  }

  DfsProcess mount() throws IOException {
    return mount(mnt);
  }

  /** A further mount; whoever wants it takes it away. */
  DfsProcess mount(Path at) throws IOException {
    return serve(List.of("mount", "--foreground", "--data", data, "--", at.toString()));
  }

  /** SIGKILL for the metadata server. */
  void killMetadata() {
    Objects.requireNonNull(metadata).kill();
  }

  /** SIGKILL for the metadata server and the chunk servers; mounts stay. */
  void killServers() {
    killMetadata();
    chunks.forEach(DfsProcess::kill);
  }

  /** Stops those that run, the last one first. */
  void stop() {
    for (DfsProcess process : all.reversed()) {
      if (process.isAlive()) {
        assertThat(process.stop()).isZero();
      }
    }
    all.clear();
  }

  String dfs(int status, String... arguments) {
    List<String> command = new ArrayList<>(List.of(arguments));
    command.addAll(1, List.of("--data", data));
    return DfsProcess.call(status, command.toArray(String[]::new));
  }

  /** As {@link #dfs}, in a process of its own: for what goes on while others are called. */
  String process(int status, Path scratch, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(arguments));
    command.addAll(1, List.of("--data", data));
    return DfsProcess.runTo(status, scratch, command.toArray(String[]::new));
  }

  JsonObject status() {
    StringWriter said = new StringWriter();
    PrintWriter writer = new PrintWriter(said, true);
    Commands.run(writer, writer, "status", "--json", "--data", data);
    return JsonParser.parseString(said.toString()).getAsJsonObject();
  }

  private JsonObject sealedBlocks() {
    return status().getAsJsonObject("volume").getAsJsonObject("sealedBlocks");
  }

  private static boolean areMissing(JsonObject blocks) {
    return blocks.get("underReplicated").getAsLong() + blocks.get("unreachable").getAsLong() > 0;
  }

  /**
   * Chunk servers have just died, or stand still: returns once status says that so many are here.
   *
   * @return when
   */
  long awaitHere(int count) {
    long since = System.nanoTime();
    while (status().getAsJsonArray("chunkServers").size() != count) {
      assertThat(System.nanoTime() - since).as("until they are gone").isLessThan(SEEN_GONE_NANOS);
      LockSupport.parkNanos(LOOK_NANOS);
    }
    return System.nanoTime();
  }

  /**
   * Waits until no copies are missing; none may be lost.
   *
   * @param goneNanos since when those who had some are gone, as {@link #awaitHere} says
   */
  void awaitCopies(long goneNanos) {
    long since = System.nanoTime();
    JsonObject blocks = sealedBlocks();
    while (System.nanoTime() - goneNanos < COUNTED_NANOS || areMissing(blocks)) {
      assertThat(System.nanoTime() - since).as("still %s", blocks).isLessThan(COPIES_NANOS);
      assertThat(blocks.get("lost").getAsLong()).isZero();
      LockSupport.parkNanos(LOOK_NANOS);
      blocks = sealedBlocks();
    }
  }

  /** Waits until status finds nothing wrong. */
  void awaitHealthy() {
    long since = System.nanoTime();
    for (JsonObject status = status(); !status.get("healthy").getAsBoolean(); status = status()) {
      assertThat(System.nanoTime() - since).as("%s", status).isLessThan(COPIES_NANOS);
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /** Digests of all files, through the mount. */
  String digests() throws Exception {
    return Shell.run(mnt, "find . -type f | sort | xargs sha256sum");
  }

  /** Kills all that run and takes the mount away. */
  void close() throws Exception {
    sessions.forEach(StreamSession::close);
    transports.close();
    all.forEach(DfsProcess::close);
    Shell.quietly("umount", "-l", mnt.toString());
  }
}

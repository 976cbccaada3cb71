package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dfs.cli.command.Commands;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A metadata server, chunk servers and a mount, each a process; ends with {@link #close}. */
final class ServerProcesses {
  private static final long COPIES_NANOS = TimeUnit.SECONDS.toNanos(120);

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** What a chunk server has that is away so long is copied again. */
  private static final String LOST_SECONDS = Boolean.getBoolean("dfs.long") ? "10" : "5";

  /** By then status has seen that a server is gone that was killed. */
  private static final long SEEN_GONE_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** What that means for the blocks is counted by then: the metadata server looks each 5 s. */
  private static final long COUNTED_NANOS = TimeUnit.SECONDS.toNanos(7);

  final Path scratch;
  final String data;
  final Path mnt;
  private final List<DfsProcess> all = new ArrayList<>();
  private final List<DfsProcess> chunks = new ArrayList<>();

  ServerProcesses(Path scratch) {
    this.scratch = scratch;
    this.data = scratch.resolve("data").toString();
    this.mnt = scratch.resolve("mnt");
  }

  private DfsProcess serve(List<String> arguments) throws IOException {
    DfsProcess process = DfsProcess.serve(scratch, arguments.toArray(String[]::new));
    all.add(process);
    return process;
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
    return serve(
        List.of(
            "metadata",
            "--foreground",
            "--data",
            data,
            "--replication",
            String.valueOf(copies),
            "--lost-after",
            LOST_SECONDS));
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
    DfsProcess chunk = DfsProcess.begin(scratch, arguments.toArray(String[]::new));
    all.add(chunk);
    while (chunks.size() < number) {
      chunks.add(chunk);
    }
    chunks.set(number - 1, chunk);
  }

  DfsProcess chunk(int number) {
    return chunks.get(number - 1);
  }

  /** All that were started and not stopped. */
  List<DfsProcess> all() {
    return List.copyOf(all);
  }

  DfsProcess mount() throws IOException {
    return serve(List.of("mount", "--foreground", "--data", data, "--", mnt.toString()));
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
   * Chunk servers have just died: returns once status says that so many are here.
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
    all.forEach(DfsProcess::close);
    Shell.quietly("umount", "-l", mnt.toString());
  }
}

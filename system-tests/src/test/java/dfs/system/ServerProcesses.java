package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A metadata server, chunk servers and a mount, each a process; ends with {@link #close}. */
final class ServerProcesses {
  private static final long COPIES_NANOS = TimeUnit.SECONDS.toNanos(120);

  /** What a chunk server has that is away so long is copied again. */
  private static final String LOST_SECONDS = "10";

  /** After this time status has counted it as lost: the metadata server looks each five seconds. */
  private static final long COUNTED_LOST_NANOS = TimeUnit.SECONDS.toNanos(10 + 2 * 5 + 2);

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

  /** The metadata server, and so many chunk servers, told this. */
  void start(int servers, int copies, String... chunkOptions) throws IOException {
    startMetadata(copies);
    for (int number = 1; number <= servers; number++) {
      startChunk(number, chunkOptions);
    }
  }

  void startMetadata(int copies) throws IOException {
    serve(
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
    List<String> arguments =
        new ArrayList<>(
            List.of("chunk", "--foreground", "--data", data, "--number", String.valueOf(number)));
    arguments.addAll(List.of(options));
    DfsProcess chunk = serve(arguments);
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

  String dfs(int status, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(arguments));
    command.addAll(1, List.of("--data", data));
    return DfsProcess.runTo(status, scratch, command.toArray(String[]::new));
  }

  JsonObject status() throws Exception {
    return JsonParser.parseString(
            Shell.run(
                scratch, DfsProcess.commandLine() + " status --json --data " + data + " || true"))
        .getAsJsonObject();
  }

  /**
   * Waits until no copies are missing although some servers were away for so long that what they
   * have does not count; none may be lost.
   *
   * @param deadNanos when they died
   */
  void awaitCopies(long deadNanos) throws Exception {
    long since = System.nanoTime();
    JsonObject blocks;
    do {
      blocks = status().getAsJsonObject("volume").getAsJsonObject("sealedBlocks");
      assertThat(System.nanoTime() - since).as("still %s", blocks).isLessThan(COPIES_NANOS);
      assertThat(blocks.get("lost").getAsLong()).isZero();
    } while (System.nanoTime() - deadNanos < COUNTED_LOST_NANOS
        || blocks.get("underReplicated").getAsLong() + blocks.get("unreachable").getAsLong() > 0);
  }

  /** Waits until status finds nothing wrong. */
  void awaitHealthy() throws Exception {
    long since = System.nanoTime();
    JsonObject status;
    do {
      status = status();
      assertThat(System.nanoTime() - since).as("%s", status).isLessThan(COPIES_NANOS);
    } while (!status.get("healthy").getAsBoolean());
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

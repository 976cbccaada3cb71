package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code dfs fsck} says of files whose copies a test spoils, with servers as processes. */
@Timeout(300)
@Tag("side-by-side")
class FsckTest {
  private static final int FAILED = 1;
  private static final int TWICE_BYTES = 3_000_001;
  private static final int ONCE_BYTES = 2_000_003;
  private static final long MENDED_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private @TempDir Path scratch;
  private ServerProcesses servers;

  @BeforeEach
  void start() throws Exception {
    servers = new ServerProcesses(scratch);
    servers.start(2, 2);
    awaitScrubbed();
    servers.dfs(0, "mkdir", "/a");
    servers.dfs(0, "mkdir", "/once");
    servers.dfs(0, "replication", "1", "/once");
    put("/a/twice", TWICE_BYTES);
    put("/once/single", ONCE_BYTES);
  }

  @AfterEach
  void end() throws Exception {
    servers.close();
  }

  /** A pass that is not under way finds nothing before fsck does. */
  private void awaitScrubbed() {
    long since = System.nanoTime();
    while (servers.status().toString().contains("\"scrubbed\":\"never\"")) {
      assertThat(System.nanoTime() - since).as("a first pass").isLessThan(MENDED_NANOS);
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private void put(String path, int length) throws IOException {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    Path file = scratch.resolve("contents");
    Files.write(file, bytes);
    servers.dfs(0, "put", file.toString(), path);
  }

  /** The data files of blocks of just this length. */
  private List<Path> copies(int length) throws IOException {
    try (Stream<Path> files = Files.walk(scratch.resolve("data"))) {
      return files
          .filter(file -> file.toString().endsWith(".d") && file.toFile().length() == length)
          .sorted()
          .toList();
    }
  }

  private JsonObject report(int status, String... arguments) {
    String[] all =
        Stream.concat(Stream.of("fsck", "--json"), Stream.of(arguments)).toArray(String[]::new);
    return JsonParser.parseString(servers.dfs(status, all)).getAsJsonObject();
  }

  private static long count(JsonObject report, String state) {
    return report.getAsJsonObject("blocks").get(state).getAsLong();
  }

  @Test
  void aFlippedByteIsFoundByReadingTheCopiesAndIsMended() throws Exception {
    assertThat(servers.dfs(0, "fsck", "--read-data"))
        .contains("2 files and 2 blocks were looked at: 2 healthy")
        .contains("3 copies of 2 blocks were read")
        .contains("no problems found");
    assertThat(servers.dfs(0, "fsck", "--blocks", "/a"))
        .contains("/a/twice: block ")
        .contains("is healthy, %d B, 2 of 2 copies are good".formatted(TWICE_BYTES))
        .contains("1 files and 1 blocks were looked at");
    Path copy = copies(TWICE_BYTES).getLast();
    String directory = scratch.resolve("data").relativize(copy).getName(0).toString();
    try (RandomAccessFile file = new RandomAccessFile(copy.toFile(), "rw")) {
      file.seek(1_234_567);
      int before = file.read();
      file.seek(1_234_567);
      file.write(before ^ 4);
    }
    assertThat(servers.dfs(0, "fsck")).contains("no problems found");
    assertThat(servers.dfs(0, "fsck", "--read-data", "/once")).contains("no problems found");
    JsonObject report = report(FAILED, "--read-data", "/a/", "/once");
    JsonObject read = report.getAsJsonObject("read");
    assertThat(read.get("copies").getAsLong()).isEqualTo(2);
    JsonObject wrong = read.getAsJsonArray("wrong").get(0).getAsJsonObject();
    assertThat(wrong.get("path").getAsString()).isEqualTo("/a/twice");
    assertThat(wrong.get("server").getAsLong()).isEqualTo(serverOf(directory));
    assertThat(wrong.get("what").getAsString()).startsWith("is damaged");
    long since = System.nanoTime();
    servers.awaitHealthy();
    assertThat(servers.dfs(0, "fsck", "--read-data")).contains("3 copies of 2 blocks were read");
    assertThat(System.nanoTime() - since).isLessThan(MENDED_NANOS);
  }

  /** The id of the server whose directory has this name. */
  private long serverOf(String directory) {
    for (var element : servers.status().getAsJsonArray("chunkServers")) {
      JsonObject server = element.getAsJsonObject();
      if (server.getAsJsonArray("directories").toString().contains("/" + directory + "\"")) {
        return server.get("id").getAsLong();
      }
    }
    throw new AssertionError("no server has " + directory);
  }

  @Test
  void whatAStoppedServerHasIsMissedAndALastCopyThatIsDeletedIsLost() throws Exception {
    Path last = copies(ONCE_BYTES).getFirst();
    int keeper = last.toString().contains("chunk-2") ? 2 : 1;
    servers.chunk(keeper).kill();
    servers.awaitHere(1);
    JsonObject report = report(FAILED);
    assertThat(count(report, "underReplicated")).isEqualTo(1);
    assertThat(count(report, "unreachable")).isEqualTo(1);
    assertThat(report.get("problems").toString())
        .contains("/a/twice: block ")
        .contains(" is under-replicated, 1 of 2 copies are good")
        .contains("/once/single: block ")
        .contains(" cannot be read now");
    report = report(FAILED, "/a");
    JsonObject named = report.getAsJsonArray("named").get(0).getAsJsonObject();
    assertThat(named.get("path").getAsString()).isEqualTo("/a/twice");
    assertThat(named.get("state").getAsString()).isEqualTo("underReplicated");
    assertThat(named.get("copiesGood").getAsLong()).isEqualTo(1);
    assertThat(named.get("copiesWanted").getAsLong()).isEqualTo(2);
    assertThat(named.get("copies").toString()).contains("\"state\":\"away\"");
    Files.delete(last);
    Files.delete(Path.of(last.toString().replaceAll("d$", "m")));
    servers.startChunk(keeper);
    assertThat(servers.dfs(FAILED, "fsck", "/once"))
        .contains("/once/single: no good copy of block ")
        .contains("is left: server ")
        .contains("missing")
        .contains("1 lost");
    assertThat(servers.dfs(0, "fsck", "/a")).contains("no problems found");
    assertThat(servers.dfs(FAILED, "fsck", "--read-data", "/once")).contains("is missing");
    assertThat(servers.dfs(FAILED, "fsck", "/nowhere")).contains("/nowhere: ");
  }
}

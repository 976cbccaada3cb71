package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Of two servers for two copies one dies: who may go on writing. */
@Timeout(300)
@Tag("side-by-side")
class CopiesMinTest {
  private static final int FAILED = 1;
  private static final int NOT_UNDERSTOOD = 2;
  private static final int FILE_BYTES = 200_000;
  private static final long DONE_SECONDS = 60;

  private @TempDir Path scratch;
  private ServerProcesses servers;

  @BeforeEach
  void start() throws Exception {
    servers = new ServerProcesses(scratch);
    servers.start(2, 2);
  }

  @AfterEach
  void end() throws Exception {
    servers.close();
  }

  private JsonObject replication(String path) {
    return JsonParser.parseString(servers.dfs(0, "replication", "--json", path)).getAsJsonObject();
  }

  @Test
  void writingGoesOnWhereOneCopyWillDoAndWaitsElsewhere() throws Exception {
    servers.dfs(0, "mkdir", "/one");
    assertThat(replication("/one").get("min").getAsLong()).isEqualTo(2);
    assertThat(replication("/one").get("minOwn").getAsBoolean()).isFalse();
    assertThat(servers.dfs(0, "replication", "--min", "1", "/one"))
        .contains("/one: 2, as the volume, writing needs 1");
    assertThat(replication("/one").get("min").getAsLong()).isEqualTo(1);
    assertThat(servers.dfs(NOT_UNDERSTOOD, "replication", "2", "--min", "3", "/one"))
        .contains("--min 3 is more than the 2 copies");
    assertThat(servers.dfs(NOT_UNDERSTOOD, "replication", "--min", "0", "/one"))
        .contains("--min is 1 to 8 or \"default\", not 0");
    assertThat(servers.dfs(FAILED, "replication", "--min", "3", "/one"))
        .contains("/one: at least 3 of 2 copies cannot be had");
    Path file = Files.write(scratch.resolve("file"), new byte[FILE_BYTES]);
    servers.chunk(2).kill();
    servers.awaitHere(1);
    assertThat(servers.status().get("problems").toString()).contains("--min 1 PATH");
    FutureTask<String> usual =
        new FutureTask<>(() -> servers.process(0, scratch, "put", file.toString(), "/usual"));
    Thread.ofPlatform().daemon().start(usual);
    servers.dfs(0, "put", file.toString(), "/one/file");
    assertThat(servers.dfs(FAILED, "fsck", "/one"))
        .contains("/one/file: block ")
        .contains("is under-replicated, 1 of 2 copies are good");
    assertThat(usual.isDone()).as("what needs two copies").isFalse();
    servers.startChunk(2);
    usual.get(DONE_SECONDS, TimeUnit.SECONDS);
    servers.awaitHealthy();
    assertThat(servers.dfs(0, "fsck", "/one", "/usual")).contains("2 healthy");
  }
}

package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A chunk server is taken away while the volume is in use. */
@Timeout(300)
class DrainTest {
  private static final int FAILED = 1;

  private @TempDir Path scratch;
  private ServerProcesses servers;
  private RecordingWriters writers;

  @BeforeEach
  void prepare() {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    servers = new ServerProcesses(scratch);
    writers = new RecordingWriters(servers.mnt);
  }

  @AfterEach
  void end() throws Exception {
    if (servers != null) {
      writers.close();
      servers.close();
    }
  }

  @Test
  void aDrainedServersDirectoryCanBeDeletedUnderLoad() throws Exception {
    servers.start(3, 2);
    servers.mount();
    Shell.run(
        servers.mnt, "for i in $(seq 12); do head -c 5000000 /dev/urandom >large$i; done; sync");
    String written = Shell.run(servers.mnt, "sha256sum large*");
    writers.startAndWork(500);
    assertThat(servers.dfs(0, "drain", "1")).contains("chunk server 1 has nothing that is needed");
    assertThat(servers.dfs(FAILED, "forget-server", "1")).contains("is here");
    servers.chunk(1).kill();
    Shell.run(scratch, "rm -rf data/chunk");
    writers.work(500);
    writers.stop();
    writers.verifyExactly();
    Shell.run(scratch, "echo 3 >/proc/sys/vm/drop_caches");
    assertThat(Shell.run(servers.mnt, "sha256sum large*")).isEqualTo(written);
    assertThat(servers.dfs(0, "forget-server", "1")).contains("is forgotten");
    servers.awaitHealthy();
    assertThat(servers.dfs(FAILED, "drain", "1")).contains("no chunk server 1 is known");
    servers.dfs(0, "fsck");
  }

  @Test
  void aServerWithALastCopyIsNotForgotten() throws Exception {
    servers.start(2, 1);
    servers.mount();
    Shell.run(
        servers.mnt, "for i in $(seq 12); do head -c 5000000 /dev/urandom >large$i; done; sync");
    String written = Shell.run(servers.mnt, "sha256sum large*");
    servers.chunk(2).kill();
    assertThat(servers.dfs(FAILED, "forget-server", "2")).contains("chunk server 2");
    servers.startChunk(2);
    assertThat(servers.dfs(0, "drain", "2")).contains("nothing that is needed");
    assertThat(servers.dfs(0, "undrain", "2")).contains("takes blocks again");
    servers.awaitHealthy();
    assertThat(Shell.run(servers.mnt, "sha256sum large*")).isEqualTo(written);
    assertThat(servers.dfs(0, "drain", "2")).contains("nothing that is needed");
    servers.chunk(2).kill();
    Shell.run(scratch, "rm -rf data/chunk-2; echo 3 >/proc/sys/vm/drop_caches");
    assertThat(Shell.run(servers.mnt, "sha256sum large*"))
        .as("what had one copy, there")
        .isEqualTo(written);
  }
}

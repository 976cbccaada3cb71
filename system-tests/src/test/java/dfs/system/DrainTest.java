package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A chunk server is taken away while the volume is in use. */
@Timeout(300)
@Tag("side-by-side")
class DrainTest {
  private static final int FAILED = 1;
  private static final int DISKLESS = 71;

  /** Files with a block of their own that is never full and never idle, until told to stop. */
  private static final String SLOW =
      """
      import os, sys
      files = [os.open(name, os.O_CREAT | os.O_WRONLY | os.O_APPEND) for name in sys.argv[2:]]
      for fd in files:
          os.write(fd, bytes(5_000_000)); os.fsync(fd)
      open(sys.argv[1] + 'begun', 'w').close()
      while not os.path.exists(sys.argv[1]):
          for fd in files:
              os.write(fd, bytes(1000)); os.fsync(fd)
      """;

  private static final long BEGIN_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

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

  /** One after the other, so that the id of each is its number. */
  private void start(int count, int copies) throws Exception {
    servers.startMetadata(copies);
    for (int number = 1; number <= count; number++) {
      servers.startChunk(number);
    }
    servers.mount();
  }

  private Process slow() throws Exception {
    Files.writeString(scratch.resolve("slow.py"), SLOW);
    List<String> command = new ArrayList<>(List.of("timeout", "200", "python3", "slow.py", "stop"));
    for (int i = 0; i < 6; i++) {
      command.add("mnt/slow" + i);
    }
    Process slow = new ProcessBuilder(command).directory(scratch.toFile()).inheritIO().start();
    long since = System.nanoTime();
    while (!Files.exists(scratch.resolve("stopbegun"))) {
      assertThat(System.nanoTime() - since).as("a start").isLessThan(BEGIN_NANOS);
      LockSupport.parkNanos(LOOK_NANOS);
    }
    return slow;
  }

  @Test
  void aDrainedServersDirectoryCanBeDeletedUnderLoad() throws Exception {
    start(3, 2);
    Shell.run(
        servers.mnt, "for i in $(seq 12); do head -c 5000000 /dev/urandom >large$i; done; sync");
    String written = Shell.run(servers.mnt, "sha256sum large*");
    Process slow = slow();
    writers.startAndWork(500);
    assertThat(servers.dfs(0, "drain", "1")).contains("chunk server 1 has nothing that is needed");
    assertThat(slow.isAlive()).as("somebody appends").isTrue();
    Files.createFile(scratch.resolve("stop"));
    assertThat(slow.waitFor()).isZero();
    assertThat(servers.dfs(FAILED, "forget-server", "1")).contains("is here");
    // It runs, and may make a file meanwhile.
    Shell.run(scratch, "until rm -rf data/chunk; do :; done");
    writers.work(500);
    servers.chunk(1).awaitEnd(20);
    assertThat(servers.chunk(1).stop()).as("its only directory is gone").isEqualTo(DISKLESS);
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
    start(2, 1);
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

package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL of the one process, and of each role alone, under writers that record what was
 * acknowledged. All of it reads back, the namespace is consistent, and no hand is needed.
 */
@Timeout(3600)
@Tag("side-by-side")
class KillTest {
  private static final int ROUNDS =
      Integer.getInteger("dfs.rounds", Boolean.getBoolean("dfs.long") ? 100 : 3);

  private @TempDir Path scratch;
  private final List<DfsProcess> processes = new ArrayList<>();
  private RecordingWriters writers;
  private String data;
  private Path mnt;

  @BeforeEach
  void prepare() {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    data = scratch.resolve("data").toString();
    mnt = scratch.resolve("mnt");
    writers = new RecordingWriters(mnt);
  }

  @AfterEach
  void end() throws Exception {
    processes.forEach(DfsProcess::close);
    if (writers != null) {
      writers.close();
      Shell.quietly("umount", "-l", mnt.toString());
    }
  }

  private DfsProcess serve(String... arguments) throws IOException {
    DfsProcess process = DfsProcess.serve(scratch, arguments);
    processes.add(process);
    return process;
  }

  private void checkNamespace() throws Exception {
    DfsProcess.call(0, "fsck", "--data", data);
  }

  private DfsProcess up() throws IOException {
    return serve("up", "--foreground", "--data", data, "--", mnt.toString());
  }

  @Test
  void whatWasAcknowledgedSurvivesTheEndOfTheOneProcess() throws Exception {
    int underWay = 0;
    for (int round = 0; round < ROUNDS; round++) {
      DfsProcess dfs = up();
      if (round > 0) {
        writers.verify();
      }
      checkNamespace();
      writers.startAndWork(500);
      dfs.kill();
      underWay += writers.awaitDeath() ? 1 : 0;
    }
    DfsProcess last = up();
    writers.verify();
    checkNamespace();
    assertThat(last.stop()).isZero();
    assertThat(underWay).as("rounds that hit something under way").isGreaterThan(ROUNDS / 3);
    System.out.println(writers.acknowledged() + " operations in " + ROUNDS + " rounds");
  }

  /** The mount waits for a server that died, and nothing that it holds is lost. */
  @Test
  void aMountOutlivesTheDeathOfEachServer() throws Exception {
    DfsProcess metadata = serve("metadata", "--foreground", "--data", data);
    DfsProcess chunk = serve("chunk", "--foreground", "--data", data);
    DfsProcess mount = serve("mount", "--foreground", "--data", data, "--", mnt.toString());
    for (int round = 0; round < ROUNDS; round++) {
      writers.startAndWork(500);
      if (round % 2 == 0) {
        metadata.kill();
        metadata = serve("metadata", "--foreground", "--data", data);
      } else {
        chunk.kill();
        chunk = serve("chunk", "--foreground", "--data", data);
      }
      writers.work(500);
      writers.stop();
      writers.verifyExactly();
      checkNamespace();
    }
    assertThat(mount.stop()).isZero();
    serve("mount", "--foreground", "--data", data, "--", mnt.toString());
    writers.verifyExactly();
  }

  /**
   * The servers go on; the next mount ends the dead one's session and sees what it had
   * acknowledged.
   */
  @Test
  void whatWasAcknowledgedSurvivesTheEndOfTheMount() throws Exception {
    serve("metadata", "--foreground", "--data", data);
    serve("chunk", "--foreground", "--data", data);
    for (int round = 0; round < ROUNDS; round++) {
      DfsProcess mount = serve("mount", "--foreground", "--data", data, "--", mnt.toString());
      if (round > 0) {
        writers.verify();
      }
      writers.startAndWork(500);
      mount.kill();
      writers.awaitDeath();
      checkNamespace();
    }
    serve("mount", "--foreground", "--data", data, "--", mnt.toString());
    writers.verify();
  }
}

package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real mount over all roles in one process. Only other processes touch it. */
@Timeout(180)
class MountedVolumeTest {
  private @TempDir Path directory;

  @BeforeEach
  void mounts() {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
  }

  static String shell(Path in, String script) throws Exception {
    Process process =
        new ProcessBuilder("bash", "-euc", "cd " + in + "; " + script)
            .directory(Path.of("/").toFile())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).as(script).isTrue();
    assertThat(process.exitValue()).as("%s said: %s", script, said).isZero();
    return said.strip();
  }

  @Test
  void whatWasWrittenIsThereAfterARestart() throws Exception {
    Path mnt = directory.resolve("mnt");
    try (Cluster cluster = new Cluster(directory)) {
      cluster.mount(mnt);
      shell(
          mnt,
          """
          echo hello > small; mkdir -p a/b; head -c 9000000 /dev/urandom > a/b/large
          ln -s small link; ln small hard; cp a/b/large copy
          cksum small a/b/large copy > /%s/sums; sync small a/b/large copy; rm copy
          cksum small a/b/large | diff - <(grep -v copy /%s/sums)
          """
              .formatted(directory, directory));
    }
    try (Cluster cluster = new Cluster(directory)) {
      cluster.mount(mnt);
      shell(
          mnt,
          """
          cksum small a/b/large | diff - <(grep -v copy /%s/sums)
          test "$(readlink link)" = small; test "$(stat -c %%h hard)" = 2; ! test -e copy
          """
              .formatted(directory));
    }
  }
}

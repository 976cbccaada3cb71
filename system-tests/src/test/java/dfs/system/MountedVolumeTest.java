package dfs.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
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

  @Test
  void whatWasWrittenIsThereAfterARestart() throws Exception {
    Path mnt = directory.resolve("mnt");
    try (Cluster cluster = new Cluster(directory)) {
      cluster.mount(mnt);
      Shell.run(
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
      Shell.run(
          mnt,
          """
          cksum small a/b/large | diff - <(grep -v copy /%s/sums)
          test "$(readlink link)" = small; test "$(stat -c %%h hard)" = 2; ! test -e copy
          """
              .formatted(directory));
    }
  }
}

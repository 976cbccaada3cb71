package dfs.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.contract.Contract;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The contract of java.nio.file on a mount of dfs, through the JDK's provider. */
@Timeout(300)
@Tag("side-by-side")
class MountContractTest {
  private static @TempDir Path scratch;
  private static @Nullable DfsProcess servers;

  @BeforeAll
  static void start() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    servers =
        DfsProcess.serve(
            scratch,
            "up",
            "--foreground",
            "--data",
            scratch.resolve("data").toString(),
            "--",
            scratch.resolve("mnt").toString());
  }

  @AfterAll
  static void stop() throws Exception {
    DfsProcess started = servers;
    if (started != null) {
      started.stop();
      Shell.quietly("umount", "-l", scratch.resolve("mnt").toString());
    }
  }

  @TestFactory
  Stream<DynamicTest> contract() {
    return Contract.tests(scratch.resolve("mnt"), Contract.Differences.NONE);
  }
}

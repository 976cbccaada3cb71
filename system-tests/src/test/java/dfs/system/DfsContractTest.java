package dfs.system;

import dfs.contract.Contract;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The contract of java.nio.file on dfs. */
@Timeout(300)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class DfsContractTest {
  private static @TempDir Path scratch;

  @SuppressWarnings("NullAway.Init")
  private static DfsProcess servers;

  @SuppressWarnings("NullAway.Init")
  private static FileSystem volume;

  @BeforeAll
  static void start() throws Exception {
    Path data = scratch.resolve("data");
    servers =
        DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data.toString());
    volume = FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", data));
  }

  @AfterAll
  static void stop() throws Exception {
    volume.close();
    servers.close();
  }

  @TestFactory
  Stream<DynamicTest> contract() {
    return Contract.tests(volume.getPath("/"), Contract.Differences.DFS);
  }
}

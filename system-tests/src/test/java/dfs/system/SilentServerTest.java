package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * A server that stops to answer while a tree is copied ends the command, once, and not each of its
 * files after as long a wait.
 */
@Timeout(300)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class SilentServerTest {
  private static final int FILES = 1000;
  private static final String TIMEOUT_SECONDS = "3";

  /** A few calls one after the other: what ends the copying, and the session. */
  private static final int END_SECONDS_MAX = 20;

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long BEGIN_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);

  private @TempDir Path scratch;

  @SuppressWarnings("NullAway.Init")
  private DfsProcess cluster;

  @SuppressWarnings("NullAway.Init")
  private String data;

  @BeforeEach
  void up() throws Exception {
    data = scratch.resolve("data").toString();
    cluster = DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data);
    Path tree = Files.createDirectory(scratch.resolve("tree"));
    for (int i = 0; i < FILES; i++) {
      Files.writeString(tree.resolve("f" + i), "f" + i);
    }
  }

  @AfterEach
  void end() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void aTreeEndsWithTheFirstFileThatNobodyAnswersFor() throws Exception {
    String tree = scratch.resolve("tree").toString();
    Path here = scratch.resolve("here");
    try (FileSystem volume =
        FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", data))) {
      Path cut = volume.getPath("/cut");
      endsOnce(() -> Files.exists(cut), "put", "-r", tree, "/cut");
      DfsProcess.runTo(0, scratch, "put", "-r", "--data", data, tree, "/whole");
      endsOnce(() -> Files.exists(here), "get", "-r", "/whole", here.toString());
    }
  }

  private void endsOnce(BooleanSupplier begun, String... words) throws Exception {
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(List.of("--timeout", TIMEOUT_SECONDS, "--data", data));
    try (DfsProcess command = DfsProcess.begin(scratch, line.toArray(String[]::new))) {
      long since = System.nanoTime();
      while (!begun.getAsBoolean()) {
        assertThat(System.nanoTime() - since)
            .as("%s said %s", line, command.said())
            .isLessThan(BEGIN_NANOS_MAX);
        LockSupport.parkNanos(LOOK_NANOS);
      }
      Shell.run(scratch, "kill -STOP " + cluster.pid());
      try {
        command.awaitEnd(END_SECONDS_MAX);
        assertThat(command.said().lines().filter(text -> text.contains("no answer")))
            .as("%s said %s", line, command.said())
            .hasSize(1);
      } finally {
        Shell.run(scratch, "kill -CONT " + cluster.pid());
      }
    }
  }
}

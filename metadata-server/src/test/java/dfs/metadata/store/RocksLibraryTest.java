package dfs.metadata.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing of the native library stays behind, not of a process that is killed either. */
class RocksLibraryTest {
  /** Opens a store and dies at once, as by SIGKILL: nothing that waits for the end is run. */
  static final class Dying {
    private Dying() {}

    public static void main(String[] arguments) throws Exception {
      var _ = RocksStore.open(Path.of(arguments[0]));
      Runtime.getRuntime().halt(42);
    }
  }

  @Test
  void aKilledProcessLeavesNoLibrary(@TempDir Path directory) throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Djava.io.tmpdir=" + temporary,
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Dying.class.getName(),
                    directory.resolve("store").toString()))
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("said").toFile())
            .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(directory.resolve("said"))).isEqualTo(42);
    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left).isEmpty();
    }
  }
}

package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The example in the README does what it says, in a program that has the client and no more. */
@Timeout(120)
@Tag("side-by-side")
class JavaExampleTest {
  private static final String INDENT = "    ";
  private @TempDir Path scratch;

  /** The indented lines around the one that opens the volume. */
  private static List<String> example() throws Exception {
    List<String> block = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("..", "README.md"))) {
      if (line.startsWith(INDENT) || line.isEmpty()) {
        block.add(line.isEmpty() ? line : line.substring(INDENT.length()));
      } else if (block.stream().anyMatch(each -> each.contains("newFileSystem"))) {
        return block;
      } else {
        block.clear();
      }
    }
    throw new AssertionError("no example in the README");
  }

  @Test
  void itRuns() throws Exception {
    Path source = Files.write(scratch.resolve("Notes.java"), example());
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-d", scratch.toString(), source.toString());
    assertThat(compiled).isZero();
    Path data = scratch.resolve("data");
    try (DfsProcess _ =
        DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data.toString())) {
      List<String> command = DfsProcess.java("Notes");
      int path = command.indexOf("-cp") + 1;
      command.set(path, scratch + ":" + command.get(path));
      Path said = scratch.resolve("said");
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile());
      builder.environment().put("DFS_DATA", data.toString());
      Process process = builder.start();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(Files.readString(said)).contains("/notes/today.txt: hello");
      assertThat(process.exitValue()).isZero();
      assertThat(DfsProcess.call(0, "ls", "--data", data.toString(), "/notes"))
          .contains("today.txt");
    }
  }
}

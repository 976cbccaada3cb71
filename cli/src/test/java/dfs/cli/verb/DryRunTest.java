package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code -n} says: what would be done, or why not; and nothing is done. */
class DryRunTest {
  private @TempDir Path scratch;
  private LocalVerbs dfs;

  @BeforeEach
  void begin() throws IOException {
    dfs = new LocalVerbs(scratch);
    dfs.file("f", "f");
    dfs.file("other", "other");
    dfs.file("d/in", "in");
    dfs.file("t/d", "no directory");
    Files.createSymbolicLink(dfs.root.resolve("loose"), Path.of("nothing"));
    Files.writeString(dfs.here.resolve("l"), "l");
    Files.createDirectories(dfs.here.resolve("tree/d"));
    Files.writeString(dfs.here.resolve("tree/d/in"), "in");
    Files.writeString(dfs.here.resolve("tree/f"), "f");
  }

  private List<String> all() throws IOException {
    List<String> all = new ArrayList<>();
    try (Stream<Path> paths = Files.walk(scratch)) {
      for (Path path : paths.sorted().toList()) {
        all.add(path + (Files.isRegularFile(path) ? " " + Files.readString(path) : ""));
      }
    }
    return all;
  }

  /** It fails as the real one does, in the same words. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "put l /f",
        "put l /none/f",
        "put none /x",
        "put tree /x",
        "put -r tree/d /f",
        "put -r tree/d /t",
        "put l /loose",
        "put - /f",
        "put - /d",
        "put - /none/f",
        "get /f l",
        "get /none l",
        "get /d x",
        "get /f none/x",
        "cp /f /other",
        "cp /f /f",
        "cp /d /x",
        "cp -r /d /d/below",
        "cp /loose /x",
        "getmerge /d /f l",
        "getmerge /none x",
        "getmerge /f none/x",
        "ln /f /other",
        "ln -s /f /other",
        "ln -f /f /f",
        "ln /d /x",
        "ln /none /x"
      })
  void whatIsRefusedIsSaid(String line) throws IOException {
    dfs.input = "input".getBytes(StandardCharsets.UTF_8);
    String[] words = line.split(" ", -1);
    List<String> dry = new ArrayList<>(List.of(words));
    dry.add(1, "-n");
    List<String> before = all();
    String said = dfs.failed(dry.toArray(String[]::new));
    assertThat(all()).isEqualTo(before);
    assertThat(said).isNotEmpty().isEqualTo(dfs.failed(words));
  }

  @Test
  void whatWouldBeDoneIsSaid() throws IOException {
    dfs.input = "input".getBytes(StandardCharsets.UTF_8);
    List<String> before = all();
    assertThat(dfs.done("put", "-n", "l", "/x")).isEqualTo("l -> /x\n");
    assertThat(dfs.done("put", "-n", "-f", "l", "/f")).isEqualTo("l -> /f\n");
    assertThat(dfs.done("put", "-n", "-r", "tree", "/x").lines())
        .containsExactlyInAnyOrder(
            "tree -> /x", "tree/d -> /x/d", "tree/d/in -> /x/d/in", "tree/f -> /x/f");
    assertThat(dfs.done("put", "-n", "-", "/x")).isEqualTo("- -> /x\n");
    assertThat(dfs.done("get", "-n", "/f", "-")).isEqualTo("/f -> -\n");
    assertThat(dfs.done("get", "-n", "--continue", "/f", "tree")).isEqualTo("/f -> tree/f\n");
    assertThat(dfs.done("getmerge", "-n", "-f", "/d", "/f", "l"))
        .isEqualTo("/d/in -> l\n/f -> l\n");
    assertThat(dfs.done("getmerge", "-n", "/f", "-")).isEqualTo("/f -> -\n");
    assertThat(dfs.done("ln", "-n", "-f", "/f", "/other")).isEqualTo("would link /other => /f\n");
    assertThat(dfs.done("ln", "-n", "-s", "f", "/x")).isEqualTo("would link /x -> f\n");
    assertThat(all()).isEqualTo(before);
  }
}

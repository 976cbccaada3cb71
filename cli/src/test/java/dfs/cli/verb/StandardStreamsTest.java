package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where {@code -} is the standard input or output. */
class StandardStreamsTest {
  private @TempDir Path scratch;
  private LocalVerbs dfs;

  @BeforeEach
  void begin() throws IOException {
    dfs = new LocalVerbs(scratch);
  }

  private String tailOfInput(String input, String... options) {
    dfs.input = input.getBytes(StandardCharsets.UTF_8);
    List<String> words = new ArrayList<>(List.of("tail", "-"));
    words.addAll(List.of(options));
    return dfs.done(words.toArray(String[]::new));
  }

  @Test
  void tailReadsTheInput() throws IOException {
    assertThat(tailOfInput("a\nb\nc\n", "-n", "2")).isEqualTo("b\nc\n");
    assertThat(tailOfInput("a\nb\nc", "-n", "2")).isEqualTo("b\nc");
    assertThat(tailOfInput("a\nb\n", "-n", "0")).isEmpty();
    assertThat(tailOfInput("a\nb\n", "-n", "9")).isEqualTo("a\nb\n");
    assertThat(tailOfInput("", "-n", "1")).isEmpty();
    assertThat(tailOfInput("abc", "-c", "2")).isEqualTo("bc");
    assertThat(tailOfInput("abc", "-c", "0")).isEmpty();
    dfs.file("f", "f\n");
    dfs.input = "i\n".getBytes(StandardCharsets.UTF_8);
    assertThat(dfs.done("tail", "/f", "-"))
        .isEqualTo("==> /f <==\nf\n\n==> standard input <==\ni\n");
  }

  /** What comes in pieces ends as what is read from behind. */
  @Test
  void tailOfALongInputIsThatOfTheFile() throws IOException {
    Random random = new Random(1);
    StringBuilder text = new StringBuilder();
    while (text.length() < 1 << 19) {
      text.append("x".repeat(random.nextInt(3000))).append('\n');
    }
    dfs.file("f", text.toString());
    for (String count : List.of("1", "7", "100", "100000")) {
      for (String option : List.of("-n", "-c")) {
        assertThat(tailOfInput(text.toString(), option, count))
            .as("%s %s", option, count)
            .isEqualTo(dfs.done("tail", option, count, "/f"));
      }
    }
  }

  @Test
  void getmergeWritesTheOutput() throws IOException {
    dfs.file("d/a", "a");
    dfs.file("d/b", "b");
    assertThat(dfs.done("getmerge", "/d", "-")).isEqualTo("ab");
    assertThat(dfs.done("getmerge", "-l", "/d/b", "/d", "-")).isEqualTo("b\na\nb\n");
    assertThat(dfs.here.resolve("-")).doesNotExist();
    assertThat(dfs.failed("getmerge", "/none", "-")).contains("/none: no such file or directory");
    // As Hadoop has it, there it is a name.
    assertThat(dfs.done("-getmerge", "/d", "-")).isEmpty();
    assertThat(Files.readString(dfs.here.resolve("-"))).isEqualTo("ab");
  }

  @Test
  void headAndAppendToFileReadTheInput() throws IOException {
    dfs.input = "a\nb\nc\n".getBytes(StandardCharsets.UTF_8);
    assertThat(dfs.done("head", "-n", "2", "-")).isEqualTo("a\nb\n");
    Path f = dfs.file("f", "f\n");
    dfs.done("appendToFile", "-", "/f");
    assertThat(Files.readString(f)).isEqualTo("f\na\nb\nc\n");
  }
}

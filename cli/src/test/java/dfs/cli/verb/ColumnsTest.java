package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Columns are those of {@code ls} of this machine, byte for byte. */
@Timeout(120)
class ColumnsTest {
  private static final List<String> LETTERS =
      List.of("a", "b", "long", "x y", "$", "\u4e2d", "e\u0301", "\u00e9", "\"", "-", "@");

  private @TempDir Path scratch;

  private String coreutils(int width, String... options) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder("ls", "-T", "0", "-w", String.valueOf(width), "--color=never");
    builder.command().add("--quoting-style=shell-escape");
    builder.command().addAll(List.of(options));
    builder.environment().putAll(Map.of("LC_ALL", "C.UTF-8"));
    Process process = builder.directory(scratch.resolve("cluster/d").toFile()).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static String name(Random random, int length) {
    StringBuilder name = new StringBuilder();
    for (int i = random.nextInt(length); i >= 0; i--) {
      name.append(LETTERS.get(random.nextInt(LETTERS.size())));
    }
    return name.toString();
  }

  @Test
  void theyAreThoseOfCoreutils() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    LocalVerbs dfs = new LocalVerbs(scratch);
    dfs.terminal = true;
    dfs.environment.put("NO_COLOR", "1");
    Path directory = Files.createDirectory(dfs.root.resolve("d"));
    for (int i = 0; i < 60; i++) {
      Files.writeString(directory.resolve(name(random, i < 20 ? 2 : 6)), "");
      int width = 1 + random.nextInt(120);
      dfs.environment.put("COLUMNS", String.valueOf(width));
      String what = "%d names, width %d, seed %d".formatted(i, width, seed);
      assertThat(dfs.done("ls", "/d")).as(what).isEqualTo(coreutils(width, "-C"));
      assertThat(dfs.done("ls", "-x", "/d")).as(what).isEqualTo(coreutils(width, "-x"));
      assertThat(dfs.done("ls", "-Cip", "/d")).as(what).isEqualTo(coreutils(width, "-Cip"));
      assertThat(dfs.done("ls", "-1r", "/d")).as(what).isEqualTo(coreutils(width, "-1r"));
    }
  }

  private static String list(LocalVerbs dfs, String... options) throws IOException {
    String[] words = new String[options.length + 2];
    words[0] = "ls";
    System.arraycopy(options, 0, words, 1, options.length);
    words[words.length - 1] = "/d";
    return dfs.done(words);
  }

  @Test
  void theLastOptionCountsAndATerminalIsUsual() throws IOException {
    LocalVerbs dfs = new LocalVerbs(scratch);
    dfs.file("d/one", "1");
    dfs.file("d/two", "2");
    String lines = "one\ntwo\n";
    String columns = "one  two\n";
    assertThat(list(dfs)).isEqualTo(lines);
    assertThat(list(dfs, "-C")).isEqualTo(columns);
    assertThat(list(dfs, "-C1")).isEqualTo(lines);
    assertThat(list(dfs, "-1", "-C")).isEqualTo(columns);
    assertThat(list(dfs, "-l", "-C")).isEqualTo(columns);
    assertThat(list(dfs, "-x")).isEqualTo(columns);
    assertThat(list(dfs, "-x1")).isEqualTo(lines);
    assertThat(list(dfs, "-l", "-x")).isEqualTo(columns);
    assertThat(list(dfs, "-C", "-l")).startsWith("-rw");
    assertThat(list(dfs, "-C", "-0")).isEqualTo("one\0two\0");
    dfs.environment.put("COLUMNS", "8");
    assertThat(list(dfs, "-C")).as("a full line is none").isEqualTo(lines);
    dfs.environment.put("COLUMNS", "wide");
    assertThat(list(dfs, "-C")).isEqualTo(columns);
    dfs.terminal = true;
    dfs.environment.put("NO_COLOR", "1");
    assertThat(list(dfs)).isEqualTo(columns);
    assertThat(list(dfs, "-1")).isEqualTo(lines);
    assertThat(list(dfs, "-p")).isEqualTo(columns);
    dfs.environment.remove("NO_COLOR");
    dfs.file("d/sub/x", "");
    assertThat(list(dfs)).isEqualTo("one  \u001b[01;34msub\u001b[0m  two\n");
  }

  @Test
  void moreThanThereIsRoomForComeOneALine() throws IOException {
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    Output out = new Output(written, true);
    Columns columns = new Columns(out, false, 80, 3);
    for (String name : List.of("a", "b", "c", "d", "e")) {
      columns.add("", name, name, false);
    }
    columns.end();
    columns.add("", "f", "f", false);
    columns.add("", "g", "g", false);
    columns.end();
    out.flush();
    assertThat(written.toString(StandardCharsets.UTF_8)).isEqualTo("a\nb\nc\nd\ne\nf  g\n");
  }
}

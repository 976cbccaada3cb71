package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Verbs that look and change nothing. */
class ListingVerbsTest {
  private @TempDir Path scratch;
  private LocalVerbs dfs;

  @BeforeEach
  void prepare() throws IOException {
    dfs = new LocalVerbs(scratch);
  }

  private void tree() throws IOException {
    dfs.file("d/b", "bb");
    dfs.file("d/a", "a");
    dfs.file("d/.hidden", "");
    dfs.file("d/e/c", "ccc");
    Files.createSymbolicLink(dfs.root.resolve("d/link"), Path.of("a"));
  }

  @Test
  void lsSortsAndHides() throws IOException {
    tree();
    assertThat(dfs.done("ls", "/d")).isEqualTo("a\nb\ne\nlink\n");
    assertThat(dfs.done("ls", "-ar", "/d")).isEqualTo("link\ne\nb\na\n.hidden\n");
    assertThat(dfs.done("ls", "-S", "/d/a", "/d/b")).isEqualTo("/d/b\n/d/a\n");
    assertThat(dfs.done("ls", "-d", "/d")).isEqualTo("/d\n");
    assertThat(dfs.done("ls", "-0", "/d")).isEqualTo("a\0b\0e\0link\0");
    assertThat(dfs.done("ls", "-R", "/d")).isEqualTo("/d:\na\nb\ne\nlink\n\n/d/e:\nc\n");
    assertThat(dfs.done("ls", "/d/e", "/d/a")).isEqualTo("/d/a\n\n/d/e:\nc\n");
    assertThat(dfs.done("ls", "d")).isEqualTo("a\nb\ne\nlink\n");
    assertThat(dfs.done("ls", "dfs:///d/e")).isEqualTo("c\n");
    assertThat(dfs.failed("ls", "/x", "/d/a")).isEqualTo("dfs: /x: no such file or directory\n");
    assertThat(dfs.out).asString().isEqualTo("/d/a\n");
  }

  @Test
  void lsShowsDetails() throws IOException {
    tree();
    Path a = dfs.root.resolve("d/a");
    Files.setLastModifiedTime(a, FileTime.from(Instant.parse("2026-01-31T12:00:00.5Z")));
    Files.setAttribute(a, "unix:mode", 04750);
    assertThat(dfs.done("ls", "-ln", "/d/a"))
        .matches("-rwsr-x---   1 +\\d+ +\\d+ +1 2026-01-31 \\d\\d:00:00 /d/a\n");
    assertThat(dfs.done("ls", "-l", "/d/link")).endsWith(" /d/link -> a\n");
    JsonObject json = JsonParser.parseString(dfs.done("ls", "--json", "/d/a")).getAsJsonObject();
    assertThat(json.get("path").getAsString()).isEqualTo("/d/a");
    assertThat(json.get("mode").getAsString()).isEqualTo("4750");
    assertThat(json.get("sizeBytes").getAsLong()).isEqualTo(1);
    assertThat(json.get("modified").getAsString()).isEqualTo("2026-01-31T12:00:00.500Z");
    assertThat(json.has("nameBytes")).isFalse();
  }

  @Test
  void namesAreBytes() throws IOException {
    dfs.file("n/a\n\udcff", "x");
    assertThat(dfs.done("ls", "/n")).isEqualTo("a\n\udcff\n");
    assertThat(dfs.done("cat", "/n/a\n\udcff")).isEqualTo("x");
    JsonObject json = JsonParser.parseString(dfs.done("ls", "--json", "/n")).getAsJsonObject();
    assertThat(json.get("name").getAsString()).isEqualTo("a\n\ufffd");
    assertThat(json.get("nameBytes").getAsString()).isEqualTo("YQr/");
    assertThat(dfs.failed("cat", "/n/b\n\udcff"))
        .isEqualTo("dfs: '/n/b'$'\\n\\377': no such file or directory\n");
    dfs.terminal = true;
    dfs.environment.put("NO_COLOR", "1");
    assertThat(dfs.done("ls", "/n")).isEqualTo("'a'$'\\n\\377'\n");
    dfs.environment.remove("NO_COLOR");
    assertThat(dfs.done("ls", "/")).isEqualTo("\u001b[01;34mn\u001b[0m\n");
  }

  @Test
  void patternsAreExpanded() throws IOException {
    tree();
    assertThat(dfs.done("ls", "-d", "/d/?")).isEqualTo("/d/a\n/d/b\n/d/e\n");
    assertThat(dfs.done("cat", "/*/[ab]")).isEqualTo("abb");
    assertThat(dfs.done("ls", "d/*k")).isEqualTo("d/link\n");
    assertThat(dfs.failed("ls", "/d/x*")).isEqualTo("dfs: /d/x*: no such file or directory\n");
    dfs.file("d/x*", "star");
    dfs.file("d/xy", "other");
    assertThat(dfs.done("cat", "/d/x*")).isEqualTo("star");
  }

  @Test
  void findMeetsConditions() throws IOException {
    tree();
    assertThat(dfs.done("find", "/d", "-type", "f", "-name", "[bc]").lines())
        .containsExactlyInAnyOrder("/d/b", "/d/e/c");
    assertThat(dfs.done("find", "/d", "-size", "+1c", "-type", "f").lines())
        .containsExactlyInAnyOrder("/d/b", "/d/e/c");
    assertThat(dfs.done("find", "/d", "-maxdepth", "0", "-0")).isEqualTo("/d\0");
    assertThat(dfs.done("find", "/d", "-empty")).isEqualTo("/d/.hidden\n");
    assertThat(dfs.done("find", "/d", "-mindepth", "2")).isEqualTo("/d/e/c\n");
    dfs.run(VerbLine.MISUSED, "find", "/d", "-type", "q");
    assertThat(dfs.err)
        .isEqualTo("dfs: -type is one of f d l p s b c, not q\nTry: dfs find --help\n");
  }

  @Test
  void treeIsDrawn() throws IOException {
    tree();
    assertThat(dfs.done("tree", "/d"))
        .isEqualTo(
            """
            /d
            ├── a
            ├── b
            ├── e
            │   └── c
            └── link -> a

            2 directories, 4 files
            """);
  }

  @Test
  void sumsAreMade() throws IOException {
    tree();
    Files.createLink(dfs.root.resolve("d/again"), dfs.root.resolve("d/b"));
    assertThat(dfs.done("du", "-b", "/d")).isEqualTo("3\t/d/e\n7\t/d\n");
    assertThat(dfs.done("du", "-s", "/d")).isEqualTo("1\t/d\n");
    assertThat(dfs.done("du", "-sbc", "/d/a", "/d/e")).isEqualTo("1\t/d/a\n3\t/d/e\n4\ttotal\n");
    assertThat(dfs.done("count", "/d").strip()).matches("2 +6 +9 /d");
    assertThat(dfs.done("df", "/").lines()).hasSize(2);
    assertThat(dfs.failed("df", "/x")).isEqualTo("dfs: /x: no such file or directory\n");
  }

  @Test
  void statHasFormats() throws IOException {
    tree();
    Files.setAttribute(dfs.root.resolve("d/b"), "unix:mode", 0640);
    assertThat(dfs.done("stat", "-c", "%n %s %a %A %F", "/d/b"))
        .isEqualTo("/d/b 2 640 -rw-r----- regular file\n");
    assertThat(dfs.done("stat", "-c", "%N %F", "/d/link"))
        .isEqualTo("/d/link -> a symbolic link\n");
    assertThat(dfs.done("stat", "-L", "-c", "%F%%", "/d/link")).isEqualTo("regular file%\n");
    assertThat(dfs.done("stat", "/d/b")).contains("  File: /d/b\n  Size: 2  regular file\n");
  }

  @Test
  void endsAndBeginningsAreShown() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 1; i <= 30_000; i++) {
      lines.append(i).append('\n');
    }
    dfs.file("lines", lines.toString());
    dfs.file("short", "no end");
    assertThat(dfs.done("head", "-n", "2", "/lines")).isEqualTo("1\n2\n");
    assertThat(dfs.done("head", "-c", "3", "/lines")).isEqualTo("1\n2");
    assertThat(dfs.done("tail", "-n", "2", "/lines")).isEqualTo("29999\n30000\n");
    assertThat(dfs.done("tail", "-n", "20000", "/lines")).startsWith("10001\n").hasSize(120_000);
    assertThat(dfs.done("tail", "-c", "3", "/short")).isEqualTo("end");
    assertThat(dfs.done("head", "/short", "/short"))
        .isEqualTo("==> /short <==\nno end\n==> /short <==\nno end");
    assertThat(dfs.failed("tail", "/")).isEqualTo("dfs: /: is a directory\n");
    dfs.input = "piped".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    assertThat(dfs.done("cat", "/short", "-")).isEqualTo("no endpiped");
  }

  @Test
  void testSaysItByItsStatus() throws IOException {
    tree();
    dfs.done("test", "-e", "/d/a");
    dfs.done("test", "-d", "/d");
    dfs.done("test", "-L", "/d/link");
    assertThat(dfs.failed("test", "-d", "/d/a")).isEmpty();
    assertThat(dfs.failed("test", "-e", "/nothing")).isEmpty();
    assertThat(dfs.failed("test", "-f", "-z", "/d/a")).isEmpty();
    dfs.run(VerbLine.MISUSED, "test", "/d/a");
  }

  @Test
  void checksumIsThatOfTheStandard() throws IOException {
    dfs.file("digits", "123456789");
    assertThat(dfs.done("checksum", "/digits")).isEqualTo("e3069283  /digits\n");
  }
}

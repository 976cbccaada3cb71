package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Verbs that change something. */
class ChangingVerbsTest {
  private static final FileTime THEN = FileTime.from(Instant.parse("2020-02-02T02:02:02Z"));

  private @TempDir Path scratch;
  private LocalVerbs dfs;

  @BeforeEach
  void prepare() throws IOException {
    dfs = new LocalVerbs(scratch);
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(ByteText::nameOf).sorted().toList();
    }
  }

  private Path local(String name, String contents) throws IOException {
    return Files.writeString(dfs.here.resolve(name), contents);
  }

  @Test
  void filesGoInAndOut() throws IOException {
    local("f", "contents");
    dfs.done("put", "f");
    dfs.done("put", "f", "/g");
    assertThat(dfs.root.resolve("f")).hasContent("contents");
    assertThat(dfs.root.resolve("g")).hasContent("contents");
    assertThat(dfs.failed("put", "f", "/g")).isEqualTo("dfs: /g: file exists (-f replaces it)\n");
    local("f", "newer");
    dfs.done("put", "-f", "f", "/g");
    assertThat(dfs.root.resolve("g")).hasContent("newer");
    assertThat(dfs.failed("get", "/g", "f")).isEqualTo("dfs: f: file exists (-f replaces it)\n");
    dfs.done("get", "/g", "h");
    assertThat(dfs.here.resolve("h")).hasContent("newer");
    assertThat(dfs.done("get", "/g", "-")).isEqualTo("newer");
    dfs.input = "piped".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    dfs.done("put", "-", "/piped");
    assertThat(dfs.root.resolve("piped")).hasContent("piped");
    assertThat(dfs.failed("put", "-", "/"))
        .isEqualTo("dfs: /: is a directory: what is read needs a name\n");
    assertThat(names(dfs.root)).containsExactly("f", "g", "piped");
    assertThat(names(dfs.here)).containsExactly("f", "h");
  }

  private void tree() throws IOException {
    Path t = dfs.here.resolve("t");
    Files.createDirectories(t.resolve("sub"));
    Files.writeString(t.resolve("a"), "a");
    Files.createLink(t.resolve("sub/b"), t.resolve("a"));
    Files.createSymbolicLink(t.resolve("s"), Path.of("nowhere"));
    Files.setAttribute(t.resolve("a"), "unix:mode", 0400);
    Files.setLastModifiedTime(t.resolve("a"), THEN);
    Files.setAttribute(t.resolve("sub"), "unix:mode", 0555);
    Files.setLastModifiedTime(t.resolve("sub"), THEN);
  }

  @Test
  void treesKeepWhatTheyWere() throws IOException {
    tree();
    assertThat(dfs.failed("put", "t")).isEqualTo("dfs: t: is a directory (-r copies it)\n");
    dfs.done("put", "-r", "-p", "t", "/");
    Path t = dfs.root.resolve("t");
    assertThat(Files.readSymbolicLink(t.resolve("s"))).isEqualTo(Path.of("nowhere"));
    assertThat(Files.isSameFile(t.resolve("a"), t.resolve("sub/b"))).isTrue();
    assertThat(Stat.of(t.resolve("a"), false).permissions()).isEqualTo(0400);
    assertThat(Files.getLastModifiedTime(t.resolve("a"))).isEqualTo(THEN);
    assertThat(Stat.of(t.resolve("sub"), false).permissions()).isEqualTo(0555);
    assertThat(Files.getLastModifiedTime(t.resolve("sub"))).isEqualTo(THEN);
    dfs.done("cp", "-r", "/t", "/u");
    assertThat(names(dfs.root.resolve("u"))).containsExactly("a", "s", "sub");
    assertThat(Files.isSameFile(dfs.root.resolve("u/a"), dfs.root.resolve("u/sub/b"))).isFalse();
    assertThat(Files.getLastModifiedTime(dfs.root.resolve("u/a"))).isNotEqualTo(THEN);
    assertThat(dfs.failed("cp", "-r", "/t", "/t/sub"))
        .isEqualTo("dfs: /t: cannot be copied into itself\n");
    assertThat(dfs.failed("cp", "/t/a", "/t/sub/b"))
        .isEqualTo("dfs: /t/sub/b: is the same file as the one that is copied\n");
  }

  @Test
  void attributesAreKept() throws IOException {
    Path f = local("f", "x");
    assumeThat(Files.getFileStore(f).supportsFileAttributeView("user")).isTrue();
    Files.getFileAttributeView(f, UserDefinedFileAttributeView.class)
        .write("colour", java.nio.ByteBuffer.wrap(new byte[] {'r', 'e', 'd'}));
    dfs.done("put", "-p", "f", "/f");
    assertThat(dfs.done("getfattr", "-d", "/f")).isEqualTo("# file: /f\nuser.colour=\"red\"\n\n");
    dfs.done("setfattr", "-n", "user.size", "-v", "0sAP8=", "/f");
    assertThat(dfs.done("getfattr", "-n", "user.size", "/f")).contains("user.size=0sAP8=");
    dfs.done("setfattr", "-x", "user.colour", "/f");
    assertThat(dfs.done("getfattr", "/f")).isEqualTo("# file: /f\nuser.size\n\n");
    assertThat(dfs.failed("getfattr", "-n", "user.none", "/f"))
        .isEqualTo("dfs: /f: has no attribute user.none\n");
  }

  /** Who may write the directory could leave anything there. */
  @Test
  void whatSomebodyElseLeftIsNotContinued() throws IOException {
    Path source = local("f", "0123456789");
    Path target = dfs.root.resolve("f");
    Path part = PartFile.fresh(target, source, Stat.of(source, true)).path();
    Path bait = Files.writeString(dfs.root.resolve("bait"), "01234x");
    Files.createSymbolicLink(part, bait);
    dfs.done("put", "--continue", "f", "/f");
    assertThat(target).hasContent("0123456789");
    Files.delete(target);
    Files.delete(part);
    Files.createLink(part, bait);
    dfs.done("put", "--continue", "f", "/f");
    assertThat(target).hasContent("0123456789");
    assertThat(bait).hasContent("01234x");
  }

  /** As after a kill: part of it lies there under the name that a part has. */
  @Test
  void whatWasCutIsContinued() throws IOException {
    Path source = local("f", "0123456789");
    Path target = dfs.root.resolve("f");
    Path part = PartFile.fresh(target, source, Stat.of(source, true)).path();
    // What is there is not sent again: it would read otherwise.
    Files.writeString(part, "01234x");
    dfs.done("put", "--continue", "f", "/f");
    assertThat(target).hasContent("01234x6789");
    assertThat(names(dfs.root)).containsExactly("f");
    Files.delete(target);
    Files.writeString(part, "01234x");
    Files.writeString(source, "changed");
    dfs.run(0, "put", "--continue", "f", "/f");
    assertThat(dfs.err)
        .isEqualTo("dfs: /f: the source has changed since: it was copied from the start\n");
    assertThat(target).hasContent("changed");
    assertThat(names(dfs.root)).containsExactly("f");
  }

  @Test
  void mvRenames() throws IOException {
    dfs.file("a", "a");
    dfs.file("b", "b");
    Files.createDirectory(dfs.root.resolve("d"));
    assertThat(dfs.failed("mv", "/a", "/b"))
        .isEqualTo("dfs: /a: does not replace /b, which exists (-f does)\n");
    assertThat(dfs.done("mv", "-n", "/a", "/c")).isEqualTo("would rename /a -> /c\n");
    dfs.done("mv", "-f", "/a", "/b");
    assertThat(dfs.root.resolve("b")).hasContent("a");
    dfs.done("mv", "/b", "/d");
    assertThat(dfs.root.resolve("d/b")).hasContent("a");
    dfs.run(VerbLine.MISUSED, "mv", "/d", "/d/b", "/nothing");
    assertThat(dfs.failed("mv", "/d", "/d/e")).contains("into a directory of its own");
    assertThat(dfs.failed("mv", "/", "/x")).contains("the root of the volume stays");
  }

  @Test
  void rmRemoves() throws IOException {
    dfs.file("d/e/f", "x");
    dfs.file("a", "x");
    assertThat(dfs.failed("rm", "-r", "/")).contains("the root of the volume is not removed");
    for (String up : List.of("/d/..", "/d/../", "/d/e/.", "/d/e/./", "/d/e/..//")) {
      assertThat(dfs.failed("rm", "-r", up)).contains("is not removed");
    }
    assertThat(dfs.failed("rm", "/d")).startsWith("dfs: /d: is a directory");
    assertThat(dfs.done("rm", "-rn", "/d"))
        .isEqualTo("would remove /d/e/f\nwould remove /d/e\nwould remove /d\n");
    assertThat(dfs.root.resolve("d/e/f")).exists();
    dfs.done("rm", "-r", "/d", "/a");
    assertThat(names(dfs.root)).isEmpty();
    assertThat(dfs.failed("rm", "/a")).isEqualTo("dfs: /a: no such file or directory\n");
    dfs.done("rm", "-f", "/a");
  }

  @Test
  void directoriesComeAndGo() throws IOException {
    dfs.done("mkdir", "-m", "711", "/a");
    assertThat(Stat.of(dfs.root.resolve("a"), false).permissions()).isEqualTo(0711);
    assertThat(dfs.failed("mkdir", "/a")).isEqualTo("dfs: /a: file exists\n");
    assertThat(dfs.failed("mkdir", "/x/y")).isEqualTo("dfs: /x/y: no such file or directory\n");
    dfs.done("mkdir", "-p", "/a", "/x/y");
    assertThat(dfs.failed("rmdir", "/x")).isEqualTo("dfs: /x: directory not empty\n");
    dfs.done("rmdir", "/x/y", "/x");
    dfs.file("f", "");
    assertThat(dfs.failed("rmdir", "/f")).isEqualTo("dfs: /f: not a directory\n");
    assertThat(names(dfs.root)).containsExactly("a", "f");
  }

  @Test
  void modesAndOwnersChange() throws IOException {
    Path f = dfs.file("d/f", "");
    dfs.done("chmod", "640", "/d/f");
    assertThat(Stat.of(f, false).octal()).isEqualTo("0640");
    dfs.done("chmod", "-R", "u+X,g=u,o+t,a-w", "/d");
    assertThat(Stat.of(f, false).octal()).isEqualTo("1440");
    assertThat(Modes.parse("a-x,+X").of(Stat.of(f, false))).isEqualTo(01440);
    assertThat(Modes.parse("g=").of(Stat.of(f, false))).isEqualTo(01400);
    dfs.run(VerbLine.MISUSED, "chmod", "u?x", "/d");
    assertThat(dfs.err).startsWith("dfs: u?x: is no mode");
    dfs.run(VerbLine.MISUSED, "chown", "no-such-user", "/d/f");
    assertThat(dfs.err).startsWith("dfs: no-such-user: there is no such user");
    assumeThat(System.getProperty("user.name")).isEqualTo("root");
    dfs.done("chown", "123:45", "/d/f");
    assertThat(dfs.done("stat", "-c", "%u:%g", "/d/f")).isEqualTo("123:45\n");
    dfs.done("chgrp", "-R", "7", "/d");
    assertThat(dfs.done("stat", "-c", "%u:%g", "/d/f", "/d")).isEqualTo("123:7\n0:7\n");
  }

  @Test
  void filesAreTouchedAndCut() throws IOException {
    dfs.done("touch", "-d", "2020-02-02T02:02:02Z", "/f");
    assertThat(Files.getLastModifiedTime(dfs.root.resolve("f"))).isEqualTo(THEN);
    dfs.done("touch", "-c", "/none");
    dfs.done("touch", "-r", "/f", "/g");
    assertThat(Files.getLastModifiedTime(dfs.root.resolve("g"))).isEqualTo(THEN);
    assertThat(names(dfs.root)).containsExactly("f", "g");
    dfs.done("truncate", "-s", "2K", "/f");
    assertThat(Files.size(dfs.root.resolve("f"))).isEqualTo(2048);
    dfs.done("truncate", "-s", "-48", "/f");
    assertThat(Files.size(dfs.root.resolve("f"))).isEqualTo(2000);
    dfs.run(VerbLine.MISUSED, "truncate", "/f");
  }

  @Test
  void linksAreMade() throws IOException {
    dfs.file("f", "x");
    dfs.done("ln", "/f", "/g");
    assertThat(Files.isSameFile(dfs.root.resolve("f"), dfs.root.resolve("g"))).isTrue();
    dfs.done("ln", "-s", "some/\udcffwhere", "/s");
    assertThat(ByteText.of(Files.readSymbolicLink(dfs.root.resolve("s"))))
        .isEqualTo("some/\udcffwhere");
    assertThat(dfs.failed("ln", "/f", "/g")).isEqualTo("dfs: /g: file exists\n");
    dfs.done("ln", "-sf", "f", "/g");
    assertThat(Files.isSymbolicLink(dfs.root.resolve("g"))).isTrue();
    assertThat(Files.exists(dfs.root.resolve("s"), LinkOption.NOFOLLOW_LINKS)).isTrue();
  }

  /** What is there goes when the new is made, and not for something that cannot be made. */
  @Test
  void whatIsReplacedIsNotLostFirst() throws IOException {
    dfs.file("f", "x");
    dfs.file("old", "kept");
    dfs.file("d/in", "x");
    assertThat(dfs.failed("ln", "-f", "/f", "/f")).contains("is the same file");
    assertThat(dfs.failed("ln", "-f", "/missing", "/old")).contains("no such file");
    assertThat(dfs.failed("ln", "-f", "/d", "/old")).contains("is a directory");
    assertThat(Files.readString(dfs.root.resolve("f"))).isEqualTo("x");
    assertThat(Files.readString(dfs.root.resolve("old"))).isEqualTo("kept");
    dfs.file("a/same", "one");
    dfs.file("b/same", "two");
    assertThat(dfs.failed("mv", "-f", "/a/same", "/b/same", "/d")).contains("was just made");
    assertThat(Files.readString(dfs.root.resolve("d/same"))).isEqualTo("one");
    assertThat(Files.readString(dfs.root.resolve("b/same"))).isEqualTo("two");
  }

  /** The first name of a file that has two could not be copied: the second is a copy then. */
  @Test
  void aFurtherNameOfWhatWasNotCopiedIsCopied() throws IOException {
    dfs.file("from/a", "new");
    Files.createLink(dfs.root.resolve("from/b"), dfs.root.resolve("from/a"));
    dfs.file("to/from/a", "foreign");
    assertThat(dfs.failed("cp", "-a", "/from", "/to")).contains("/to/from/a");
    assertThat(Files.readString(dfs.root.resolve("to/from/a"))).isEqualTo("foreign");
    assertThat(Files.readString(dfs.root.resolve("to/from/b"))).isEqualTo("new");
  }

  /** A link below the target may lead anywhere. */
  @Test
  void aLinkToADirectoryIsNotGoneInto() throws IOException {
    dfs.file("from/sub/f", "x");
    dfs.file("elsewhere/kept", "x");
    dfs.file("to/from/other", "x");
    Files.createSymbolicLink(dfs.root.resolve("to/from/sub"), dfs.root.resolve("elsewhere"));
    dfs.failed("cp", "-rf", "/from", "/to");
    assertThat(names(dfs.root.resolve("elsewhere"))).containsExactly("kept");
  }

  @Test
  void filesAreAppendedAndMerged() throws IOException {
    local("a", "A");
    local("b", "B");
    dfs.done("appendToFile", "a", "b", "/f");
    dfs.done("appendToFile", "a", "/f");
    assertThat(dfs.root.resolve("f")).hasContent("ABA");
    assertThat(dfs.failed("appendToFile", "a", "none", "/f")).contains("dfs: none: no such file");
    assertThat(dfs.root.resolve("f")).hasContent("ABA");
    dfs.file("d/2", "two");
    dfs.file("d/1", "one");
    dfs.done("getmerge", "-l", "/d", "/f", "merged");
    assertThat(dfs.here.resolve("merged")).hasContent("one\ntwo\nABA\n");
    assertThat(dfs.failed("getmerge", "/d", "merged"))
        .isEqualTo("dfs: merged: file exists (-f replaces it)\n");
  }

  @Test
  void whatIsWrittenSaysWhatItTakes() {
    for (String name : Verbs.NAMES) {
      assertThat(Verbs.spec(name).orElseThrow().name()).isEqualTo(name);
      assertThat(dfs.done(name, "--help")).contains("Usage: dfs " + name + " [OPTION...]");
      dfs.run(VerbLine.MISUSED, name, "--no-such-option");
      assertThat(dfs.err)
          .isEqualTo(
              "dfs: --no-such-option: there is no such option\nTry: dfs " + name + " --help\n");
    }
  }
}

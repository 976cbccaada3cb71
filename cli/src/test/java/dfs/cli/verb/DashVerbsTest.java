package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tradition of Hadoop's shell: options, output, messages and status as its users know them. */
class DashVerbsTest {
  private static final FileTime TIME =
      FileTime.from(
          LocalDateTime.of(2026, 1, 31, 12, 30).atZone(ZoneId.systemDefault()).toInstant());

  private LocalVerbs verbs;
  private String owner;
  private String group;

  @BeforeEach
  void prepare(@TempDir Path scratch) throws IOException {
    verbs = new LocalVerbs(scratch);
    owner = Files.getOwner(scratch).getName();
    group = String.valueOf(Files.getAttribute(scratch, "posix:group"));
  }

  private Path made(String name, String contents, String mode) throws IOException {
    Path file = verbs.file(name, contents);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    Files.setLastModifiedTime(file, TIME);
    return file;
  }

  @Test
  void ls() throws IOException {
    made("d/a", "12345", "rw-r--r--");
    made("d/b/c", "", "rwx------");
    Files.setPosixFilePermissions(
        verbs.root.resolve("d/b"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setLastModifiedTime(verbs.root.resolve("d/b"), TIME);
    String of = " %s %s ".formatted(owner, group);
    String file = "-rw-r--r--   1" + of + "         5 2026-01-31 12:30 /d/a\n";
    String directory = "drwxr-xr-x   -" + of + "         0 2026-01-31 12:30 /d/b\n";
    assertThat(verbs.done("-ls", "/d")).isEqualTo("Found 2 items\n" + file + directory);
    assertThat(verbs.done("-ls", "-R", "/d"))
        .isEqualTo(
            file + directory + "-rwx------   1" + of + "         0 2026-01-31 12:30 /d/b/c\n");
    assertThat(verbs.done("-lsr", "/d")).hasLineCount(3);
    assertThat(verbs.done("-ls", "-C", "-r", "/d")).isEqualTo("/d/b\n/d/a\n");
    assertThat(verbs.done("-ls", "-d", "/d/b")).isEqualTo(directory);
    assertThat(verbs.done("-ls", "/d/a")).isEqualTo(file);
    assertThat(verbs.failed("-ls", "/none")).isEqualTo("ls: `/none': No such file or directory\n");
    assertThat(verbs.failed("-ls", "/n*")).isEqualTo("ls: `/n*': No such file or directory\n");
    assertThat(verbs.failed("-ls")).isEqualTo("ls: `.': No such file or directory\n");
    made("user/" + System.getProperty("user.name") + "/x", "", "rw-r--r--");
    assertThat(verbs.done("-ls", "-C")).isEqualTo("x\n");
  }

  @Test
  void sizesLikePeopleReadThem() throws IOException {
    made("s", "x".repeat(1536), "rw-r--r--");
    made("t", "x".repeat(2048), "rw-r--r--");
    assertThat(verbs.done("-du", "-h", "/")).isEqualTo("1.5 K  1.5 K  /s\n2 K    2 K    /t\n");
    assertThat(verbs.done("-du", "-s", "/")).isEqualTo("3584  3584  /\n");
    assertThat(verbs.done("-count", "-v", "/"))
        .isEqualTo(
            """
               DIR_COUNT   FILE_COUNT       CONTENT_SIZE PATHNAME
                       1            2               3584 /
            """);
    assertThat(verbs.done("-count", "-q", "-h", "/"))
        .isEqualTo(
            "        none             inf            none             inf            1            2"
                + "              3.5 K /\n");
    assertThat(verbs.done("-df", "-h", "/").lines().findFirst().orElseThrow())
        .matches("Filesystem +Size +Used +Available +Use%");
  }

  @Test
  void whatIsReadIsWritten() throws IOException {
    made("f", "x".repeat(2000) + "end", "rw-r--r--");
    assertThat(verbs.done("-cat", "/f")).hasSize(2003);
    assertThat(verbs.done("-head", "/f")).isEqualTo("x".repeat(1024));
    assertThat(verbs.done("-tail", "/f")).isEqualTo("x".repeat(1021) + "end");
    assertThat(verbs.done("-text", "/f")).hasSize(2003);
    Path packed = verbs.root.resolve("g.gz");
    try (var out = new java.util.zip.GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write("unpacked\n".getBytes(StandardCharsets.UTF_8));
    }
    assertThat(verbs.done("-text", "/g.gz")).isEqualTo("unpacked\n");
    verbs.file("seq", "SEQ\u0006org");
    assertThat(verbs.failed("-text", "/seq")).contains("-cat writes it as it is");
    verbs.file("nine", "123456789");
    assertThat(verbs.done("-checksum", "/nine")).isEqualTo("/nine\tCOMPOSITE-CRC32C\te3069283\n");
    assertThat(verbs.failed("-cat", "/")).isEqualTo("cat: `/': Is a directory\n");
    assertThat(verbs.done("-find", "/", "-name", "n*", "-print")).isEqualTo("/nine\n");
    assertThat(verbs.done("-find", "/", "-iname", "G.*", "-a", "-print0")).isEqualTo("/g.gz\0");
  }

  @Test
  void stat() throws IOException {
    Path file = made("f", "abc", "rw-r-----");
    Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2026-01-31T11:30:00Z")));
    assertThat(verbs.done("-stat", "/f")).isEqualTo("2026-01-31 11:30:00\n");
    assertThat(verbs.done("-stat", "type:%F perm:%a %A %u:%g size:%b mtime:%Y name:%n %r", "/f"))
        .isEqualTo(
            "type:regular file perm:640 rw-r----- %s:%s size:3 mtime:1769859000000 name:f 1\n"
                .formatted(owner, group));
  }

  @Test
  void test() throws IOException {
    made("f", "abc", "rw-r-----");
    made("e", "", "rw-r-----");
    verbs.done("-test", "-e", "/f");
    verbs.done("-test", "-s", "/f");
    verbs.done("-test", "-z", "/e");
    verbs.done("-test", "-d", "/");
    verbs.run(1, "-test", "-d", "/f");
    verbs.run(1, "-test", "-e", "/none");
    verbs.run(255, "-test", "/f");
    assertThat(verbs.err)
        .isEqualTo("-test: No test flag given\nUsage: dfs -test -[defswrz] <path>\n");
    verbs.run(255, "-test", "-e", "-f", "/f");
  }

  @Test
  void directories() throws IOException {
    verbs.done("-mkdir", "/a");
    assertThat(verbs.failed("-mkdir", "/a")).isEqualTo("mkdir: `/a': File exists\n");
    verbs.done("-mkdir", "-p", "/a", "/a/b/c");
    assertThat(verbs.failed("-mkdir", "/x/y"))
        .isEqualTo("mkdir: `/x': No such file or directory\n");
    verbs.done("-touchz", "/a/f");
    assertThat(verbs.failed("-mkdir", "-p", "/a/f"))
        .isEqualTo("mkdir: `/a/f': Is not a directory\n");
    assertThat(verbs.failed("-rmdir", "/a")).isEqualTo("rmdir: `/a': Directory is not empty\n");
    verbs.done("-rmdir", "--ignore-fail-on-non-empty", "/a");
    assertThat(verbs.failed("-rm", "/a")).isEqualTo("rm: `/a': Is a directory\n");
    assertThat(verbs.failed("-rm", "/none")).isEqualTo("rm: `/none': No such file or directory\n");
    verbs.done("-rm", "-f", "/none");
    assertThat(verbs.done("-rm", "-r", "-skipTrash", "/a")).isEqualTo("Deleted /a\n");
    assertThat(verbs.failed("-rm", "-r", "/")).contains("The root of the volume is not removed");
    assertThat(verbs.root).isEmptyDirectory();
  }

  @Test
  void copies() throws IOException {
    Files.writeString(verbs.here.resolve("l"), "local");
    Files.createDirectory(verbs.here.resolve("tree"));
    Files.writeString(verbs.here.resolve("tree/x"), "x");
    verbs.done("-put", "l", "tree", "/");
    assertThat(verbs.failed("-put", "l", "/l")).isEqualTo("put: `/l': File exists\n");
    verbs.done("-copyFromLocal", "-f", "l", "/l");
    assertThat(verbs.failed("-put", "l", "/no/l"))
        .isEqualTo("put: `/no/l': No such file or directory\n");
    assertThat(verbs.failed("-put", "none", "/"))
        .isEqualTo("put: `none': No such file or directory\n");
    assertThat(verbs.failed("-put", "l", "tree", "/l"))
        .isEqualTo("put: `/l': Is not a directory\n");
    verbs.input = "typed".getBytes(StandardCharsets.UTF_8);
    verbs.done("-put", "-", "/typed");
    verbs.done("-cp", "-ptopax", "/typed", "/copied");
    verbs.done("-get", "/tree", "got");
    verbs.done("-copyToLocal", "/copied", "got/");
    assertThat(verbs.here.resolve("got/x")).hasContent("x");
    assertThat(verbs.here.resolve("got/copied")).hasContent("typed");
    assertThat(verbs.failed("-get", "/l", "l")).isEqualTo("get: `l': File exists\n");
    verbs.done("-moveFromLocal", "tree", "/moved");
    assertThat(verbs.root.resolve("moved/x")).hasContent("x");
    assertThat(verbs.here.resolve("tree")).doesNotExist();
    assertThat(verbs.failed("-moveToLocal", "/a", "b")).contains("is not implemented yet");
    verbs.done("-getmerge", "-nl", "-skip-empty-file", "/l", "/typed", "merged");
    verbs.done("-getmerge", "/l", "merged");
    assertThat(verbs.here.resolve("merged")).hasContent("local");
    verbs.done("-appendToFile", "l", "/l");
    assertThat(verbs.root.resolve("l")).hasContent("locallocal");
  }

  @Test
  void namesChange() throws IOException {
    made("a", "a", "rw-r--r--");
    made("b", "b", "rw-r--r--");
    Files.createDirectory(verbs.root.resolve("d"));
    assertThat(verbs.failed("-mv", "/a", "/b")).isEqualTo("mv: `/b': File exists\n");
    assertThat(verbs.failed("-mv", "/a", "/b", "/c"))
        .isEqualTo("mv: `/c': No such file or directory\n");
    assertThat(verbs.failed("-mv", "/none", "/c"))
        .isEqualTo("mv: `/none': No such file or directory\n");
    verbs.done("-mv", "/a", "/b", "/d");
    made("a", "new", "rw-r--r--");
    assertThat(verbs.failed("-mv", "/a", "/d")).isEqualTo("mv: `/d/a': File exists\n");
    assertThat(verbs.root.resolve("d/a")).hasContent("a");
    assertThat(verbs.done("-truncate", "-w", "1", "/a")).isEqualTo("Truncated /a to length: 1\n");
    assertThat(verbs.failed("-truncate", "9", "/a")).contains("Current size: 1, truncate size: 9.");
    assertThat(verbs.failed("-touchz", "/a")).isEqualTo("touchz: `/a': Not a zero-length file\n");
    verbs.done("-touch", "-m", "-t", "20260131:123000", "/a");
    assertThat(Files.getLastModifiedTime(verbs.root.resolve("a"))).isEqualTo(TIME);
    verbs.run(255, "-touch", "-t", "yesterday", "/a");
    assertThat(verbs.err).contains("The expected format is yyyyMMdd:HHmmss");
    verbs.done("-chmod", "-R", "700", "/d");
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(verbs.root.resolve("d/a"))))
        .isEqualTo("rwx------");
  }

  @Test
  void whatMeansNothingIsSaid() throws IOException {
    verbs.run(255, "-frob", "/");
    assertThat(verbs.err)
        .startsWith("-frob: Unknown command\nUsage: dfs -VERB")
        .contains("\t[-ls ");
    verbs.run(255, "-ls", "-lh", "/");
    assertThat(verbs.err).startsWith("-ls: Illegal option -lh\nUsage: dfs -ls [-C]");
    verbs.run(255, "-mkdir");
    assertThat(verbs.err).startsWith("-mkdir: Not enough arguments: expected 1 but got 0\n");
    verbs.run(255, "-tail", "/a", "/b");
    assertThat(verbs.err).startsWith("-tail: Too many arguments: expected 1 but got 2\n");
    assertThat(verbs.done("-usage", "rm"))
        .isEqualTo("Usage: dfs -rm [-f] [-r|-R] [-skipTrash] [-safely] <src> ...\n");
    assertThat(verbs.done("-help", "-rm")).contains("There is no trash");
    assertThat(verbs.done("-help").lines().count()).isEqualTo(DashVerbs.NAMES.size() + 1);
    for (String name : DashVerbs.NAMES) {
      assertThat(DashVerbs.named(name)).as(name).isPresent();
    }
  }

  /** As Hadoop does; there, what is put has the contents, and no name of this machine. */
  @Test
  void linksArePutAsWhatTheyLeadTo() throws IOException {
    Path day = Files.writeString(verbs.here.resolve("app-7.log"), "lines");
    Files.createSymbolicLink(verbs.here.resolve("latest.log"), Path.of("app-7.log"));
    Path tree = Files.createDirectory(verbs.here.resolve("tree"));
    Files.createSymbolicLink(tree.resolve("l"), day);
    verbs.done("-put", "latest.log", "/l");
    verbs.done("-put", "tree", "/tree");
    Files.createSymbolicLink(verbs.here.resolve("trees"), Path.of("tree"));
    verbs.done("-moveFromLocal", "latest.log", "/moved");
    verbs.done("-put", "trees", "/trees");
    for (String name : List.of("l", "tree/l", "moved", "trees/l")) {
      Path copy = verbs.root.resolve(name);
      assertThat(copy).isRegularFile().hasContent("lines");
      assertThat(Files.isSymbolicLink(copy)).isFalse();
    }
    assertThat(Files.exists(verbs.here.resolve("latest.log"), LinkOption.NOFOLLOW_LINKS)).isFalse();
    assertThat(day).hasContent("lines");
    Files.createSymbolicLink(tree.resolve("loop"), Path.of("."));
    assertThat(verbs.failed("-put", "tree", "/looped")).startsWith("put: `tree/loop': ");
    assertThat(verbs.root.resolve("looped/loop")).doesNotExist();
    verbs.failed("-moveFromLocal", "tree", "/kept");
    assertThat(tree.resolve("l")).exists();
    verbs.done("-get", "-crc", "/l", "back");
    assertThat(verbs.here.resolve("back")).hasContent("lines");
  }

  @Test
  void helpDoesNothingElse() throws IOException {
    Path kept = Files.writeString(verbs.root.resolve("kept"), "kept");
    assertThat(verbs.run(0, "-rm", "--help", "/kept")).startsWith("Usage: ").contains("-rm");
    assertThat(kept).exists();
  }

  @Test
  void aUserThatIsNotThereIsNamed() {
    assertThat(Reasons.of(new UserPrincipalNotFoundException("nobody-such")))
        .isEqualTo("nobody-such: there is no such user or group");
  }
}

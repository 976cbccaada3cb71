package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What was, on a mount: {@code .dfs/@TIME} of a directory, by the programs that people use. */
@Timeout(300)
@Tag("side-by-side")
@Execution(ExecutionMode.CONCURRENT)
class PastTest {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** A tree with contents, names, modes, links, attributes and a file in blocks of its own. */
  private static final String MAKE =
      """
      mkdir -p a/sub/deeper
      echo one >a/f; echo gone >a/gone; echo deep >a/sub/deeper/file
      head -c 6000000 /dev/urandom >a/large
      ln a/f a/sub/hard; ln -s ../f a/sub/soft
      python3 -c "import os; os.setxattr('a/f', 'user.kind', b'old')"; chmod 640 a/gone
      sync a/f a/gone a/sub/deeper/file a/large
      cp -a a ../plain
      """;

  private static final String CHANGE =
      """
      echo two >a/f; rm a/gone; mv a/sub/deeper a/moved; rm a/sub/soft
      printf changed | dd of=a/large bs=1 seek=3000000 conv=notrunc status=none
      python3 -c "import os; os.setxattr('a/f', 'user.kind', b'new')"; chmod 700 a/moved; echo new >a/new
      sync a/f a/large a/new
      """;

  private @TempDir Path scratch;
  private ServerProcesses servers;
  private Path mnt;

  @BeforeEach
  void start() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    servers = new ServerProcesses(scratch);
    servers.start(1, 1);
    servers.mount();
    mnt = servers.mnt;
  }

  @AfterEach
  void end() throws Exception {
    if (servers != null) {
      servers.close();
    }
  }

  /** The second that begins now; what was changed before is part of it. */
  private static Instant nextSecond() {
    Instant before = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    Instant now = before;
    while (!now.isAfter(before)) {
      LockSupport.parkNanos(LOOK_NANOS);
      now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    }
    return now;
  }

  /** The tree as it is made, then changed; the time between. */
  private Instant makeAndChange() throws Exception {
    Shell.run(mnt, MAKE);
    Instant then = nextSecond();
    Shell.run(mnt, CHANGE);
    var _ = nextSecond();
    return then;
  }

  private String here(String script) throws Exception {
    return Shell.run(mnt, script);
  }

  @Test
  void theTreeIsThereAsItWas() throws Exception {
    Instant then = makeAndChange();
    String past = "a/.dfs/@" + then;
    assertThat(here("cat %s/f %s/gone %s/sub/deeper/file".formatted(past, past, past)))
        .isEqualTo("one\ngone\ndeep");
    assertThat(here("ls -A a")).isEqualTo("f\nlarge\nmoved\nnew\nsub");
    assertThat(here("ls -A a/.dfs; find . -name '.dfs*' -o -name '@*'")).isEmpty();
    assertThat(here("diff -r --no-dereference ../plain " + past)).isEmpty();
    assertThat(here("rsync -aAXHn --delete --itemize-changes ../plain/ " + past + "/")).isEmpty();
    assertThat(
            here(
                "python3 -c \"import os; print(os.getxattr('%s/f', 'user.kind').decode())\""
                    .formatted(past)))
        .isEqualTo("old");
    assertThat(here("stat -c %%a %s/gone; readlink %s/sub/soft".formatted(past, past)))
        .isEqualTo("640\n../f");
    String local = LocalDateTime.ofInstant(then, ZoneId.systemDefault()).toString();
    assertThat(here("cat a/.dfs/@%s/f".formatted(local))).isEqualTo("one");
    assertThat(here("cat a/sub/.dfs/@%s/deeper/file".formatted(then))).isEqualTo("deep");
  }

  /** For tools the same file then and now is two, and hard links then are one. */
  @Test
  void itIsCopiedIntoThePresent() throws Exception {
    Instant then = makeAndChange();
    String past = "a/.dfs/@" + then;
    here("cp -a %s restored; diff -r --no-dereference ../plain restored".formatted(past));
    assertThat(here("stat -c %i restored/f restored/sub/hard | uniq | wc -l")).isEqualTo("1");
    assertThat(here("stat -c %%i a/f %s/f | uniq | wc -l".formatted(past))).isEqualTo("2");
    here(
        "cp %s/f a/f; rsync -aH --delete %s/ a/; diff -r --no-dereference ../plain a"
            .formatted(past, past));
    assertThat(here("cat %s/f".formatted(past))).isEqualTo("one");
  }

  private String dfs(int status, String... words) throws Exception {
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(1, List.of("--data", servers.data.toString()));
    return DfsProcess.call(status, line.toArray(String[]::new));
  }

  /** Without the kernel, and what it copies goes into the present. */
  @Test
  void theCommandReadsItToo() throws Exception {
    Instant then = makeAndChange();
    String at = then.toString();
    assertThat(dfs(0, "cat", "--as-of", at, "/a/f", "/a/gone"))
        .contains("as of " + at)
        .contains("one\ngone\n");
    assertThat(dfs(0, "find", "--as-of", at, "/a", "-name", "hard")).contains("/a/sub/hard");
    assertThat(dfs(1, "ls", "--as-of", at, "/a/new")).contains("no such file or directory");
    dfs(0, "cp", "-a", "--as-of", at, "/a", "/back");
    here(
        "rsync -aHn --delete --itemize-changes ../plain/ back/; diff -r --no-dereference ../plain"
            + " back");
    dfs(0, "get", "-r", "-p", "--as-of", at, "/a", scratch.resolve("got").toString());
    here("diff -r --no-dereference ../plain ../got");
    assertThat(dfs(2, "cat", "--as-of", "soon", "/a/f")).contains("--as-of: \"soon\" is no time");
    assertThat(dfs(2, "cat", "--as-of", "2199-01-01", "/a/f")).contains("is not past");
    assertThat(dfs(1, "cat", "--as-of", "2001-01-01", "/a/f"))
        .contains("nothing is kept")
        .contains("the oldest is of ");
  }

  @Test
  void theCommandTellsWhatIsKept() throws Exception {
    String then = makeAndChange().toString();
    assertThat(dfs(1, "diff", "/a", then).lines().skip(1))
        .containsExactly(
            "~ /a/f (content xattr time)",
            "- /a/gone",
            "~ /a/large (content time)",
            "+ /a/moved/",
            "+ /a/moved/file",
            "+ /a/new",
            "- /a/sub/deeper/",
            "- /a/sub/deeper/file",
            "~ /a/sub/hard (content xattr time)",
            "- /a/sub/soft");
    String now = nextSecond().toString();
    var _ = nextSecond();
    assertThat(dfs(0, "diff", "/a", now).lines()).hasSize(1);
    assertThat(dfs(1, "diff", "/a", then, now).lines()).hasSize(12);
    assertThat(dfs(2, "diff", "/none", then)).contains("/none: no such file or directory");
    assertThat(dfs(1, "diff", "--json", "/a/new", then))
        .contains(
            "{\"path\":\"/a/new\",\"change\":\"added\",\"type\":\"file\",\"differences\":[],\"asOf\":\""
                + then
                + "\"}");

    assertThat(dfs(0, "ls", "--deleted", "/a").lines().map(line -> line.substring(25)))
        .containsExactly(at(then) + "  -rw-r-----            5  gone");
    assertThat(dfs(0, "ls", "--deleted", "-0", "/a/sub")).isEqualTo("deeper\0soft\0");
    assertThat(dfs(0, "ls", "--deleted", "--json", "/a"))
        .contains("\"path\":\"/a/gone\",\"name\":\"gone\",\"gone\":\"")
        .contains("\"asOf\":\"" + then + "\",\"type\":\"file\",\"sizeBytes\":5,\"mode\":\"0640\"");

    assertThat(dfs(0, "history", "/a/gone").lines().map(line -> line.substring(25)))
        .first()
        .isEqualTo("-                    ----------            -  removed");
    assertThat(dfs(0, "history", "/a/gone")).contains(at(then) + "  -rw-r-----            5  ");
    assertThat(dfs(0, "history", "/a/f").lines().toList().getFirst())
        .contains("now                  -rw-r--r--            4  ")
        .contains("content");
    assertThat(dfs(1, "history", "/a/never")).contains("/a/never: no such file or directory");
  }

  /** What was in the directory cannot be below the file. */
  @Test
  void aDirectoryThatBecameAFileIsCompared() throws Exception {
    here("mkdir -p d/below; echo x >d/below/f; sync d/below/f");
    String then = nextSecond().toString();
    here("rm -r d; echo file >d; sync d");
    String now = nextSecond().toString();
    assertThat(dfs(1, "diff", "/d", then).lines().skip(1))
        .containsExactly("- /d/", "+ /d", "- /d/below/", "- /d/below/f");
    here("rm d; mkdir -p d/below");
    var _ = nextSecond();
    assertThat(dfs(1, "diff", "/d", now).lines().skip(1))
        .containsExactly("- /d", "+ /d/", "+ /d/below/");
  }

  private static String at(String instant) {
    return LocalDateTime.ofInstant(Instant.parse(instant), ZoneId.systemDefault())
        .format(DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss", Locale.ROOT));
  }

  /** What a mount has in memory belongs to it, and nothing else of that second. */
  @Test
  void aSnapshotIsReadByItsName() throws Exception {
    here("mkdir a; echo one >a/f; echo fresh >a/g");
    dfs(0, "snapshot", "create", "First", "/a");
    here("echo two >a/f; rm a/g; sync a/f");
    dfs(0, "snapshot", "create", "second.of-two", "/a");
    here("echo three >a/f; sync a/f");
    assertThat(here("cat a/.dfs/@First/f a/.dfs/@First/g")).isEqualTo("one\nfresh");
    assertThat(here("cat a/.dfs/@second.of-two/f; ls a/.dfs/@second.of-two")).isEqualTo("two\nf");
    assertThat(here("! ls a/.dfs/@third")).contains("No such file or directory");
    assertThat(dfs(0, "cat", "--as-of", "@First", "/a/f"))
        .matches("dfs: as of \\S+Z \\(asked: @First\\)\none\n");
    assertThat(dfs(1, "diff", "/a", "@First", "@second.of-two").lines().skip(2))
        .containsExactly("~ /a/f (content time)", "- /a/g");
    assertThat(dfs(0, "snapshot", "ls").lines().map(line -> line.substring(25)))
        .containsExactly("root      First", "root      second.of-two");
    assertThat(dfs(0, "snapshot", "ls", "--json", "/a")).contains("\"name\":\"First\",\"asOf\":\"");
    assertThat(dfs(0, "snapshot", "ls", "/")).isEmpty();
    URI root = URI.create("dfs:///");
    try (FileSystem past =
        FileSystems.newFileSystem(root, Map.of("data", servers.data, "asOf", "@First"))) {
      assertThat(Files.readString(past.getPath("/a/f"))).isEqualTo("one\n");
    }
    dfs(0, "restore", "/a/f", "--as-of", "@First");
    assertThat(here("cat a/f")).isEqualTo("one");
    assertThat(dfs(1, "snapshot", "create", "First", "/a"))
        .contains("@First: there is one of that name");
    assertThat(dfs(1, "snapshot", "create", "1st", "/a")).contains("a snapshot's name is a letter");
    dfs(0, "snapshot", "rm", "First");
    assertThat(dfs(1, "cat", "--as-of", "@First", "/a/f")).contains("no snapshot \"First\"");
    assertThat(dfs(1, "snapshot", "rm", "First")).contains("@First: there is none of that name");
  }

  @Test
  void itCannotBeChanged() throws Exception {
    Instant then = makeAndChange();
    String past = "a/.dfs/@" + then;
    for (String change :
        new String[] {
          "echo x >%s/f", "echo x >%s/fresh", "rm %s/f", "rmdir %s/sub/deeper", "mkdir %s/d",
          "mv %s/f %s/g", "mv a/f %s/f", "chmod 777 %s/f", "touch %s/f", "truncate -s 0 %s/f",
          "python3 -c \"import os; os.setxattr('%s/f', 'user.kind', b'x')\"", "ln %s/f %s/g",
              "ln -s x %s/g"
        }) {
      assertThat(here("! " + change.replace("%s", past)))
          .as(change)
          .containsPattern("Read-only file system|read-only file system");
    }
    assertThat(here("! ln %s/f linked".formatted(past))).contains("Invalid cross-device link");
    assertThat(here("! mkdir a/.dfs")).contains("File exists");
    assertThat(here("! rmdir a/.dfs")).contains("Operation not permitted");
    assertThat(here("! mv a/.dfs b")).contains("Operation not permitted");
    assertThat(here("! mv a/f a/sub/.dfs/")).contains("cannot move");
    assertThat(here("cat a/f")).isEqualTo("two");
  }

  @Test
  void whatIsNoTimeIsNotThere() throws Exception {
    Instant then = makeAndChange();
    for (String name :
        new String[] {
          "@", "@now", "@" + then.plusSeconds(3600), "@2001-01-01", "x", "@2026-99-99", "@10:00"
        }) {
      assertThat(here("! ls a/.dfs/" + name)).as(name).contains("No such file or directory");
    }
    assertThat(here("! ls a/moved/.dfs/@%s/x".formatted(then))).contains("No such file");
    here("mkdir late");
    assertThat(here("! ls late/.dfs/@" + then)).contains("No such file or directory");
  }

  /** Closed then or closed now is closed, also for a name that root has just looked up. */
  @Test
  void whoMayNotReadItNowMayNotReadWhatItWas() throws Exception {
    here(
        "chmod 755 .; mkdir -p open/d; echo secret >open/f; echo below >open/d/f; sync open/f"
            + " open/d/f");
    Instant then = nextSecond();
    var _ = nextSecond();
    String past = "open/.dfs/@" + then;
    String other = "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all ";
    assertThat(here(other + "cat %s/f %s/d/f".formatted(past, past))).isEqualTo("secret\nbelow");
    here("chmod 600 open/f; chmod 700 open/d");
    assertThat(here("cat %s/f %s/d/f".formatted(past, past))).isEqualTo("secret\nbelow");
    assertThat(here("! " + other + "cat %s/f".formatted(past))).contains("Permission denied");
    assertThat(here("! " + other + "cat %s/d/f".formatted(past))).contains("Permission denied");
    assertThat(here("! " + other + "ls open/d/.dfs/@%s".formatted(then)))
        .contains("Permission denied");
    here("chmod 644 open/f; chmod 755 open/d");
    assertThat(here(other + "cat %s/f %s/d/f".formatted(past, past))).isEqualTo("secret\nbelow");
    here("rm -r open/d; chmod 700 open");
    assertThat(here("! " + other + "cat %s/f".formatted(past))).contains("Permission denied");
  }
}

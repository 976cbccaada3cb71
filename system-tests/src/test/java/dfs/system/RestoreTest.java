package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonParser;
import dfs.client.metadata.StreamSession;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
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

/** What was comes back by {@code dfs restore} and {@code dfs undelete}, as the mount shows it. */
@Timeout(300)
@Tag("side-by-side")
@Execution(ExecutionMode.CONCURRENT)
class RestoreTest {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** Of about 30: it is in the middle. */
  private static final int COMMANDS_BEFORE_THE_KILL = 8;

  private static final long RESTORED_SECONDS = 60;

  private static final String MAKE =
      """
      mkdir -p a/sub/deeper a/empty
      echo one >a/f; echo gone >a/gone; echo deep >a/sub/deeper/file
      head -c 6000000 /dev/urandom >a/large
      ln a/f a/sub/hard; ln -s ../f a/sub/soft; mkfifo a/fifo
      python3 -c "import os; os.setxattr('a/f', 'user.kind', b'old')"; chmod 640 a/gone
      touch -d 2020-02-02 a/sub/deeper/file a/sub; chmod 2750 a/empty
      setfacl -m u:17:rwx a/sub/deeper 2>/dev/null || true
      python3 -c '
      import os
      with open("a/holes", "wb") as f:
          for i in range(600):
              f.seek(i * 20000)
              f.write(b"piece %d" % i)
      '
      sync a/f a/gone a/sub/deeper/file a/large a/holes
      cp -a a ../plain
      """;

  private static final String CHANGE =
      """
      echo two >a/f; rm a/gone; mv a/sub/deeper a/moved; rm a/sub/soft
      printf changed | dd of=a/large bs=1 seek=3000000 conv=notrunc status=none
      python3 -c "import os; os.setxattr('a/f', 'user.kind', b'new')"; chmod 700 a/moved; echo new >a/new
      : >a/holes; sync a/f a/large a/new
      cp -a a ../changed
      """;

  private @TempDir Path scratch;
  private ServerProcesses servers;

  @BeforeEach
  void start() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    servers = new ServerProcesses(scratch);
    servers.start(1, 1);
    servers.mount();
  }

  @AfterEach
  void end() throws Exception {
    if (servers != null) {
      servers.close();
    }
  }

  private static Instant nextSecond() {
    Instant before = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    Instant now = before;
    while (!now.isAfter(before)) {
      LockSupport.parkNanos(LOOK_NANOS);
      now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    }
    return now;
  }

  private String here(String script) throws Exception {
    return Shell.run(servers.mnt, script);
  }

  private String dfs(int status, String... words) {
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(1, List.of("--data", servers.data));
    return DfsProcess.call(status, line.toArray(String[]::new));
  }

  private String makeAndChange() throws Exception {
    here(MAKE);
    Instant then = nextSecond();
    here(CHANGE);
    var _ = nextSecond();
    return then.toString();
  }

  private void isSame(String plain, String tree) throws Exception {
    // Of contents, modes, times, names, links and attributes; the first is as it should be.
    String differences =
        "rsync -aHXAn --delete --itemize-changes ../%1$s/ %2$s/ | tee /dev/stderr | wc -l"
            .formatted(plain, tree);
    assertThat(here(differences)).as("%s and %s", plain, tree).isEqualTo("0");
    assertThat(here("diff -r -x fifo --no-dereference ../%s %s".formatted(plain, tree))).isEmpty();
  }

  @Test
  void aTreeComesBackWhole() throws Exception {
    String then = makeAndChange();
    String between = nextSecond().toString();
    assertThat(dfs(0, "restore", "-n", "/a", "--as-of", then))
        .contains("+ /a/gone", "~ /a/f (content xattr time)", "- /a/new");
    isSame("changed", "a");
    dfs(0, "restore", "/a", "--as-of", then, "--to", "/b");
    isSame("plain", "b");
    isSame("changed", "a");
    assertThat(dfs(1, "restore", "/a", "--as-of", then, "--to", "/b")).contains("file exists");
    dfs(0, "restore", "/a", "--as-of", then);
    isSame("plain", "a");
    assertThat(here("stat -c %i a/f a/sub/hard | uniq | wc -l")).isEqualTo("1");
    assertThat(dfs(1, "restore", "/", "--as-of", then)).contains("restore what is in it");
    dfs(0, "restore", "/a", "--as-of", between);
    isSame("changed", "a");
    assertThat(dfs(0, "fsck")).contains("no problems found");
    here("echo more >>a/f; echo more >>b/large; sync a/f b/large");
    assertThat(dfs(0, "fsck")).contains("no problems found");
  }

  @Test
  void aFileKeepsItsNumber() throws Exception {
    String then = makeAndChange();
    String before = here("stat -c %i a/f a/large a/holes");
    for (String file : List.of("/a/f", "/a/large", "/a/holes")) {
      dfs(0, "restore", file, "--as-of", then);
    }
    assertThat(here("stat -c %i a/f a/large a/holes")).isEqualTo(before);
    for (String file : List.of("f", "large", "holes")) {
      assertThat(here("cmp a/%1$s ../plain/%1$s".formatted(file))).isEmpty();
    }
    assertThat(here("stat -c %Y a/f a/large a/holes"))
        .isEqualTo(here("cd ../plain; stat -c %Y f large holes"));
    assertThat(here("cat a/sub/hard")).isEqualTo("one");
    assertThat(dfs(1, "restore", "/a/new", "--as-of", then)).contains("no such file");
    assertThat(dfs(2, "restore", "/a/f")).contains("restore needs --as-of TIME");
    assertThat(dfs(0, "history", "/a/f").lines().limit(2)).allMatch(line -> line.contains("xattr"));
  }

  @Test
  void whatIsGoneComesBack() throws Exception {
    makeAndChange();
    assertThat(dfs(0, "undelete", "/a/gone")).contains("as of ");
    assertThat(here("cat a/gone; stat -c %a a/gone")).isEqualTo("gone\n640");
    assertThat(dfs(1, "undelete", "/a/gone")).contains("file exists");
    assertThat(dfs(1, "undelete", "/a/never")).contains("no such file");
    here("mv a/new a/f");
    var _ = nextSecond();
    dfs(0, "undelete", "/a/f", "--to", "/a/replaced");
    assertThat(here("cat a/f a/replaced")).isEqualTo("new\ntwo");
    here("cp -a a ../whole");
    var _ = nextSecond();
    here("mv a elsewhere");
    var _ = nextSecond();
    dfs(0, "undelete", "/a");
    isSame("whole", "a");
    assertThat(dfs(0, "fsck")).contains("no problems found");
  }

  private static long commands(StreamSession session) throws Exception {
    Reply reply = session.call(Caller.ROOT, new Query.GetReport("status"));
    return JsonParser.parseString(((Reply.Report) reply).json())
        .getAsJsonObject()
        .getAsJsonObject("metadata")
        .get("commands")
        .getAsLong();
  }

  /** SIGKILL for the metadata server while a tree is put together. */
  @Test
  void itGoesOnWhenTheMetadataServerIsBack() throws Exception {
    here(
        "mkdir -p a/s; for i in {1..3000}; do echo old $i >a/f$i; done; echo x >a/s/x; sync a/s/x;"
            + " cp -a a ../plain");
    Instant then = nextSecond();
    here("rm a/f1*; for i in {20..90}; do echo new $i >a/f$i; sync a/f$i; done");
    var _ = nextSecond();
    StreamSession session = servers.session();
    long before = commands(session);
    FutureTask<String> restore =
        new FutureTask<>(() -> dfs(0, "restore", "/a", "--as-of", then.toString()));
    Thread.ofVirtual().start(restore);
    while (commands(session) < before + COMMANDS_BEFORE_THE_KILL) {
      assertThat(restore.isDone()).as("it is over too early").isFalse();
    }
    servers.killMetadata();
    assertThat(restore.isDone()).as("it was over before the server was dead").isFalse();
    servers.startMetadata(1);
    assertThat(restore.get(RESTORED_SECONDS, TimeUnit.SECONDS)).contains("as it was at");
    isSame("plain", "a");
    assertThat(here("ls -A")).isEqualTo("a");
    assertThat(dfs(0, "fsck")).contains("no problems found");
  }

  @Test
  void othersRestoreWhatIsTheirs() throws Exception {
    here("chmod 777 .; echo root >f; chmod 666 f; sync f");
    String other = "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all ";
    here(other + "sh -c 'echo mine >m; sync m'");
    String then = nextSecond().toString();
    here("echo changed >f; echo changed >m; sync f m");
    var _ = nextSecond();
    Path classes = Files.createDirectories(scratch.resolve("classes"));
    Shell.run(scratch, "chmod 755 . data data/run");
    String java = DfsProcess.commandLineOver(classes);
    String line = "cd /; " + other + java + " restore --data " + servers.data + " --as-of " + then;
    here(line + " /m");
    assertThat(here("cat m")).isEqualTo("mine");
    assertThat(here("! (" + line + " /f)")).contains("only root gives files away");
    assertThat(here("cat f")).isEqualTo("changed");
  }
}

package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * What a second user may read of the past: on a mount, by the command and in Java without the
 * cluster's key. What is closed since stays closed.
 */
@Timeout(300)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class PastOfOthersTest {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final List<String> OTHER =
      List.of("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups");

  private static final String MAKE =
      """
      chmod 755 .; mkdir open open/d one two
      echo secret >open/f; echo below >open/d/f
      head -c 100000 /dev/zero | tr '\\0' x >open/large
      echo linked >one/l; ln one/l two/l
      sync open/f open/d/f open/large one/l
      """;

  private @TempDir Path scratch;
  private ServerProcesses servers;
  private UserProcess java;
  private VerbRunner command;
  private Shellmate shell;
  private String then;

  /** A shell of the second user, which lives on. */
  private static final class Shellmate implements AutoCloseable {
    private final Process process;
    private final BufferedWriter tells;
    private final BufferedReader hears;

    Shellmate(Path directory) throws IOException {
      List<String> words = new ArrayList<>(OTHER);
      words.addAll(List.of("--inh-caps=-all", "bash"));
      process =
          new ProcessBuilder(words).directory(directory.toFile()).redirectErrorStream(true).start();
      tells = process.outputWriter(StandardCharsets.UTF_8);
      hears = process.inputReader(StandardCharsets.UTF_8);
    }

    /** A command of which one line comes, whatever comes of it. */
    String tell(String script) throws IOException {
      tells.write("{ " + script + "; } 2>&1 | head -n 1\n");
      tells.flush();
      return said();
    }

    private String said() throws IOException {
      String line = hears.readLine();
      if (line == null) {
        throw new IOException("the shell has ended");
      }
      return line;
    }

    @Override
    public void close() {
      process.destroyForcibly().onExit().join();
    }
  }

  @BeforeEach
  void start() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    assumeTrue("root".equals(System.getProperty("user.name")), "becoming somebody else needs root");
    Shell.run(scratch, "chmod 755 .");
    servers = new ServerProcesses(scratch);
    servers.start(1, 1);
    servers.mount();
    here(MAKE);
    then = nextSecond().toString();
    var _ = nextSecond();
    List<String> words = VerbRunner.command(scratch.resolve("classes"));
    java = UserProcess.start(words, Path.of(servers.data), scratch.resolve("java.err"));
    command = VerbRunner.start(words, scratch.resolve("command.err"), OTHER.toArray(String[]::new));
    shell = new Shellmate(servers.mnt);
    assertThat(java.tell("as-of", then)).isEqualTo("as of then");
  }

  @AfterEach
  void end() throws Exception {
    if (servers != null) {
      if (shell != null) {
        shell.close();
        command.close();
        java.close();
      }
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

  private void here(String script) throws Exception {
    Shell.run(servers.mnt, script);
  }

  private String byTheCommand(String path) throws IOException {
    VerbRunner.Result result =
        command.run(List.of("cat", "--data", servers.data, "--as-of", then, path));
    return (result.out() + result.err()).strip();
  }

  /** He reads it in each way, and root has just looked it up. */
  private void mayRead(String path, String contents) throws Exception {
    here("cat .dfs/@%s%s >/dev/null".formatted(then, path));
    assertThat(java.tell("cat-then", path)).as(path).isEqualTo(contents);
    assertThat(byTheCommand(path)).as(path).contains(contents);
    assertThat(shell.tell("cat .dfs/@%s%s".formatted(then, path))).as(path).isEqualTo(contents);
  }

  private void mayNotRead(String path) throws Exception {
    here("cat .dfs/@%s%s >/dev/null".formatted(then, path));
    assertThat(java.tell("cat-then", path)).as(path).isEqualTo("!AccessDeniedException");
    assertThat(byTheCommand(path)).as(path).contains("permission denied");
    assertThat(shell.tell("cat .dfs/@%s%s".formatted(then, path)))
        .as(path)
        .contains("Permission denied");
  }

  @Test
  void whatIsClosedSinceStaysClosed() throws Exception {
    mayRead("/open/f", "secret");
    mayRead("/open/d/f", "below");
    here("chmod 600 open/f; chmod 700 open/d");
    mayNotRead("/open/f");
    mayNotRead("/open/d/f");
    here("chmod 644 open/f; chmod 755 open/d");
    mayRead("/open/f", "secret");
    mayRead("/open/d/f", "below");
    here("rm -r open/d; chmod 700 open");
    mayNotRead("/open/d/f");
  }

  /** As open as the most open of its names, by that one. */
  @Test
  void aSecondNameIsAWayOnlyWhileItIsOpen() throws Exception {
    mayRead("/one/l", "linked");
    here("chmod 700 one");
    mayNotRead("/one/l");
    mayRead("/two/l", "linked");
    here("chmod 700 two");
    mayNotRead("/two/l");
    here("chmod 755 one");
    mayRead("/one/l", "linked");
    here("rm two/l; chmod 600 one/l");
    mayNotRead("/one/l");
  }

  /** In Java without the key each read is judged, also of what is open. */
  @Test
  void whatIsOpenIsClosedWithIt() throws Exception {
    for (String path : List.of("/open/f", "/open/d/f", "/open/large")) {
      assertThat(java.tell("open-then", path)).isEqualTo("open");
    }
    assertThat(java.tell("read-then", "/open/f")).isEqualTo("secret");
    here("chmod 600 open/f open/large; chmod 700 open/d");
    for (String path : List.of("/open/f", "/open/d/f", "/open/large")) {
      assertThat(java.tell("read-then", path)).as(path).isEqualTo("!FileSystemException");
    }
    // It was that.
    here("chmod 644 open/f");
    assertThat(java.tell("read-then", "/open/f")).isEqualTo("secret");
  }
}

package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A mount whose session the metadata server ended, since it stood still while others needed its
 * lease, goes on by itself: only what was open in it is lost.
 */
@Timeout(240)
@Tag("side-by-side")
class RenewalTest {
  private static final int FAILED = 1;
  private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /**
   * Holds files open, leaves bytes unwritten, and stops the mount with the next call. Then tells
   * how the calls on what it holds end.
   *
   * <p>Arguments: the process of the mount.
   */
  private static final String HOLD =
      """
      import mmap, os, signal, sys
      def written(name):
          fd = os.open(name, os.O_CREAT | os.O_RDWR)
          os.write(fd, b'kept\\n'); os.fsync(fd)
          return fd
      held, stored = written('held'), written('stored')
      mapping = mmap.mmap(stored, 5)
      seen = os.open('seen', os.O_RDONLY)
      assert os.pread(seen, 100, 0) == b'old\\n'
      mapping[:4] = b'lost'
      os.pwrite(held, b'lost', 0)
      os.kill(int(sys.argv[1]), signal.SIGSTOP)
      print('stopped', flush=True)
      sys.stdin.readline()
      fresh = [os.open('fresh', os.O_CREAT | os.O_RDWR) for i in range(20)]
      def told(what, call):
          try: result = call()
          except OSError as e: result = e.errno
          print(what, result, flush=True)
      told('read', lambda: os.pread(held, 4, 0))
      told('seen', lambda: os.pread(seen, 4, 0))
      told('write', lambda: os.pwrite(held, b'more', 0))
      told('truncate', lambda: os.ftruncate(held, 0))
      told('fsync', lambda: os.fsync(held))
      told('msync', mapping.flush)
      told('fsync', lambda: os.fsync(held))
      told('close', lambda: os.close(held))
      told('fresh', lambda: os.pread(fresh[0], 4, 0))
      print('done', flush=True)
      """;

  private @TempDir Path scratch;
  private final List<DfsProcess> processes = new ArrayList<>();
  private String data;
  private Path mnt;
  private Path other;
  private Process holder;

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    data = scratch.resolve("data").toString();
    mnt = scratch.resolve("mnt");
    other = scratch.resolve("other");
    serve("up", "--foreground", "--no-mount", "--data", data);
  }

  @AfterEach
  void end() throws Exception {
    // A process that stands still has to be dead before who waits for its mount can die.
    processes.forEach(DfsProcess::close);
    if (holder != null) {
      holder.destroyForcibly().waitFor();
    }
    if (mnt != null) {
      Shell.quietly("umount", "-l", mnt.toString());
      Shell.quietly("umount", "-l", other.toString());
    }
  }

  private DfsProcess serve(String... arguments) throws IOException {
    DfsProcess process = DfsProcess.serve(scratch, arguments);
    processes.add(process);
    return process;
  }

  private DfsProcess mount(Path where) throws IOException {
    return serve("mount", "--foreground", "--data", data, where.toString());
  }

  private void signal(String name, DfsProcess process) throws Exception {
    Shell.run(scratch, "kill -" + name + " " + process.pid());
  }

  private String dfs(int status, String... arguments) {
    return DfsProcess.call(status, arguments);
  }

  private interface Look {
    boolean isSo() throws IOException;
  }

  private static void await(String what, Look look) throws IOException {
    long since = System.nanoTime();
    while (!look.isSo()) {
      assertThat(System.nanoTime() - since).as("time until %s", what).isLessThan(BOUND_NANOS);
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private String log() throws IOException {
    return Files.readString(Path.of(data, "log", "mount.log"));
  }

  private void awaitNextSession() throws IOException {
    await("the next session", () -> log().contains(" follows session "));
  }

  /** What the process of the one mount says is wrong with it. */
  private String problem() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(data, "run"))) {
      Path record =
          files
              .filter(file -> file.getFileName().toString().matches("mount-.*\\.pid"))
              .findFirst()
              .orElseThrow();
      return Files.readAllLines(record).get(2);
    }
  }

  private void hold(DfsProcess mount) throws IOException {
    Path script = Files.writeString(scratch.resolve("hold.py"), HOLD);
    holder =
        new ProcessBuilder(
                "timeout", "-k", "5", "200", "python3", script.toString(), "" + mount.pid())
            .directory(mnt.toFile())
            .redirectErrorStream(true)
            .start();
    assertThat(holder.inputReader().readLine()).isEqualTo("stopped");
  }

  /** How the calls of the holder end. */
  private List<String> outcomes() throws IOException {
    Writer asks = holder.outputWriter();
    asks.write("\n");
    asks.flush();
    List<String> said = new ArrayList<>();
    BufferedReader reader = holder.inputReader();
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      said.add(line);
    }
    return said;
  }

  @Test
  void onlyWhatWasOpenIsLost() throws Exception {
    DfsProcess first = mount(mnt);
    Shell.run(mnt, "echo old > seen; sync seen; cat seen; mkdir folder");
    hold(first);
    mount(other);
    Shell.run(other, "timeout 60 bash -c 'echo newer > seen; echo x > folder/made; cat held'");
    signal("CONT", first);
    awaitNextSession();
    assertThat(Shell.run(mnt, "timeout 60 bash -c 'stat -c %s seen; cat seen; ls folder'"))
        .isEqualTo("6\nnewer\nmade");
    Shell.run(mnt, "timeout 60 bash -c 'echo again > folder/made; echo one > two; sync two'");
    assertThat(Shell.run(other, "timeout 60 cat folder/made two held stored"))
        .isEqualTo("again\none\nkept\nkept");
    assertThat(outcomes())
        .containsExactly(
            "read 5",
            "seen 5",
            "write 5",
            "truncate 5",
            "fsync 5",
            "msync 5",
            "fsync 5",
            "close 5",
            "fresh b''",
            "done");
    assertThat(Shell.run(mnt, "timeout 60 cat held stored")).isEqualTo("kept\nkept");
    assertThat(log())
        .containsPattern("WARN .*what was not yet written of inodes \\[\\d+.*\\] is lost");
    assertThat(dfs(0, "status", "--data", data)).contains("dfs is up and well");
    assertThat(dfs(0, "fsck", "--data", data)).isNotNull();
  }

  /** Where sessions are remembered is out of reach for as long as the test needs. */
  @Test
  void statusSaysThatThereIsNoSession() throws Exception {
    DfsProcess mount = mount(mnt);
    Shell.run(mnt, "echo x > a; sync a");
    signal("STOP", mount);
    Path file = Files.writeString(scratch.resolve("file"), "contents\n");
    dfs(0, "put", "--data", data, file.toString(), "/file");
    Path remembered = Path.of(data, "mount");
    Path aside = Files.move(remembered, scratch.resolve("aside"));
    Files.createFile(remembered);
    signal("CONT", mount);
    await("the mount says that it has no session", () -> problem().contains("no other yet"));
    assertThat(dfs(FAILED, "status", "--data", data))
        .contains(
            mnt + " does not work: its session is over: ",
            "if not, dfs umount --data "
                + data
                + " --force "
                + mnt
                + " and then dfs mount --data ");
    assertThat(dfs(0, "up", "--no-mount", "--data", data)).contains("is up already");
    assertThat(dfs(0, "mount", "--data", data, mnt.toString())).contains("is up already");
    Files.delete(remembered);
    Files.move(aside, remembered);
    await("the mount has a session", () -> problem().isEmpty());
    assertThat(Shell.run(mnt, "timeout 60 cat a file")).isEqualTo("x\ncontents");
    assertThat(dfs(0, "status", "--data", data)).contains("dfs is up and well");
  }

  /** The state directory remembers the session that there is now. */
  @Test
  void theNextProcessEndsTheSessionThatFollowed() throws Exception {
    DfsProcess mount = mount(mnt);
    Shell.run(mnt, "echo x > a; sync a");
    signal("STOP", mount);
    Path file = Files.writeString(scratch.resolve("file"), "contents\n");
    dfs(0, "put", "--data", data, file.toString(), "/file");
    signal("CONT", mount);
    awaitNextSession();
    mount.kill();
    mount(mnt);
    String status = dfs(0, "status", "--json", "--data", data);
    assertThat(status.split("\"kind\":\"mount\"", -1)).as(status).hasSize(2);
  }
}

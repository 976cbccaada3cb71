package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL of chunk servers under writers that record what was acknowledged, a stream, and readers:
 * none of them hears of it, and the copies come back without anybody reading.
 */
@Timeout(3600)
class ChunkKillTest {
  private static final int KILLS =
      Integer.getInteger("dfs.rounds", Boolean.getBoolean("dfs.long") ? 50 : 5);

  private static final double STALL_SECONDS = 3;

  /**
   * Reads files past the page cache, or writes one at 25 MB/s, until told to stop; says how long
   * the longest call took.
   */
  private static final String LOAD =
      """
      import hashlib, mmap, os, random, sys, time
      role, stop, files = sys.argv[1], sys.argv[2], sys.argv[3:]
      slowest = 0
      def timed(call, *arguments):
          global slowest
          since = time.monotonic()
          result = call(*arguments)
          slowest = max(slowest, time.monotonic() - since)
          return result
      def read():
          name = random.choice(files)
          fd = timed(os.open, name, os.O_RDONLY | os.O_DIRECT)
          buffer = mmap.mmap(-1, 1 << 20)
          digest = hashlib.sha256()
          while True:
              count = timed(os.readv, fd, [buffer])
              if count == 0:
                  break
              digest.update(buffer[:count])
          os.close(fd)
          assert digest.hexdigest() == sums.setdefault(name, digest.hexdigest()), name
      def write():
          piece = os.urandom(1 << 18)
          fd = timed(os.open, files[0], os.O_CREAT | os.O_RDWR | os.O_TRUNC)
          digest = hashlib.sha256()
          for i in range(128):
              since = time.monotonic()
              timed(os.write, fd, piece)
              digest.update(piece)
              if i % 16 == 15:
                  timed(os.fsync, fd)
              time.sleep(max(0, 0.01 - (time.monotonic() - since)))
          timed(os.fsync, fd)
          os.close(fd)
          assert hashlib.sha256(open(files[0], 'rb').read()).digest() == digest.digest()
      sums = {}
      while not os.path.exists(stop):
          read() if role == 'read' else write()
      print(slowest)
      """;

  private @TempDir Path scratch;
  private final List<Process> loads = new ArrayList<>();
  private ServerProcesses servers;
  private RecordingWriters writers;
  private Random random;

  @BeforeEach
  void prepare() throws IOException {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    servers = new ServerProcesses(scratch);
    writers = new RecordingWriters(servers.mnt);
    random = new Random(Long.getLong("dfs.seed", System.nanoTime()));
    Files.writeString(scratch.resolve("load.py"), LOAD);
  }

  @AfterEach
  void end() throws Exception {
    loads.forEach(Process::destroyForcibly);
    if (writers != null) {
      writers.close();
      servers.close();
    }
  }

  private void start(int count, int copies) throws Exception {
    servers.start(count, copies);
    servers.mount();
    Shell.run(
        servers.mnt, "for i in 1 2 3 4 5 6 7 8; do head -c 5000000 /dev/urandom >s$i; done; sync");
  }

  private void startLoad() throws IOException {
    Files.deleteIfExists(scratch.resolve("stop"));
    loads.clear();
    for (int i = 0; i < 4; i++) {
      load("read", "mnt/s" + (2 * i + 1), "mnt/s" + (2 * i + 2));
    }
    load("write", "mnt/stream");
  }

  private void load(String role, String... files) throws IOException {
    List<String> command = new ArrayList<>(List.of("timeout", "300", "python3", "load.py", role));
    command.add("stop");
    command.addAll(List.of(files));
    loads.add(
        new ProcessBuilder(command).directory(scratch.toFile()).redirectErrorStream(true).start());
  }

  /** None of them heard of an error; the longest call of any, in seconds. */
  private double stopLoad() throws Exception {
    Files.createFile(scratch.resolve("stop"));
    double slowest = 0;
    for (Process load : loads) {
      String said =
          new String(load.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      assertThat(load.waitFor()).as("%s", said).isZero();
      slowest = Math.max(slowest, Double.parseDouble(said));
    }
    return slowest;
  }

  /** Kills so many at once while everybody works; returns the longest call, in seconds. */
  private double killUnderLoad(int victims, int count) throws Exception {
    startLoad();
    writers.startAndWork(500);
    TreeSet<Integer> chosen = new TreeSet<>();
    while (chosen.size() < victims) {
      chosen.add(1 + random.nextInt(count));
    }
    chosen.forEach(victim -> servers.chunk(victim).kill());
    long goneNanos = servers.awaitHere(count - victims);
    writers.work(1000);
    writers.stop();
    double slowest = stopLoad();
    writers.verifyExactly();
    servers.awaitCopies(goneNanos);
    for (int victim : chosen) {
      servers.startChunk(victim);
    }
    return slowest;
  }

  private void check(double slowest) throws Exception {
    slowest = Math.max(slowest, writers.slowestNanos() / 1e9);
    System.out.println("%d kills, the longest call took %.2f s".formatted(KILLS, slowest));
    if (Boolean.getBoolean("dfs.long")) {
      assertThat(slowest).isLessThan(STALL_SECONDS);
    }
    servers.dfs(0, "fsck");
    servers.awaitHealthy();
  }

  @Test
  void nobodyNoticesThatOneOfThreeDies() throws Exception {
    start(3, 2);
    double slowest = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      slowest = Math.max(slowest, killUnderLoad(1, 3));
    }
    check(slowest);
  }

  @Test
  void nobodyNoticesThatTwoOfFiveDie() throws Exception {
    start(5, 3);
    double slowest = 0;
    for (int kill = 0; kill < KILLS; kill += 2) {
      slowest = Math.max(slowest, killUnderLoad(2, 5));
    }
    check(slowest);
  }
}

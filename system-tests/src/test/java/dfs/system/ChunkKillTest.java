package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
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

  private static final long COPIES_NANOS = TimeUnit.SECONDS.toNanos(120);
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
  private final List<DfsProcess> processes = new ArrayList<>();
  private final List<DfsProcess> chunks = new ArrayList<>();
  private final List<Process> loads = new ArrayList<>();
  private RecordingWriters writers;
  private Random random;
  private String data;
  private Path mnt;

  @BeforeEach
  void prepare() throws IOException {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    data = scratch.resolve("data").toString();
    mnt = scratch.resolve("mnt");
    writers = new RecordingWriters(mnt);
    random = new Random(Long.getLong("dfs.seed", System.nanoTime()));
    Files.writeString(scratch.resolve("load.py"), LOAD);
  }

  @AfterEach
  void end() throws Exception {
    loads.forEach(Process::destroyForcibly);
    processes.forEach(DfsProcess::close);
    if (writers != null) {
      writers.close();
      Shell.quietly("umount", "-l", mnt.toString());
    }
  }

  private DfsProcess serve(String... arguments) throws IOException {
    DfsProcess process = DfsProcess.serve(scratch, arguments);
    processes.add(process);
    return process;
  }

  private DfsProcess chunk(int index) throws IOException {
    return serve("chunk", "--foreground", "--data", data, "--number", String.valueOf(index + 1));
  }

  private void start(int servers, int copies) throws Exception {
    serve(
        "metadata",
        "--foreground",
        "--data",
        data,
        "--replication",
        String.valueOf(copies),
        "--lost-after",
        "10");
    for (int i = 0; i < servers; i++) {
      chunks.add(chunk(i));
    }
    serve("mount", "--foreground", "--data", data, "--", mnt.toString());
    Shell.run(mnt, "for i in 1 2 3 4 5 6 7 8; do head -c 5000000 /dev/urandom >s$i; done; sync");
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
      String said = new String(load.getInputStream().readAllBytes(), "UTF-8").strip();
      assertThat(load.waitFor()).as("%s", said).isZero();
      slowest = Math.max(slowest, Double.parseDouble(said));
    }
    return slowest;
  }

  private JsonObject sealedBlocks() throws Exception {
    String status =
        Shell.run(scratch, DfsProcess.commandLine() + " status --json --data " + data + " || true");
    return JsonParser.parseString(status)
        .getAsJsonObject()
        .getAsJsonObject("volume")
        .getAsJsonObject("sealedBlocks");
  }

  /** Waits until copies are missing, or none is. */
  private void awaitCopies(boolean all) throws Exception {
    long since = System.nanoTime();
    JsonObject blocks;
    do {
      blocks = sealedBlocks();
      assertThat(System.nanoTime() - since).as("still %s", blocks).isLessThan(COPIES_NANOS);
      assertThat(blocks.get("lost").getAsLong()).isZero();
    } while ((blocks.get("underReplicated").getAsLong() + blocks.get("unreachable").getAsLong()
            == 0)
        != all);
  }

  /** Kills so many at once while everybody works; returns the longest call, in seconds. */
  private double killUnderLoad(int victims) throws Exception {
    startLoad();
    writers.startAndWork(500);
    TreeSet<Integer> chosen = new TreeSet<>();
    while (chosen.size() < victims) {
      chosen.add(random.nextInt(chunks.size()));
    }
    chosen.forEach(victim -> chunks.get(victim).kill());
    writers.work(1000);
    writers.stop();
    double slowest = stopLoad();
    writers.verifyExactly();
    awaitCopies(false);
    awaitCopies(true);
    for (int victim : chosen) {
      chunks.set(victim, chunk(victim));
    }
    return slowest;
  }

  private void check(double slowest) throws Exception {
    slowest = Math.max(slowest, writers.slowestNanos() / 1e9);
    System.out.println("%d kills, the longest call took %.2f s".formatted(KILLS, slowest));
    if (Boolean.getBoolean("dfs.long")) {
      assertThat(slowest).isLessThan(STALL_SECONDS);
    }
    DfsProcess.run(scratch, "fsck", "--data", data);
    awaitCopies(true);
  }

  @Test
  void nobodyNoticesThatOneOfThreeDies() throws Exception {
    start(3, 2);
    double slowest = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      slowest = Math.max(slowest, killUnderLoad(1));
    }
    check(slowest);
  }

  @Test
  void nobodyNoticesThatTwoOfFiveDie() throws Exception {
    start(5, 3);
    double slowest = 0;
    for (int kill = 0; kill < KILLS; kill += 2) {
      slowest = Math.max(slowest, killUnderLoad(2));
    }
    check(slowest);
  }
}

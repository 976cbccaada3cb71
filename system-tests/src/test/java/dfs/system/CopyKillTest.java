package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * SIGKILL of {@code put} and {@code get} of a tree: no file under its name is half of one, and
 * {@code --continue} copies the rest, and little of what was copied already.
 */
@Timeout(600)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class CopyKillTest {
  private static final boolean LONG = Boolean.getBoolean("dfs.long");

  /** Each for put and get, or for one of them in turn. */
  private static final int POINTS = LONG ? 10 : 3;

  private static final int SMALL_FILES = 300;
  private static final int SMALL_BYTES_MAX = 12 << 10;
  private static final int LARGE_FILES = 2;
  private static final int LARGE_BYTES = 60_000_000;

  /** Of all bytes, so much may be copied twice. */
  private static final double AGAIN_MAX = 0.1;

  private static final long RUN_NANOS_MAX = TimeUnit.SECONDS.toNanos(120);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private @TempDir Path scratch;
  private final long seed = Long.getLong("dfs.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private DfsProcess cluster;
  private Path tree;
  private String data;
  private long treeBytes;
  private int cut;

  @BeforeEach
  void up() throws Exception {
    System.out.println("seed " + seed + ": -Ddfs.seed=" + seed + " repeats it");
    data = scratch.resolve("data").toString();
    cluster = DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data);
    tree = Files.createDirectories(scratch.resolve("tree"));
    for (int i = 0; i < SMALL_FILES + LARGE_FILES; i++) {
      boolean large = i >= SMALL_FILES;
      byte[] bytes = new byte[large ? LARGE_BYTES : random.nextInt(SMALL_BYTES_MAX)];
      random.nextBytes(bytes);
      Path directory = Files.createDirectories(tree.resolve("d" + i % 7));
      Files.write(directory.resolve(large ? "large-" + i : "small-" + i), bytes);
      treeBytes += bytes.length;
    }
  }

  @AfterEach
  void end() throws Exception {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void whatWasCutIsGoneOnWith() throws Exception {
    copy(List.of("put", "-r", tree.toString(), "/whole"), List.of());
    for (int point = 0; point < POINTS; point++) {
      long bytes = (long) (treeBytes * (point + random.nextDouble()) / POINTS);
      String name = "tree-" + point;
      if (LONG || point % 2 == 0) {
        killed(bytes, List.of("put", "-r", tree.toString(), "/" + name), "/" + name);
      }
      if (LONG || point % 2 == 1) {
        String here = scratch.resolve(name).toString();
        killed(bytes, List.of("get", "-r", "/whole", here), here);
        Shell.run(scratch, "rm -r " + name);
      }
    }
    assertThat(cut).as("runs that were cut").isGreaterThan(POINTS / 2);
  }

  /** Kills it when it has written so much, and goes on. */
  private void killed(long bytes, List<String> words, String target) throws Exception {
    List<String> line = new ArrayList<>(words);
    line.addAll(List.of("--data", data));
    long written;
    boolean ended;
    try (DfsProcess process = DfsProcess.begin(scratch, line.toArray(String[]::new))) {
      written = awaitWritten(process, bytes);
      ended = !process.isAlive();
      process.kill();
      assertThat(ended ? process.said() : "").as("%s", line).isEmpty();
    }
    cut += ended ? 0 : 1;
    compare(words, target, false);
    JsonObject counts = copy(words, List.of("--continue"));
    compare(words, target, true);
    long copied = counts.get("bytes").getAsLong();
    long compared = words.getFirst().equals("get") ? counts.get("bytesCompared").getAsLong() : 0;
    System.out.println(words.getFirst() + " killed at " + written + " bytes; then " + counts);
    assertThat(written + copied + compared)
        .as("bytes copied of %d: %d until the kill, then %s", treeBytes, written, counts)
        .isLessThan((long) (treeBytes * (1 + AGAIN_MAX)));
  }

  private JsonObject copy(List<String> words, List<String> more) {
    List<String> line = new ArrayList<>(words);
    line.addAll(more);
    line.addAll(List.of("--json", "--data", data));
    VerbRunner.Result result = VerbRunner.runHere(line);
    assertThat(result.status()).as("%s said %s", line, result.err()).isZero();
    assertThat(result.err()).isEmpty();
    return JsonParser.parseString(result.out()).getAsJsonObject();
  }

  /** How much it has written by now, to files or servers; at least so much, unless it has ended. */
  private static long awaitWritten(DfsProcess process, long bytes) throws IOException {
    long since = System.nanoTime();
    long written = 0;
    while (written < bytes && process.isAlive() && System.nanoTime() - since < RUN_NANOS_MAX) {
      LockSupport.parkNanos(LOOK_NANOS);
      try (Stream<String> lines = Files.lines(Path.of("/proc/" + process.pid() + "/io"))) {
        written =
            lines
                .filter(line -> line.startsWith("wchar: "))
                .mapToLong(line -> Long.parseLong(line.substring("wchar: ".length())))
                .sum();
      } catch (IOException | java.io.UncheckedIOException e) {
        if (process.isAlive()) {
          throw e;
        }
      }
    }
    return written;
  }

  private void compare(List<String> words, String target, boolean whole) throws IOException {
    if (words.getFirst().equals("get")) {
      compare(Path.of(target), whole);
      return;
    }
    // A command in this process needs it for itself.
    try (FileSystem volume =
        FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", data))) {
      compare(volume.getPath(target), whole);
    }
  }

  /** What has a name is what its source is; at the end all have, and there is nothing else. */
  private void compare(Path target, boolean whole) throws IOException {
    if (!whole && !Files.exists(target)) {
      return;
    }
    List<String> names = new ArrayList<>();
    try (Stream<Path> files = Files.walk(target)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = target.relativize(file).toString();
        if (!whole && file.getFileName().toString().startsWith(".dfs-part-")) {
          continue;
        }
        names.add(name);
        boolean same =
            Arrays.equals(Files.readAllBytes(tree.resolve(name)), Files.readAllBytes(file));
        assertThat(same).as("%s is what its source is", file).isTrue();
      }
    }
    if (whole) {
      assertThat(names).hasSize(SMALL_FILES + LARGE_FILES);
    }
  }
}

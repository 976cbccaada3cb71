package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.cli.verb.DashLine;
import dfs.cli.verb.VerbSpec;
import dfs.system.LostSockets.Loss;
import dfs.system.VerbRunner.Result;
import dfs.system.VerbTable.Subject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * Each verb, and each of Hadoop's, whose servers are lost in the middle of its work: it ends with
 * the status of what failed and says why, and whatever has a name is as it was or as it was to be.
 *
 * <p>The middle is known from a run before that loses nothing: a part of what that one sent between
 * the beginning of its session and the end.
 */
@Timeout(300)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class LostServerTest {
  private static final int SMALL_FILES = 8;
  private static final int SMALL_BYTES = 3_000;
  private static final int LARGE_BYTES = 3_000_000;
  private static final String TIMEOUT_SECONDS = "2";

  /** Of the run that loses nothing: a disk may be slow. */
  private static final String PATIENT_SECONDS = "60";

  private static final long END_SECONDS_MAX = 60;

  private static final int WORKING = 2;

  /** They wait for a server that is lost, most of the time. */
  private static final int WAITING = 24;

  private static final int SAID_LINES_MAX = 30;

  /** Lines about trees, of files with blocks: /tree is one, IN is a place, LOCAL one here. */
  private static final List<String> OF_TREES =
      List.of(
          "put -r LOCAL/tree IN/new",
          "get -r /tree LOCAL/new",
          "cp -r /tree IN/new",
          "getmerge /tree LOCAL/out",
          "cat /tree/large",
          "checksum /tree/large",
          "ls -lR /tree",
          "find /tree -type f",
          "rm -r IN/own",
          "chmod -R 700 IN/own",
          "-put LOCAL/tree IN/new",
          "-moveFromLocal LOCAL/tree IN/new",
          "-get /tree LOCAL/new",
          "-cp /tree IN/new",
          "-rm -r IN/own",
          "-chmod -R 700 IN/own");

  /** It asks no server. */
  private static final Set<String> ALONE = Set.of("expunge");

  /** They make what is not there. */
  private static final Set<String> MAKING =
      Set.of("mkdir", "put", "copyFromLocal", "moveFromLocal", "touchz");

  private @TempDir Path scratch;

  @SuppressWarnings("NullAway.Init")
  private Path data;

  @SuppressWarnings("NullAway.Init")
  private DfsProcess cluster;

  @SuppressWarnings("NullAway.Init")
  private LostSockets door;

  @SuppressWarnings("NullAway.Init")
  private FileSystem volume;

  /** What begins a session. */
  private long beginBytes;

  /** What ends one. */
  private long endBytes;

  /**
   * A line that is run.
   *
   * @param words with {@code IN} and {@code LOCAL}
   */
  private record Line(String name, String verb, boolean dashed, List<String> words) {
    static Line of(String verb) {
      return new Line(verb, verb, false, VerbTable.words(verb, "IN", "s", "LOCAL"));
    }

    static Line dashed(String verb) {
      List<String> words = new ArrayList<>(VerbTable.dashed(verb, "IN", "s", "LOCAL"));
      words.addFirst("-" + verb);
      return new Line("-" + verb, verb, true, words);
    }

    static Line ofTree(String text) {
      List<String> words = List.of(text.split(" ", -1));
      String verb = words.getFirst();
      boolean dashed = verb.startsWith("-");
      return new Line(text, dashed ? verb.substring(1) : verb, dashed, words);
    }

    boolean isOfTree() {
      return name.contains(" ");
    }

    /** How it ends when all goes well; as of diff(1), 1 means that there are differences. */
    int done() {
      return name.equals("diff") ? 1 : 0;
    }

    int failed() {
      return name.equals("diff") ? 2 : 1;
    }

    List<String> at(Path directory, String in, Path local, String timeout) {
      List<String> line = new ArrayList<>();
      for (String word : words) {
        // A snapshot has no slash in its name.
        String place = word.startsWith("of") ? in.replace('/', '-') : in;
        line.add(word.replace("IN", place).replace("LOCAL", local.toString()));
      }
      line.addAll(1, List.of("--timeout", timeout, "--data", directory.toString()));
      return line;
    }
  }

  /** Where a line is run: a directory of the cluster and one of this machine. */
  private record Bed(Path in, Path local) {
    /** What has a name, and what it is; what a command works on beside has none yet. */
    Map<String, String> picture() throws IOException {
      Map<String, String> all = new TreeMap<>();
      for (Path top : List.of(in, local)) {
        try (Stream<Path> below = Files.walk(top)) {
          for (Path path : below.toList()) {
            String name = top.relativize(path).toString();
            if (!name.isEmpty() && !name.contains(".dfs-part-")) {
              all.put((top.equals(in) ? "cluster: " : "here: ") + name, what(path));
            }
          }
        }
      }
      return all;
    }

    private static String what(Path path) throws IOException {
      String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
      return Files.isDirectory(path)
          ? "directory " + mode
          : mode
              + " "
              + new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1).hashCode()
              + " of "
              + Files.size(path)
              + " bytes";
    }
  }

  @BeforeEach
  void up() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "owners are set by root alone");
    data = scratch.resolve("data");
    cluster =
        DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data.toString());
    // Commands of this process open the data directory itself.
    door = LostSockets.never(scratch.resolve("door"), data);
    volume = open(scratch.resolve("door"));
    try (LostSockets session = LostSockets.never(scratch.resolve("session"), data)) {
      try (FileSystem unused = open(scratch.resolve("session"))) {
        assertThat(unused.isOpen()).isTrue();
        beginBytes = session.bytes();
      }
      endBytes = session.bytes() - beginBytes;
    }
    Random random = new Random(17);
    Path tree = Files.createDirectories(scratch.resolve("tree/below"));
    for (int i = 0; i < SMALL_FILES; i++) {
      write(random, (i % 2 == 0 ? tree : tree.getParent()).resolve("small-" + i), SMALL_BYTES);
    }
    write(random, scratch.resolve("tree/large"), LARGE_BYTES);
    done("put", "-r", "--data", data.toString(), tree.getParent().toString(), "/tree");
  }

  private static FileSystem open(Path directory) throws IOException {
    return FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", directory.toString()));
  }

  private static void write(Random random, Path file, int length) throws IOException {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    Files.write(file, bytes);
  }

  private static void done(String... words) {
    Result result = VerbRunner.runHere(List.of(words));
    assertThat(result.status()).as("%s said %s", List.of(words), result.err()).isZero();
  }

  @AfterEach
  void end() throws IOException {
    if (volume != null) {
      volume.close();
    }
    if (door != null) {
      door.close();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  private static List<Line> lines() {
    List<Line> lines = new ArrayList<>();
    VerbTable.specs().forEach(spec -> lines.add(Line.of(spec.name())));
    DashLine.specs().stream()
        .map(VerbSpec::name)
        .filter(name -> !ALONE.contains(name))
        .forEach(name -> lines.add(Line.dashed(name)));
    OF_TREES.forEach(text -> lines.add(Line.ofTree(text)));
    return lines;
  }

  /** For the run that loses nothing, and the other one. */
  private List<Bed> prepare(int number, Line line) throws Exception {
    List<Bed> beds = new ArrayList<>();
    for (String run : List.of("whole", "cut")) {
      Path in = volume.getPath("/" + run + "/" + number);
      Path local = Files.createDirectories(scratch.resolve("local/" + run + "/" + number));
      Files.writeString(local.resolve("l"), "local\n");
      if (line.isOfTree()) {
        Files.createDirectories(in.resolve("own/below"));
        Files.writeString(in.resolve("s"), "abc\n");
        for (int i = 0; i < SMALL_FILES; i++) {
          Files.writeString(in.resolve(i % 2 == 0 ? "own/below/f" + i : "own/f" + i), "f" + i);
        }
        if (line.name().contains("LOCAL/tree")) {
          Shell.run(local, "cp -r " + scratch.resolve("tree") + " .");
        }
      } else {
        VerbTable.prepare(in, line.verb(), subject(line.verb()));
        if (line.verb().equals("rmdir")) {
          Files.createDirectory(in.resolve("s"));
        }
      }
      beds.add(new Bed(in, local));
    }
    return beds;
  }

  private static Subject subject(String verb) {
    if (MAKING.contains(verb) || verb.equals("rmdir")) {
      return Subject.MISSING;
    }
    return verb.equals("snapshot") ? Subject.DIRECTORY : Subject.FILE;
  }

  private Result run(Line line, Bed bed, LostSockets sockets, Path directory, String timeout) {
    try (sockets) {
      return VerbRunner.runHere(line.at(directory, bed.in().toString(), bed.local(), timeout));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What came of a line that loses its servers, and of the one beside it. */
  private record Outcome(
      Line line, Loss loss, Bed bed, Map<String, String> before, Result result, boolean lost) {}

  /** When it is in the middle of its work: how much it has sent then. */
  private long middle(int number, Line line, Bed bed) throws Exception {
    Path directory = scratch.resolve("w" + number);
    LostSockets never = LostSockets.never(directory, data);
    Result whole = run(line, bed, never, directory, PATIENT_SECONDS);
    assertThat(whole.status()).as("%s said %s", line.name(), whole.err()).isEqualTo(line.done());
    // A line may have had nothing but one question, and heartbeats besides.
    int part = line.isOfTree() ? 2 : 4;
    return beginBytes + (never.bytes() - beginBytes - endBytes) / part;
  }

  private Outcome outcome(int number, Line line, Bed bed, long middle) throws Exception {
    Loss loss = number % 2 == 0 ? Loss.SILENT : Loss.GONE;
    Path directory = scratch.resolve("l" + number);
    Map<String, String> before = bed.picture();
    LostSockets sockets = LostSockets.after(directory, data, loss, middle);
    Result result = run(line, bed, sockets, directory, TIMEOUT_SECONDS);
    return new Outcome(line, loss, bed, before, result, sockets.areLost());
  }

  /** What is done with a line. */
  private interface Action<T> {
    T on(int number, Line line) throws Exception;
  }

  private static <T> List<T> all(int atOnce, List<Line> lines, Action<T> action) throws Exception {
    List<Future<T>> running = new ArrayList<>();
    List<T> results = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(atOnce)) {
      for (Line line : lines) {
        int number = running.size();
        running.add(threads.submit(() -> action.on(number, line)));
      }
      for (Future<T> each : running) {
        results.add(each.get(END_SECONDS_MAX, TimeUnit.SECONDS));
      }
    }
    return results;
  }

  @Test
  void whoLosesItsServersSaysSoAndLeavesNothingHalf() throws Exception {
    List<Line> lines = lines();
    List<List<Bed>> beds = new ArrayList<>();
    for (Line line : lines) {
      beds.add(prepare(beds.size(), line));
    }
    done("snapshot", "create", "--data", data.toString(), VerbTable.BEFORE.substring(1));
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isOfTree()) {
        for (Bed bed : beds.get(i)) {
          VerbTable.change(bed.in(), lines.get(i).name(), Subject.FILE);
        }
      }
    }
    List<Long> middles = all(WORKING, lines, (i, line) -> middle(i, line, beds.get(i).getFirst()));
    List<Outcome> outcomes =
        all(WAITING, lines, (i, line) -> outcome(i, line, beds.get(i).getLast(), middles.get(i)));
    List<String> faults = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      faults.addAll(faults(outcomes.get(i)));
      faults.addAll(half(outcomes.get(i), beds.get(i).getFirst().picture()));
    }
    assertThat(faults).isEmpty();
    assertThat(outcomes).filteredOn(Outcome::lost).hasSizeGreaterThan(lines.size() / 2);
  }

  private static List<String> faults(Outcome outcome) {
    Line line = outcome.line();
    String said = outcome.result().err();
    List<String> faults = new ArrayList<>();
    String prefix = line.dashed() ? line.verb() + ": " : "dfs: ";
    boolean understood =
        said.startsWith(prefix)
            && !said.contains("Exception")
            && !said.contains("\tat ")
            && !said.contains("null")
            && said.lines().count() <= SAID_LINES_MAX;
    boolean waited = said.contains("within " + TIMEOUT_SECONDS + " s");
    // On a machine that does nothing for a while a line may have ended before.
    boolean ended = !outcome.lost() && outcome.result().status() == line.done();
    if (!ended && (outcome.result().status() != line.failed() || !understood || !waited)) {
      faults.add(
          "%s, %s: status %d, said: %s"
              .formatted(line.name(), outcome.loss(), outcome.result().status(), said));
    }
    return faults;
  }

  /** Names whose file is neither what it was nor what it was to be, or that are gone. */
  private static List<String> half(Outcome outcome, Map<String, String> whole) throws IOException {
    Map<String, String> before = outcome.before();
    Map<String, String> now = outcome.bed().picture();
    List<String> faults = new ArrayList<>();
    String where = outcome.line().name() + ", " + outcome.loss() + ": ";
    now.forEach(
        (name, what) -> {
          if (!what.equals(before.get(name)) && !what.equals(whole.get(name))) {
            faults.add(where + name + " is " + what + ", and is to be " + whole.get(name));
          }
        });
    for (String name : before.keySet()) {
      boolean moves = outcome.line().name().contains("moveFromLocal LOCAL/tree");
      String moved = name.replace("here: tree", "cluster: new");
      if (!now.containsKey(name)
          && (whole.containsKey(name) || (moves && !now.containsKey(moved)))) {
        faults.add(where + name + " is gone");
      }
    }
    return faults;
  }
}

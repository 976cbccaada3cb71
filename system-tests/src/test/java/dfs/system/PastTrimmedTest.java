package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.fuse.Mount;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * After an hour the seconds go and the minutes are left: each reads back on the mount, in Java and
 * by the command. Who looks at a second meanwhile goes on looking at just that, also if the
 * metadata server is started again before he says so.
 */
@Timeout(600)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class PastTrimmedTest {
  private static final int STATES = Integer.getInteger("dfs.rounds", 10);
  private static final int SECONDS_EACH = 23;
  private static final int LARGE_BYTES = 3_000_000;
  private static final String DIGESTS = "find . -type f | sort | xargs -r -d '\\n' sha256sum";

  private @TempDir Path scratch;
  private final long seed = Long.getLong("dfs.seed", System.nanoTime());
  private final Calendar calendar = Calendar.standingStill();
  private final List<State> states = new ArrayList<>();
  private Cluster cluster;
  private Path data;
  private Path mnt;
  private Mount mount;
  private TreeDigest digest;

  /** What the tree was at the end of a second. */
  private record State(Instant at, List<String> lines, String digests) {}

  @BeforeEach
  void start() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    System.out.println("changes of a tree: -Ddfs.seed=" + seed);
    digest = new TreeDigest(scratch);
    data = Files.createDirectories(scratch.resolve("data"));
    mnt = scratch.resolve("mnt");
    // What the command takes for past is so by the machine's clock.
    calendar.advance(-(STATES + 10L) * SECONDS_EACH, TimeUnit.SECONDS);
    cluster = new Cluster(data, calendar, 0, 1, 1);
    mount = cluster.mount(mnt);
  }

  @AfterEach
  void end() throws Exception {
    if (cluster != null) {
      cluster.close();
    }
  }

  private Instant now() {
    return Instant.EPOCH.plusNanos(calendar.wallNanos());
  }

  /** The state at the end of this second, and some time passes. */
  private void record() throws Exception {
    Path tree = mnt.resolve("tree");
    List<String> lines = digest.of(tree);
    Instant at = now().truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
    states.add(new State(at, lines, Shell.run(tree, DIGESTS)));
    calendar.advance(SECONDS_EACH, TimeUnit.SECONDS);
  }

  private State stateAt(Instant instant) {
    return states.stream()
        .filter(state -> !state.at.isAfter(instant))
        .reduce((a, b) -> b)
        .orElseThrow();
  }

  private FileSystem asOf(Instant instant) throws IOException {
    return FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", data, "asOf", instant));
  }

  /** What of a time is left. */
  private Instant kept(Instant instant) throws IOException {
    try (FileSystem then = asOf(instant)) {
      return (Instant) then.getFileStores().iterator().next().getAttribute("asOf");
    }
  }

  private List<Instant> minutes() {
    List<Instant> minutes = new ArrayList<>();
    Instant minute = states.getFirst().at.truncatedTo(ChronoUnit.MINUTES);
    while (minute.isBefore(states.getLast().at)) {
      minute = minute.plus(1, ChronoUnit.MINUTES);
      minutes.add(minute);
    }
    return minutes;
  }

  private void isSame(List<String> lines, Instant asked, State state) {
    assertThat(lines).as("seed %d, as of %s", seed, asked).isEqualTo(state.lines);
  }

  /** The tree as of a time is what it was at another one, whichever way it is looked at. */
  private void readsBack(Instant asked, Instant instant) throws Exception {
    State state = stateAt(instant);
    isSame(digest.of(mnt.resolve(".dfs/@" + asked).resolve("tree")), asked, state);
    isSame(digest.of(mnt.resolve("tree/.dfs/@" + asked)), asked, state);
    try (FileSystem then = asOf(asked)) {
      isSame(TreeDigest.inJava(then.getPath("/tree")), asked, state);
    }
    Path copy = scratch.resolve("copy-" + asked.getEpochSecond() + "-" + asked.getNano());
    VerbRunner.Result got =
        VerbRunner.runHere(
            List.of(
                "get",
                "--data",
                data.toString(),
                "-r",
                "-p",
                "--as-of",
                asked.toString(),
                "/tree",
                copy.toString()));
    assertThat(got.status()).as("%s", got.err()).isZero();
    assertThat(TreeDigest.copied(digest.of(copy)))
        .as("seed %d, copied as of %s", seed, asked)
        .isEqualTo(TreeDigest.copied(state.lines));
  }

  /** A shell whose working directory is in the past. */
  private static final class Looker implements AutoCloseable {
    private static final String END = "==";
    private final Process shell;
    private final BufferedWriter tells;
    private final BufferedReader hears;

    Looker(Path directory) throws IOException {
      shell = new ProcessBuilder("bash").directory(directory.toFile()).start();
      tells = shell.outputWriter(StandardCharsets.UTF_8);
      hears = shell.inputReader(StandardCharsets.UTF_8);
    }

    String tell(String script) throws IOException {
      tells.write(script + "; echo " + END + "\n");
      tells.flush();
      List<String> said = new ArrayList<>();
      for (String line = hears.readLine(); !END.equals(line); line = hears.readLine()) {
        if (line == null) {
          throw new IOException("the shell has ended");
        }
        said.add(line);
      }
      return String.join("\n", said);
    }

    @Override
    public void close() {
      shell.destroyForcibly().onExit().join();
    }
  }

  /** Whoever asks looks himself for a moment: the rounds in which instants go lie between. */
  private static ConditionFactory await() {
    return Awaitility.await().atMost(90, TimeUnit.SECONDS).pollInterval(3, TimeUnit.SECONDS);
  }

  private void awaitTrimmed(Instant second) {
    await().until(() -> kept(second).equals(second.truncatedTo(ChronoUnit.MINUTES)));
  }

  @Test
  void minutesReadBackAndWhatIsLookedAtStays() throws Exception {
    Random random = new Random(seed);
    TreeChanges changes = new TreeChanges(mnt.resolve("tree"), seed);
    changes.begin();
    byte[] large = new byte[LARGE_BYTES];
    random.nextBytes(large);
    Files.write(mnt.resolve("tree/large"), large);
    Shell.run(mnt, "sync tree/large");
    record();
    for (int i = 1; i < STATES; i++) {
      changes.step();
      random.nextBytes(large);
      Files.write(mnt.resolve("tree/large"), large);
      Shell.run(mnt, "sync tree/large");
      record();
    }
    List<State> ofSeconds =
        states.stream().filter(state -> state.at.getEpochSecond() % 60 != 0).toList();
    State first = ofSeconds.getFirst();
    State second = ofSeconds.get(ofSeconds.size() / 2);
    // The last hour to go, if there are two.
    State unseen = ofSeconds.getLast();
    try (Looker looker = new Looker(mnt.resolve("tree/.dfs/@" + first.at));
        FileSystem looking = asOf(second.at)) {
      assertThat(looker.tell("exec 3<large; " + DIGESTS)).isEqualTo(first.digests);
      isSame(TreeDigest.inJava(looking.getPath("/tree")), second.at, second);
      // Whoever looks at what is to be trimmed has to say so again.
      cluster.restartMetadata();
      for (int i = 0; i < 3; i++) {
        calendar.advance(1, TimeUnit.HOURS);
        assertThat(looker.tell("ls large")).isEqualTo("large");
      }
      awaitTrimmed(unseen.at);
      for (Instant minute : minutes()) {
        readsBack(minute, minute);
        // A second at which somebody looks is none that means its minute.
        Instant last = minute.plusSeconds(59);
        boolean looked = last.equals(first.at) || last.equals(second.at);
        readsBack((looked ? last.minusSeconds(1) : last).plusNanos(5), minute);
      }
      assertThat(looker.tell(DIGESTS)).isEqualTo(first.digests);
      assertThat(looker.tell("sha256sum <&3 | cut -c -64"))
          .isEqualTo(first.digests.replaceAll("(?s).*?([0-9a-f]{64})  \\./large.*", "$1"));
      isSame(TreeDigest.inJava(looking.getPath("/tree")), second.at, second);
      readsBack(first.at, first.at);
      cluster.restartMetadata();
      calendar.advance(30, TimeUnit.HOURS);
      // The mount's kernel knows of the others.
      Instant unseenMinute = minutes().getLast().plus(1, ChronoUnit.MINUTES);
      await().until(() -> isGone(unseenMinute));
      assertThat(looker.tell(DIGESTS)).isEqualTo(first.digests);
      isSame(TreeDigest.inJava(looking.getPath("/tree")), second.at, second);
    }
    await().until(() -> isGone(second.at));
    mount.close(true);
    await().until(() -> isGone(first.at));
  }

  private boolean isGone(Instant instant) {
    try {
      return !kept(instant).equals(instant);
    } catch (IOException e) {
      return String.valueOf(e.getMessage()).contains("nothing is kept of what was so long ago");
    }
  }
}

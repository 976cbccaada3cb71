package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
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

/**
 * Random changes, each in a second of its own: all states read back as they were, on the mount, on
 * one that has been looking at the first of them all the time, in Java and by the command; and
 * again when all servers were killed and have started again.
 */
@Timeout(3600)
@Tag("side-by-side")
@Execution(ExecutionMode.CONCURRENT)
class PastChangesTest {
  private static final boolean LONG = Boolean.getBoolean("dfs.long");
  private static final int STATES = Integer.getInteger("dfs.rounds", LONG ? 300 : 10);

  /** A short run has to do several things in a second. */
  private static final int CHANGES_PER_STATE = LONG ? 1 : 4;

  private static final int LOOKS_EACH = LONG ? 10 : 3;
  private static final int COPIES_OF_THE_COMMAND = LONG ? 15 : 2;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private @TempDir Path scratch;
  private final long seed = Long.getLong("dfs.seed", System.nanoTime());
  private final long begunNanos = System.nanoTime();
  private final List<State> states = new ArrayList<>();
  private ServerProcesses servers;
  private TreeDigest digest;

  /** What the tree was at an instant, and what was done before. */
  private record State(Instant at, List<String> changes, List<String> lines) {}

  @BeforeEach
  void start() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    System.out.println("changes of a tree: -Ddfs.seed=" + seed);
    digest = new TreeDigest(scratch);
    servers = new ServerProcesses(scratch);
    servers.start(1, 1);
    servers.mount();
  }

  @AfterEach
  void end() throws Exception {
    if (servers != null) {
      servers.close();
    }
    Shell.quietly("umount", "-l", looking().toString());
  }

  private Path looking() {
    return scratch.resolve("looking");
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

  private void said(String what) {
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begunNanos);
    System.out.println(states.size() + " states of a tree: " + what + " after " + seconds + " s");
  }

  private void record(List<String> changes) throws Exception {
    List<String> lines = digest.of(servers.mnt.resolve("tree"));
    states.add(new State(nextSecond(), changes, lines));
  }

  /** Of the tree at the root, or in the tree itself: both are the same. */
  private Path past(Path mount, State state) {
    return states.indexOf(state) % 2 == 0
        ? mount.resolve(".dfs/@" + state.at).resolve("tree")
        : mount.resolve("tree/.dfs/@" + state.at);
  }

  private void isSame(List<String> lines, State state, String way) {
    assertThat(lines)
        .as("seed %d, %s, state %d: %s", seed, way, states.indexOf(state), state)
        .isEqualTo(state.lines);
  }

  private void onTheMount(Path mount) throws Exception {
    List<Path> trees = states.stream().map(state -> past(mount, state)).toList();
    List<List<String>> all = digest.ofAll(trees);
    for (int i = 0; i < states.size(); i++) {
      isSame(all.get(i), states.get(i), "on " + mount.getFileName());
    }
  }

  private FileSystem asOf(State state) throws IOException {
    return FileSystems.newFileSystem(
        URI.create("dfs:///"), Map.of("data", servers.data, "asOf", state.at));
  }

  /**
   * @param looking as of the first state
   */
  private void inJava(FileSystem looking) throws IOException {
    isSame(TreeDigest.inJava(looking.getPath("/tree")), states.getFirst(), "looking in Java");
    for (State state : states.subList(1, states.size())) {
      try (FileSystem then = asOf(state)) {
        isSame(TreeDigest.inJava(then.getPath("/tree")), state, "in Java");
      }
    }
  }

  private void byTheCommand(String round) throws Exception {
    for (int i = 1; i <= COPIES_OF_THE_COMMAND; i++) {
      State state = states.get(i * (states.size() - 1) / COPIES_OF_THE_COMMAND);
      Path copy = scratch.resolve(round + i);
      String at = state.at.toString();
      servers.dfs(0, "get", "-r", "-p", "--as-of", at, "/tree", copy.toString());
      assertThat(TreeDigest.copied(digest.of(copy)))
          .as("seed %d, copied as of state %d: %s", seed, states.indexOf(state), state)
          .isEqualTo(TreeDigest.copied(state.lines));
      TreeDigest.acls(state.lines)
          .forEach(
              (path, entries) ->
                  assertThat(servers.dfs(0, "getfacl", "--as-of", at, "/tree" + path))
                      .as("seed %d, %s as of %s", seed, path, at)
                      .contains(entries));
    }
    // The first one is open in this process.
    State first = states.get(1);
    State last = states.getLast();
    int different = first.lines.equals(last.lines) ? 0 : 1;
    servers.dfs(different, "diff", "/tree", first.at.toString(), last.at.toString());
    servers.dfs(0, "diff", "/tree", last.at.toString());
  }

  @Test
  void eachStateReadsBack() throws Exception {
    TreeChanges changes = new TreeChanges(servers.mnt.resolve("tree"), seed);
    changes.begin();
    record(List.of("made"));
    State first = states.getFirst();
    Path looking = looking();
    servers.mount(looking);
    var _ = nextSecond();
    try (FileSystem then = asOf(first)) {
      isSame(digest.of(past(looking, first)), first, "looking");
      for (int i = 1; i <= STATES; i++) {
        List<String> done = new ArrayList<>();
        for (int j = 0; j < CHANGES_PER_STATE; j++) {
          done.add(changes.step());
        }
        record(done);
        if (i % LOOKS_EACH == 0) {
          isSame(digest.of(past(looking, first)), first, "looking");
          isSame(TreeDigest.inJava(then.getPath("/tree")), first, "looking in Java");
        }
      }
      var _ = nextSecond();
      said("made");
      onTheMount(servers.mnt);
      onTheMount(looking);
      inJava(then);
      byTheCommand("before-");

      said("read back");
      servers.killServers();
      servers.start(1, 1);
      said("servers started again");
      onTheMount(servers.mnt);
      onTheMount(looking);
      inJava(then);
      byTheCommand("after-");
    }
    assertThat(digest.of(servers.mnt.resolve("tree"))).isEqualTo(states.getLast().lines);
    assertThat(servers.dfs(0, "fsck")).contains("no problems found");
    said("read back");
  }
}

package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.client.metadata.StreamSession;
import dfs.system.Blows.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL or SIGSTOP of chunk servers that are just written to, under writers that record what was
 * acknowledged, a stream, and readers: none of them hears of it, the copies come back without
 * anybody reading, and each copy alone is right. In the short form a server that was killed comes
 * back at once, but for the last one, which stays away; and how much went through is only said. One
 * that was stopped goes on later, where the copies are back by then, with all that it was asked
 * before.
 */
@Timeout(3600)
class ChunkKillTest {
  private static final boolean LONG = Boolean.getBoolean("dfs.long");
  private static final int KILLS = Integer.getInteger("dfs.rounds", LONG ? 50 : 5);
  private static final int STOPS = Integer.getInteger("dfs.rounds", LONG ? 50 : 2);

  /** Of the longest call of any; in the short form other tests have the machine as well. */
  private static final double STALL_SECONDS_MAX = LONG ? 3 : 9;

  /** What the metadata server logs of who is silent, and a chunk server of who speaks late. */
  private static final Pattern CUT_OFF =
      Pattern.compile("chunk server \\d+ is silent: it is cut off");

  private static final Pattern REFUSED = Pattern.compile("refused Request\\[kind=APPEND");

  /** Read by four and written by a stream, from before a kill until after it. */
  private static final double LOAD_BYTES_PER_SECOND_MIN = 20e6;

  /** Of the rate of {@code cp} and fsync on the same disk, without load. */
  private static final double COPY_SHARE_MIN = 0.5;

  /** Of 64 MiB, so that how fast they are copied says something. */
  private static final int BULK_FILES = 16;

  /** For so long at least, and less than twice that, everybody works before a kill, and after. */
  private static final int WORK_MILLIS = LONG ? 1000 : 500;

  private @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path scratch;
  private ServerProcesses servers;
  private RecordingWriters writers;
  private KillLoad load;
  private Random random;
  private double slowestSeconds;
  private double leastLoad = Double.MAX_VALUE;

  @BeforeEach
  void prepare() throws IOException {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    servers = new ServerProcesses(scratch);
    writers = new RecordingWriters(servers.mnt);
    load = new KillLoad(scratch);
    random = new Random(Long.getLong("dfs.seed", System.nanoTime()));
  }

  @AfterEach
  void end() throws Exception {
    if (writers != null) {
      load.close();
      writers.close();
      servers.close();
    }
  }

  private StreamSession start(int count, int copies) throws Exception {
    servers.start(count, copies, "--copy-rate", "0");
    servers.mount();
    Shell.run(
        servers.mnt, "for i in 1 2 3 4 5 6 7 8; do head -c 2000000 /dev/urandom >s$i; done; sync");
    return servers.session();
  }

  /**
   * Strikes so many at once while everybody works, who then stop.
   *
   * @return who they are
   */
  private List<Integer> strike(Blows blows, int victims, String stream) throws Exception {
    load.start(stream);
    writers.startAndWork(WORK_MILLIS);
    long since = System.nanoTime();
    long before = load.moved();
    if (LONG) {
      writers.work(WORK_MILLIS);
    }
    List<Integer> chosen = blows.strike(victims, stream);
    writers.work(WORK_MILLIS);
    double moved = (load.moved() - before) * 1e9 / (System.nanoTime() - since);
    leastLoad = Math.min(leastLoad, moved);
    writers.stop();
    slowestSeconds = Math.max(slowestSeconds, load.stop());
    return chosen;
  }

  private void revive(List<Integer> struck, Signal signal) throws Exception {
    for (int victim : struck) {
      if (signal == Signal.KILL) {
        servers.startChunk(victim, "--copy-rate", "0");
      } else {
        servers.chunk(victim).wake();
      }
    }
  }

  private void run(int count, int copies, int victims, Signal signal) throws Exception {
    StreamSession session = start(count, copies);
    Blows blows = new Blows(servers, count, copies, random, signal);
    int all = signal == Signal.KILL ? KILLS : STOPS;
    for (int struck = victims; struck + victims <= all; struck += victims) {
      List<Integer> victimsNow = strike(blows, victims, "stream-" + struck);
      blows.judge(session);
      if (LONG) {
        long goneNanos = servers.awaitHere(count - victims);
        writers.verifyExactly();
        servers.awaitCopies(goneNanos);
        revive(victimsNow, signal);
      } else {
        revive(victimsNow, signal);
        writers.verifyExactly();
      }
    }
    if (LONG) {
      Shell.run(
          servers.mnt,
          "for i in $(seq %d); do head -c 64M /dev/urandom >bulk$i; done; sync"
              .formatted(BULK_FILES));
    }
    List<Integer> last = strike(blows, victims, "stream");
    CopyRate copied = new CopyRate(servers, count);
    blows.judge(session);
    servers.awaitCopies(servers.awaitHere(count - victims));
    double share = copied.measure();
    writers.verifyExactly();
    if (LONG || signal == Signal.STOP) {
      revive(last, signal);
      servers.awaitHealthy();
      writers.verifyExactly();
    }
    servers.dfs(0, "fsck");
    SingleCopies.compare(servers, count, copies, session);
    blows.check(LONG);
    check(share, signal == Signal.KILL ? KILLS : STOPS);
    if (signal == Signal.STOP) {
      checkWhatCameLate();
    }
  }

  private long logged(Pattern line) throws IOException {
    long count = 0;
    try (Stream<Path> logs = Files.list(Path.of(servers.data, "log"))) {
      for (Path log : logs.toList()) {
        count += line.matcher(Files.readString(log)).results().count();
      }
    }
    return count;
  }

  /** They were given up, and what they did later was refused. */
  private void checkWhatCameLate() throws IOException {
    long cutOff = logged(CUT_OFF);
    long refused = logged(REFUSED);
    System.out.println("%d were cut off, %d appends came late".formatted(cutOff, refused));
    assertThat(cutOff).as("servers that were cut off").isPositive();
    if (LONG) {
      assertThat(refused).as("appends of a server that woke up").isPositive();
    }
  }

  private void check(double share, int struck) {
    double slowest = Math.max(slowestSeconds, writers.slowestNanos() / 1e9);
    System.out.println(
        "%d were struck, the longest call took %.2f s (of readers and the stream %.2f), %.1f MB/s were moved around one at the least"
            .formatted(struck, slowest, slowestSeconds, leastLoad / 1e6));
    assertThat(slowest).as("the longest call").isLessThan(STALL_SECONDS_MAX);
    if (LONG) {
      assertThat(leastLoad).isGreaterThanOrEqualTo(LOAD_BYTES_PER_SECOND_MIN);
      assertThat(share).as("of the rate of cp and fsync").isGreaterThanOrEqualTo(COPY_SHARE_MIN);
    }
  }

  @Test
  void nobodyNoticesThatOneOfThreeDies() throws Exception {
    run(3, 2, 1, Signal.KILL);
  }

  @Test
  void nobodyNoticesThatTwoOfFiveDie() throws Exception {
    run(5, 3, 2, Signal.KILL);
  }

  @Test
  void nobodyNoticesThatOneOfThreeStops() throws Exception {
    run(3, 2, 1, Signal.STOP);
  }

  @Test
  void nobodyNoticesThatTwoOfFiveStop() throws Exception {
    run(5, 3, 2, Signal.STOP);
  }
}

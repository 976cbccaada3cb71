package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.client.metadata.StreamSession;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL of chunk servers that are just written to, under writers that record what was
 * acknowledged, a stream, and readers: none of them hears of it, the copies come back without
 * anybody reading, and each copy alone is right. In the short form a server that was killed comes
 * back at once, but for the last one, which stays away; and how fast it all went is only said.
 */
@Timeout(3600)
class ChunkKillTest {
  private static final boolean LONG = Boolean.getBoolean("dfs.long");
  private static final int KILLS = Integer.getInteger("dfs.rounds", LONG ? 50 : 5);
  private static final double STALL_SECONDS = 3;

  /** Read by four and written by a stream, from before a kill until after it. */
  private static final double LOAD_BYTES_PER_SECOND_MIN = 20e6;

  /** Of the rate of {@code cp} and fsync on the same disk, without load. */
  private static final double COPY_SHARE_MIN = 0.5;

  /** Of 64 MiB, so that how fast they are copied says something. */
  private static final int BULK_FILES = 16;

  /** For so long at least, and less than twice that, everybody works before a kill, and after. */
  private static final int WORK_MILLIS = LONG ? 1000 : 500;

  private @TempDir Path scratch;
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
   * Kills so many at once while everybody works, who then stop.
   *
   * @return who was killed
   */
  private List<Integer> kill(Blows blows, int victims, String stream) throws Exception {
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

  private void restart(List<Integer> killed) throws IOException {
    for (int victim : killed) {
      servers.startChunk(victim, "--copy-rate", "0");
    }
  }

  private void run(int count, int copies, int victims) throws Exception {
    StreamSession session = start(count, copies);
    Blows blows = new Blows(servers, count, copies, random);
    for (int kills = victims; kills + victims <= KILLS; kills += victims) {
      List<Integer> killed = kill(blows, victims, "stream-" + kills);
      blows.judge(session);
      if (LONG) {
        long goneNanos = servers.awaitHere(count - victims);
        writers.verifyExactly();
        servers.awaitCopies(goneNanos);
        restart(killed);
      } else {
        restart(killed);
        writers.verifyExactly();
      }
    }
    if (LONG) {
      Shell.run(
          servers.mnt,
          "for i in $(seq %d); do head -c 64M /dev/urandom >bulk$i; done; sync"
              .formatted(BULK_FILES));
    }
    List<Integer> killed = kill(blows, victims, "stream");
    CopyRate copied = new CopyRate(servers, count);
    blows.judge(session);
    servers.awaitCopies(servers.awaitHere(count - victims));
    double share = copied.measure();
    writers.verifyExactly();
    if (LONG) {
      restart(killed);
      servers.awaitHealthy();
    }
    servers.dfs(0, "fsck");
    SingleCopies.compare(servers, count, copies, session);
    blows.check(LONG);
    check(share);
  }

  private void check(double share) {
    double slowest = Math.max(slowestSeconds, writers.slowestNanos() / 1e9);
    System.out.println(
        "%d kills, the longest call took %.2f s, %.1f MB/s were moved around one at the least"
            .formatted(KILLS, slowest, leastLoad / 1e6));
    if (LONG) {
      assertThat(slowest).isLessThan(STALL_SECONDS);
      assertThat(leastLoad).isGreaterThanOrEqualTo(LOAD_BYTES_PER_SECOND_MIN);
      assertThat(share).as("of the rate of cp and fsync").isGreaterThanOrEqualTo(COPY_SHARE_MIN);
    }
  }

  @Test
  void nobodyNoticesThatOneOfThreeDies() throws Exception {
    run(3, 2, 1);
  }

  @Test
  void nobodyNoticesThatTwoOfFiveDie() throws Exception {
    run(5, 3, 2);
  }
}

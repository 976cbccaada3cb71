package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import dfs.client.block.ChunkBlockStore;
import dfs.client.metadata.StreamSession;
import dfs.protocol.metadata.Reply.MapPage;
import dfs.protocol.seam.RealTime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A chunk server that is stopped and stays connected: nobody waits for it for long. */
@Timeout(300)
class StoppedServerTest {
  private static final double STALL_SECONDS_MAX = 9;
  private @TempDir Path directory;

  @BeforeEach
  void prepare() {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
  }

  private static JsonObject sealedBlocks(Cluster cluster, StreamSession session) throws Exception {
    return cluster.status(session).getAsJsonObject("volume").getAsJsonObject("sealedBlocks");
  }

  private static long openBlocks(Cluster cluster, StreamSession session) throws Exception {
    JsonObject blocks = cluster.status(session).getAsJsonObject("volume").getAsJsonObject("blocks");
    return blocks.has("open") ? blocks.get("open").getAsLong() : 0;
  }

  private static boolean areWhole(JsonObject blocks) {
    return blocks.get("healthy").getAsLong() > 0
        && blocks.get("underReplicated").getAsLong() == 0
        && blocks.get("unreachable").getAsLong() == 0
        && blocks.get("lost").getAsLong() == 0;
  }

  private static void awaitCopies(Cluster cluster, StreamSession session) throws Exception {
    long since = System.nanoTime();
    for (JsonObject blocks = sealedBlocks(cluster, session);
        !areWhole(blocks);
        blocks = sealedBlocks(cluster, session)) {
      assertThat(System.nanoTime() - since)
          .as("still %s", blocks)
          .isLessThan(TimeUnit.SECONDS.toNanos(60));
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
  }

  private static void assertEachCopyIs(Path file, Cluster cluster, StreamSession session)
      throws Exception {
    byte[] bytes = Files.readAllBytes(file);
    MapPage map = CopiesTest.map(session, file.getFileName().toString());
    try (ChunkBlockStore blocks = new ChunkBlockStore(cluster.services, session::id)) {
      for (int member = 0; member < 2; member++) {
        assertThat(Arrays.equals(CopiesTest.copy(map, member, blocks), bytes))
            .as("copy %d of %s", member, file)
            .isTrue();
      }
    }
  }

  /** Writes and syncs, and says how long the longest took and what the sum is. */
  private static Process writer(Path here) throws Exception {
    return new ProcessBuilder(
            "timeout",
            "60",
            "python3",
            "-c",
            """
            import hashlib, os, time
            fd = os.open('mnt/f', os.O_CREAT | os.O_WRONLY); h = hashlib.sha256(); longest = 0
            for i in range(300):
                b = os.urandom(30000); t = time.monotonic()
                os.write(fd, b); h.update(b); os.fsync(fd)
                longest = max(longest, time.monotonic() - t)
                if i == 100: print('half', flush=True)
            os.close(fd); print(longest, flush=True); print(h.hexdigest(), flush=True)
            """)
        .directory(here.toFile())
        .redirectErrorStream(true)
        .start();
  }

  private static double seconds(Path here, String command) throws Exception {
    long since = System.nanoTime();
    Shell.run(here, command);
    return (System.nanoTime() - since) / 1e9;
  }

  /** Whichever it is of the three that hold two copies: one of them in the short form. */
  private static List<Integer> victims() {
    if (Boolean.getBoolean("dfs.long")) {
      return List.of(0, 1, 2);
    }
    long seed = Long.getLong("dfs.seed", System.nanoTime());
    System.out.println("the one that is stopped: -Ddfs.seed=" + seed);
    return List.of(new Random(seed).nextInt(3));
  }

  @Test
  void writersAndReadersGoOnAndWhatItSaysLateDoesNoHarm() throws Exception {
    for (int victim : victims()) {
      Path here = Files.createDirectory(directory.resolve("round-" + victim));
      try (Cluster cluster = new Cluster(here, new RealTime(), 0, 3, 2)) {
        cluster.mount(here.resolve("mnt"));
        // Long from the start, so that it gets a block of its own, which is ended with it.
        Shell.run(
            here,
            "truncate -s 9000001 mnt/large;"
                + " head -c 9000001 /dev/urandom | dd of=mnt/large bs=1M conv=notrunc 2>&1;"
                + " sync -f mnt/large");
        String large = Shell.run(here, "sha256sum mnt/large");
        Process writer = writer(here);
        try (var said = writer.inputReader()) {
          assertThat(said.readLine()).isEqualTo("half");
          cluster.processes.get(victim).stop();
          Shell.run(here, "echo 3 >/proc/sys/vm/drop_caches");
          assertThat(seconds(here, "timeout 30 head -c 1000000 mnt/large >/dev/null"))
              .as("a read with server %d stopped", victim)
              .isLessThan(STALL_SECONDS_MAX);
          assertThat(Double.parseDouble(said.readLine()))
              .as("a write with server %d stopped", victim)
              .isLessThan(STALL_SECONDS_MAX);
          String sum = said.readLine();
          assertThat(writer.waitFor()).isZero();
          Shell.run(here, "echo 3 >/proc/sys/vm/drop_caches");
          assertThat(Shell.run(here, "sha256sum <mnt/f")).startsWith(sum);
          StreamSession session = cluster.session(false);
          awaitCopies(cluster, session);
          cluster.processes.get(victim).wake();
          awaitCopies(cluster, session);
          // That of the file ends soon after its last close; the shared ones, for synced appends
          // and
          // for what was written back because of its age, after a minute.
          Awaitility.await()
              .atMost(20, TimeUnit.SECONDS)
              .untilAsserted(
                  () ->
                      assertThat(openBlocks(cluster, session))
                          .as("what broke was ended")
                          .isLessThanOrEqualTo(2));
          Shell.run(here, "echo 3 >/proc/sys/vm/drop_caches");
          assertThat(Shell.run(here, "sha256sum <mnt/f")).startsWith(sum);
          assertThat(Shell.run(here, "sha256sum mnt/large")).isEqualTo(large);
          assertEachCopyIs(here.resolve("mnt/f"), cluster, session);
          assertEachCopyIs(here.resolve("mnt/large"), cluster, session);
        }
      }
    }
  }
}

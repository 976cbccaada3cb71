package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Everything on the disk of one chunk server rots while nothing runs: readers do not notice, and
 * without any reader all of it is replaced.
 */
@Timeout(600)
@Tag("side-by-side")
class RotTest {
  private static final long PASS_NANOS = TimeUnit.SECONDS.toNanos(120);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /**
   * Turns one byte of each data file over, of each third side file, and of each segment of the
   * journal; swaps two data files, two side files and two whole blocks, truncates one block and
   * deletes one. Arguments: directory, seed.
   */
  private static final String ROT =
      """
      import glob, os, random, sys
      directory, chance = sys.argv[1], random.Random(int(sys.argv[2]))
      def flip(name, first=0):
          size = os.path.getsize(name)
          if size > first:
              with open(name, 'r+b') as f:
                  at = chance.randrange(first, size)
                  f.seek(at); byte = f.read(1)[0]
                  f.seek(at); f.write(bytes([byte ^ 0x10]))
      def swap(a, b):
          os.rename(a, a + '.t'); os.rename(b, a); os.rename(a + '.t', b)
      blocks = sorted(name[:-2] for name in glob.glob(directory + '/data/*/*.m'))
      assert len(blocks) >= 12, blocks
      for i, block in enumerate(blocks):
          flip(block + '.d')
          if i % 3 == 0:
              flip(block + '.m')
      chance.shuffle(blocks)
      swap(blocks[0] + '.d', blocks[1] + '.d')
      swap(blocks[2] + '.m', blocks[3] + '.m')
      swap(blocks[4] + '.d', blocks[5] + '.d'); swap(blocks[4] + '.m', blocks[5] + '.m')
      os.truncate(blocks[6] + '.d', os.path.getsize(blocks[6] + '.d') // 2)
      os.truncate(blocks[7] + '.m', os.path.getsize(blocks[7] + '.m') // 2)
      os.remove(blocks[8] + '.d')
      os.remove(blocks[9] + '.m')
      os.remove(blocks[10] + '.d'); os.remove(blocks[10] + '.m')
      for segment in glob.glob(directory + '/journal/*'):
          flip(segment)
      print(len(blocks), 'blocks')
      """;

  private @TempDir Path scratch;
  private ServerProcesses servers;

  @BeforeEach
  void prepare() throws IOException {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    servers = new ServerProcesses(scratch);
    Files.writeString(scratch.resolve("rot.py"), ROT);
  }

  @AfterEach
  void end() throws Exception {
    if (servers != null) {
      servers.close();
    }
  }

  /** A tree whose blocks lie on two of so many servers each; returns its digests. */
  private String fill(int count) throws Exception {
    servers.start(count, 2);
    servers.mount();
    Shell.run(
        servers.mnt,
        "for i in $(seq 24); do head -c $((4200000 + i * 7001)) /dev/urandom >large$i; done;"
            + " mkdir small; for i in $(seq 100); do head -c $((i * 301)) /dev/urandom >small/$i;"
            + " done; sync");
    String digests = servers.digests();
    servers.stop();
    return digests;
  }

  /** Everything that the first server has. */
  private void rot() throws Exception {
    long seed = Long.getLong("dfs.seed", System.nanoTime());
    System.out.println("rot: -Ddfs.seed=" + seed);
    Shell.run(scratch, "python3 rot.py data/chunk " + seed);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void readersDoNotNoticeThatOneServerRots(int count) throws Exception {
    String written = fill(count);
    rot();
    servers.start(count, 2);
    servers.mount();
    assertThat(servers.digests()).isEqualTo(written);
    servers.awaitHealthy();
    assertThat(servers.digests()).isEqualTo(written);
  }

  @Test
  void scrubbingFindsAllRotAndItIsReplacedWhereItIs() throws Exception {
    String written = fill(2);
    rot();
    scrub(2);
    Shell.run(scratch, "mv data/chunk-2 data/away");
    servers.start(1, 1);
    servers.mount();
    assertThat(servers.digests()).as("from the copies that were made").isEqualTo(written);
  }

  @Test
  void scrubbingFindsAllRotAndItIsReplacedElsewhere() throws Exception {
    String written = fill(3);
    rot();
    scrub(3);
    servers.start(3, 2);
    servers.mount();
    assertThat(servers.digests()).isEqualTo(written);
    servers.awaitHealthy();
  }

  /** Nothing is deleted, and all else of the file can be read: {@link DamageTest} shows which. */
  @Test
  void filesWhoseCopiesAreAllDamagedAreNamed() throws Exception {
    servers.start(2, 2);
    servers.mount();
    Shell.run(
        servers.mnt,
        "mkdir -p a/b; head -c 5000000 /dev/urandom >a/b/bad; head -c 5000001 /dev/urandom >good;"
            + " sync");
    servers.stop();
    Files.writeString(
        scratch.resolve("flip.py"),
        """
        import sys
        for name in sys.argv[1:]:
            with open(name, 'r+b') as f:
                f.seek(70000); byte = f.read(1)[0]
                f.seek(70000); f.write(bytes([byte ^ 0x10]))
        """);
    Shell.run(scratch, "python3 flip.py $(find data/chunk* -name '*.d' -size 5000000c)");
    servers.start(2, 2, "--scrub-rate", "1000", "--scrub-every", "1");
    awaitScrubbed();
    Awaitility.await()
        .atMost(60, TimeUnit.SECONDS)
        .untilAsserted(
            () ->
                assertThat(servers.dfs(1, "fsck"))
                    .contains("/a/b/bad: no good copy of block")
                    .doesNotContain("/good"));
    assertThat(Shell.run(scratch, "find data/chunk* -name '*.d' -size 5000000c | wc -l"))
        .isEqualTo("2");
  }

  /** Nobody reads but the servers themselves: all is found in one pass, and nothing by the next. */
  private void scrub(int count) throws Exception {
    servers.start(count, 2, "--scrub-rate", "1000", "--scrub-every", "1");
    awaitScrubbed();
    servers.awaitHealthy();
    awaitScrubbed();
    assertThat(servers.status().get("healthy").getAsBoolean()).isTrue();
    servers.stop();
  }

  /** A whole pass of each server ends after now. */
  private void awaitScrubbed() throws Exception {
    String before = scrubbed();
    long since = System.nanoTime();
    while (true) {
      String now = scrubbed();
      List<String> ended = List.of(now.split(",", -1));
      boolean all = ended.stream().noneMatch(List.of(before.split(",", -1))::contains);
      if (all && !now.contains("never")) {
        return;
      }
      assertThat(System.nanoTime() - since).as("scrubbed %s", now).isLessThan(PASS_NANOS);
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private String scrubbed() throws Exception {
    List<String> ended = new ArrayList<>();
    JsonArray shown = servers.status().getAsJsonArray("chunkServers");
    shown.forEach(
        server ->
            ended.add(
                server
                    .getAsJsonObject()
                    .getAsJsonArray("directories")
                    .get(0)
                    .getAsJsonObject()
                    .get("scrubbed")
                    .getAsString()));
    return String.join(",", ended);
  }
}

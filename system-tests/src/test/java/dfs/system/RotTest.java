package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import dfs.protocol.Limits;
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
  private static final boolean LONG = Boolean.getBoolean("dfs.long");

  /** Bytes that turn over besides those of each file. */
  private static final int FLIPS = LONG ? 1000 : 20;

  /** What rotted is whole again after this time. */
  private static final long MENDED_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** No pass begins because the last one was so long ago. */
  private static final String ONE_PASS = "3600";

  /**
   * Turns one byte of each data file over, some more anywhere in them, and one of each third side
   * file; swaps two data files, two side files and two whole blocks, truncates one block and
   * deletes one. Arguments: directory, seed, how many more bytes.
   */
  private static final String ROT =
      """
      import glob, os, random, sys
      directory, chance = sys.argv[1], random.Random(int(sys.argv[2]))
      def flip(name):
          size = os.path.getsize(name)
          if size > 0:
              with open(name, 'r+b') as f:
                  at = chance.randrange(size)
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
      for i in range(int(sys.argv[3])):
          flip(chance.choice(blocks) + '.d')
      chance.shuffle(blocks)
      swap(blocks[0] + '.d', blocks[1] + '.d')
      swap(blocks[2] + '.m', blocks[3] + '.m')
      swap(blocks[4] + '.d', blocks[5] + '.d'); swap(blocks[4] + '.m', blocks[5] + '.m')
      os.truncate(blocks[6] + '.d', os.path.getsize(blocks[6] + '.d') // 2)
      os.truncate(blocks[7] + '.m', os.path.getsize(blocks[7] + '.m') // 2)
      os.remove(blocks[8] + '.d')
      os.remove(blocks[9] + '.m')
      os.remove(blocks[10] + '.d'); os.remove(blocks[10] + '.m')
      print(len(blocks), 'blocks')
      """;

  /**
   * Turns one byte of a batch of the journal over that others follow, or of each of them.
   * Arguments: directory, seed, "one" or "all".
   */
  private static final String JOURNAL_ROT =
      """
      import glob, random, sys
      directory, chance = sys.argv[1], random.Random(int(sys.argv[2]))
      batches = []
      for segment in sorted(glob.glob(directory + '/journal/[0-9]*')):
          with open(segment, 'rb') as f:
              bytes_ = f.read()
          batches += [(segment, at) for at in range(0, len(bytes_), 4096) if bytes_[at:at + 4] == b'DFSJ']
      assert len(batches) >= 12, batches
      chosen = batches if sys.argv[3] == 'all' else [chance.choice(batches[:-3])]
      for segment, at in chosen:
          with open(segment, 'r+b') as f:
              f.seek(at + chance.randrange(4, 60)); byte = f.read(1)[0]
              f.seek(-1, 1); f.write(bytes([byte ^ 0x10]))
      print(len(chosen), 'of', len(batches), 'batches')
      """;

  private @TempDir Path scratch;
  private ServerProcesses servers;

  @BeforeEach
  void prepare() throws IOException {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    servers = new ServerProcesses(scratch);
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

  private void run(String script, String arguments) throws Exception {
    long seed = Long.getLong("dfs.seed", System.nanoTime());
    System.out.println("rot: -Ddfs.seed=" + seed);
    Files.writeString(scratch.resolve("rot.py"), script);
    Shell.run(scratch, "python3 rot.py data/chunk %d %s".formatted(seed, arguments));
  }

  /** Everything that the first server has. */
  private void rot() throws Exception {
    run(ROT, String.valueOf(FLIPS));
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

  /** All stop at once, with what was written last in their journals and in no side file. */
  @ParameterizedTest
  @ValueSource(strings = {"one", "all"})
  void readersDoNotNoticeThatTheJournalOfOneServerRots(String batches) throws Exception {
    servers.start(2, 2);
    DfsProcess mount = servers.mount();
    Shell.run(
        servers.mnt,
        "for i in $(seq 40); do head -c $((6000 + i * 301)) /dev/urandom >f$i; sync f$i; done");
    String written = servers.digests();
    servers.killServers();
    mount.kill();
    Shell.quietly("umount", "-l", servers.mnt.toString());
    run(JOURNAL_ROT, batches);
    servers.start(2, 2);
    servers.mount();
    assertThat(servers.digests()).isEqualTo(written);
    // The copies of what is written are not judged: the blocks of the mount that is gone are ended.
    Awaitility.await()
        .atMost(MENDED_NANOS, TimeUnit.NANOSECONDS)
        .untilAsserted(() -> assertThat(servers.dfs(0, "fsck")).doesNotContain(" open"));
    servers.awaitHealthy();
    servers.dfs(0, "fsck", "--read-data");
    servers.chunk(2).kill();
    Shell.run(scratch, "echo 3 >/proc/sys/vm/drop_caches");
    assertThat(servers.digests()).as("from the copies that were made").isEqualTo(written);
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

  /**
   * Both copies of one file are damaged in the same range, of another one in different ranges: of
   * the first exactly that range is an error, of the second nothing. Nothing is deleted. The first
   * is named; of the second each copy gets from the other what it lacks.
   */
  @Test
  void filesWhoseCopiesAreAllDamagedAreNamed() throws Exception {
    servers.start(2, 2);
    servers.mount();
    Shell.run(
        servers.mnt,
        "mkdir -p a/b; head -c 5000000 /dev/urandom >a/b/bad; head -c 5000001 /dev/urandom >good;"
            + " sync; cp a/b/bad good ..");
    servers.stop();
    Files.writeString(
        scratch.resolve("flip.py"),
        """
        import sys
        for name, at in zip(sys.argv[2:], map(int, sys.argv[1].split(','))):
            with open(name, 'r+b') as f:
                f.seek(at); byte = f.read(1)[0]
                f.seek(at); f.write(bytes([byte ^ 0x10]))
        """);
    Shell.run(
        scratch, "python3 flip.py 70000,70001 $(find data/chunk* -name '*.d' -size 5000000c)");
    Shell.run(
        scratch, "python3 flip.py 70000,900000 $(find data/chunk* -name '*.d' -size 5000001c)");
    servers.start(2, 2, "--scrub-rate", "1000");
    servers.mount();
    assertThat(FailingRanges.of(servers.mnt.resolve("a/b/bad"), scratch.resolve("bad")))
        .containsExactly(70_000 / Limits.UNIT_BYTES);
    assertThat(FailingRanges.of(servers.mnt.resolve("good"), scratch.resolve("good"))).isEmpty();
    awaitScrubbed();
    Awaitility.await()
        .atMost(60, TimeUnit.SECONDS)
        .untilAsserted(
            () ->
                assertThat(servers.dfs(1, "fsck", "--read-data"))
                    .contains("/a/b/bad: no good copy of block")
                    .doesNotContain("/good"));
    assertThat(Shell.run(scratch, "find data/chunk* -name '*.d' -size 5000000c | wc -l"))
        .isEqualTo("2");
  }

  /** Nobody reads but the servers themselves: in one pass, and there is no second one. */
  private void scrub(int count) throws Exception {
    Shell.run(scratch, "rm -f data/chunk*/scrub");
    servers.start(count, 2, "--scrub-rate", "1000", "--scrub-every", ONE_PASS);
    awaitScrubbed();
    long since = System.nanoTime();
    String ended = scrubbed();
    servers.awaitHealthy();
    // What was found last is told with a heartbeat, and counted with the next look at all blocks.
    Awaitility.await()
        .during(8, TimeUnit.SECONDS)
        .atMost(MENDED_NANOS, TimeUnit.NANOSECONDS)
        .until(() -> servers.status().get("healthy").getAsBoolean());
    assertThat(System.nanoTime() - since).as("until it was mended").isLessThan(MENDED_NANOS);
    servers.dfs(0, "fsck", "--read-data");
    assertThat(scrubbed()).isEqualTo(ended);
    servers.stop();
  }

  /** The first pass of each server has ended. */
  private void awaitScrubbed() throws Exception {
    long since = System.nanoTime();
    while (scrubbed().contains("never")) {
      assertThat(System.nanoTime() - since).as("the first pass").isLessThan(PASS_NANOS);
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

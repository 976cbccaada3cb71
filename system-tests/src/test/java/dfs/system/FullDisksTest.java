package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Disks are filled to their end: whoever writes hears that there is no room, and soon; nothing that
 * was acknowledged is lost; reading and deleting go on, and writing when something was deleted.
 */
@Timeout(1800)
class FullDisksTest {
  private static final int CHUNK_MEBIBYTES = 256;
  private static final int METADATA_MEBIBYTES = 128;

  /** What others have on the disk of the metadata, so that it is full before long. */
  private static final int OTHERS_MEBIBYTES = Boolean.getBoolean("dfs.long") ? 1 : 70;

  private static final int ROUNDS =
      Integer.getInteger("dfs.rounds", Boolean.getBoolean("dfs.long") ? 8 : 1);

  /** Most have a block of their own, some share one. */
  private static final int[] SIZES = {5_000_000, 7_000_000, 300_000, 9_000_000};

  private static final int LARGE_BYTES = 5_000_000;

  /** Small files that lie in the metadata: at least so many fit. */
  private static final int FULL_FILES = Boolean.getBoolean("dfs.long") ? 8_000 : 500;

  private static final long BACK_NANOS = TimeUnit.SECONDS.toNanos(10);

  private @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path scratch;
  private final List<LoopDisk> disks = new ArrayList<>();
  private ServerProcesses servers;

  @BeforeEach
  void prepare() {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    assumeTrue("root".equals(System.getProperty("user.name")), "loop mounts need root");
    servers = new ServerProcesses(scratch);
  }

  @AfterEach
  void end() throws Exception {
    if (servers != null) {
      servers.close();
      for (LoopDisk disk : disks) {
        disk.unmount();
      }
    }
  }

  private void disk(String name, int mebibytes) throws Exception {
    disks.add(LoopDisk.make(scratch, name, Path.of(servers.data, name), mebibytes));
  }

  /** More than so many files fit in the end: not all of the space comes back at once. */
  private static void fillAgain(FillingWriters writers, int files) throws Exception {
    long since = System.nanoTime();
    do {
      writers.fill();
    } while (writers.files() <= files && System.nanoTime() - since < BACK_NANOS);
    assertThat(writers.files()).as("files that fit again").isGreaterThan(files);
  }

  @Test
  void writersHearThatChunkServersAreFullAndGoOnWhenTheyAreNot() throws Exception {
    disk("metadata", METADATA_MEBIBYTES);
    for (String name : List.of("chunk", "chunk-2", "chunk-3")) {
      disk(name, CHUNK_MEBIBYTES);
    }
    servers.start(3, 2);
    servers.mount();
    FillingWriters writers =
        new FillingWriters(servers.mnt, number -> SIZES[number % SIZES.length]);
    for (int round = 0; round < ROUNDS; round++) {
      writers.fill();
      int full = writers.files();
      assertThat(full).as("files that fit").isGreaterThan(15);
      writers.verify();
      int victim = 1 + round % 3;
      servers.chunk(victim).kill();
      writers.verify();
      servers.startChunk(victim);
      writers.removeOneOf(2);
      writers.awaitRoom(LARGE_BYTES);
      fillAgain(writers, full * 2 / 3);
      writers.verify();
      writers.removeOneOf(1);
      writers.awaitRoom(LARGE_BYTES);
    }
    servers.awaitHealthy();
    servers.dfs(0, "fsck");
  }

  @Test
  void writersHearThatTheMetadataIsFullAndGoOnWhenItIsNot() throws Exception {
    disk("metadata", METADATA_MEBIBYTES);
    DfsProcess metadata = servers.startMetadata(1);
    servers.startChunk(1);
    servers.mount();
    Shell.run(scratch, "fallocate -l %dM data/metadata/others".formatted(OTHERS_MEBIBYTES));
    FillingWriters writers = new FillingWriters(servers.mnt, number -> 3000 + number % 1000);
    for (int round = 0; round < ROUNDS; round++) {
      writers.fill();
      int full = writers.files();
      assertThat(full).as("files that fit").isGreaterThan(FULL_FILES);
      metadata.kill();
      metadata = servers.startMetadata(1);
      writers.verify();
      writers.removeOneOf(2);
      writers.awaitRoom(0);
      fillAgain(writers, full * 2 / 3);
      writers.verify();
      writers.removeOneOf(1);
      writers.awaitRoom(0);
    }
    servers.dfs(0, "fsck");
  }
}

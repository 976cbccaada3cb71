package dfs.chunk.server;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.chunk.SimulatedDisk;
import dfs.chunk.block.BlockDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How all blocks are read again: how fast, and from where on. */
class ScrubberTest {
  private static final int BLOCKS = 5;
  private static final int BLOCK_BYTES = 10_000;
  private static final long WEEK_SECONDS = TimeUnit.DAYS.toSeconds(7);
  private static final long FAST = 1L << 40;

  private final SimulatedDisk disk = new SimulatedDisk();
  private final ManualTime time = new ManualTime();
  private BlockDirectory blocks;

  @BeforeEach
  void write() throws IOException {
    BlockDirectory.format(disk, ChunkServer.Config.SEGMENT_BYTES_MIN);
    blocks = BlockDirectory.open(disk, 1);
    time.advance(TimeUnit.SECONDS.toNanos(WEEK_SECONDS));
    for (long block = 1; block <= BLOCKS; block++) {
      byte[] bytes = new byte[BLOCK_BYTES];
      blocks.create(block, 1, Samples.SESSION, false);
      blocks.append(Samples.record(block, 0, bytes), ByteBuffer.wrap(bytes), false);
      blocks.seal(block, 1);
    }
  }

  @AfterEach
  void close() throws IOException {
    blocks.close();
  }

  private void damage(long block) throws IOException {
    disk.damage(
        Path.of("data/0%1$x/000000000000000%1$x.d".formatted(block)),
        9000,
        ByteBuffer.wrap(new byte[] {1}));
  }

  private Scrubber started(long bytesPerSecond) throws IOException {
    Scrubber scrubber =
        new Scrubber(blocks, disk, new ChunkServer.Scrub(bytesPerSecond, WEEK_SECONDS), time);
    scrubber.start();
    return scrubber;
  }

  /** The clock goes on meanwhile. */
  private void await(BooleanSupplier wanted) {
    Awaitility.await()
        .pollInterval(Duration.ofMillis(1))
        .until(
            () -> {
              time.advance(1000);
              return wanted.getAsBoolean();
            });
  }

  private void awaitPass(Scrubber scrubber) {
    await(() -> scrubber.lastPassNanos() > 0);
  }

  private List<Long> remembered() {
    try {
      return new HintFile(disk, "damaged", 1000).read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aPassThatWasCutShortGoesOnBehindWhatItHasRead() throws IOException {
    ScrubFile file = ScrubFile.open(disk);
    file.note(file.progress().begun(time.wallNanos()).at(3));
    damage(2);
    damage(4);
    try (Scrubber scrubber = started(FAST)) {
      awaitPass(scrubber);
      assertThat(blocks.wounded()).containsExactly(4L);
    }
    time.advance(TimeUnit.SECONDS.toNanos(WEEK_SECONDS));
    try (Scrubber scrubber = started(FAST)) {
      await(() -> blocks.wounded().size() == 2);
      assertThat(scrubber.lastPassNanos()).isPositive();
    }
  }

  /** It waits for what it has read, before it reads on. */
  @Test
  void itReadsNoFasterThanItIsTold() throws IOException {
    damage(BLOCKS);
    try (Scrubber scrubber = started(BLOCK_BYTES)) {
      for (int second = 0; second < BLOCKS - 1; second++) {
        assertThat(blocks.wounded()).as("after %d s", second).isEmpty();
        assertThat(scrubber.lastPassNanos()).isZero();
        Awaitility.await().until(() -> time.waiting() > 0);
        time.advance(TimeUnit.SECONDS.toNanos(1));
      }
      awaitPass(scrubber);
      assertThat(blocks.wounded()).containsExactly((long) BLOCKS);
    }
  }

  @Test
  void whatItKnowsToBeDamagedIsRememberedUntilItIsMended() throws IOException {
    damage(2);
    try (Scrubber scrubber = started(FAST)) {
      awaitPass(scrubber);
      scrubber.noteDamage();
      assertThat(remembered()).containsExactly(2L);
    }
    blocks.close();
    blocks = BlockDirectory.open(disk, 1);
    assertThat(blocks.wounded()).isEmpty();
    try (Scrubber scrubber = started(FAST)) {
      await(() -> blocks.wounded().contains(2L));
      blocks.delete(2);
      await(
          () -> {
            scrubber.noteDamage();
            return remembered().isEmpty();
          });
    }
  }
}

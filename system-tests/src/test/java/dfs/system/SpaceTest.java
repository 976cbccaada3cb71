package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dfs.client.block.ChunkBlockStore;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.StreamSession;
import dfs.client.path.VolumeTree;
import dfs.protocol.metadata.Caller;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The disk space of what was deleted or overwritten comes back once no version that can be read
 * names its block any more; what one living file shares a block with stays.
 */
@Timeout(120)
@Tag("side-by-side")
class SpaceTest {
  /** Blocks of their own are what files above 4 MiB get. */
  private static final int SOLO_BYTES = 9_000_000;

  private static final int PACKED_BYTES = 100_000;

  /** Side files, and what a file system rounds up to. */
  private static final long OVERHEAD_BYTES = 1 << 20;

  /** The minutes of a day are kept, in pieces of six hours. */
  private static final long ALL_TRIMMED_HOURS = 32;

  private @TempDir Path directory;
  private final Random random = new Random(1);
  private final Calendar calendar = Calendar.standingStill();
  private Cluster cluster;
  private StreamSession session;
  private OpenFiles files;
  private VolumeTree tree;

  @BeforeEach
  void start() throws Exception {
    cluster = new Cluster(directory, calendar);
    session = cluster.session(true);
    open();
  }

  private void open() {
    files = new OpenFiles(session, new ChunkBlockStore(cluster.services, session::id), calendar);
    tree = new VolumeTree(session, files, Caller.ROOT, 0, random);
  }

  @AfterEach
  void end() throws Exception {
    files.close();
    cluster.close();
  }

  private interface Step {
    void run() throws IOException;
  }

  /** Data files of blocks. */
  private Set<Path> blocks() throws IOException {
    try (Stream<Path> all = Files.walk(directory.resolve("chunk/data"))) {
      return all.filter(path -> path.toString().endsWith(".d"))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private Set<Path> made(Step step) throws IOException {
    Set<Path> before = blocks();
    step.run();
    Set<Path> after = blocks();
    after.removeAll(before);
    return after;
  }

  private byte[] put(String path, int length) throws IOException {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    tree.copyIn(Channels.newChannel(new ByteArrayInputStream(bytes)), path, 0644);
    return bytes;
  }

  private byte[] get(String path) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    tree.copyOut(path, Channels.newChannel(out));
    return out.toByteArray();
  }

  /** Writes over a file in place. */
  private byte[] overwrite(String path) throws IOException {
    byte[] bytes = new byte[SOLO_BYTES];
    random.nextBytes(bytes);
    long handle = files.open(tree.find(path));
    files.write(handle, 0, ByteBuffer.wrap(bytes), false, false);
    files.sync(handle);
    files.release(handle);
    return bytes;
  }

  /** Ends the blocks that are written to. */
  private void seal() throws IOException {
    files.close();
    open();
  }

  private long usedBytes() throws Exception {
    return Long.parseLong(Shell.run(directory, "du -sB1 chunk/data | cut -f1"));
  }

  private void awaitBlocks(Set<Path> expected) {
    Awaitility.await()
        .atMost(30, TimeUnit.SECONDS)
        .untilAsserted(() -> assertThat(blocks()).isEqualTo(expected));
  }

  /** What the servers say of the volume's blocks. */
  private long reported(String state) throws IOException {
    JsonObject counts = cluster.status(session).getAsJsonObject("volume").getAsJsonObject("blocks");
    return counts.has(state) ? counts.get(state).getAsLong() : 0;
  }

  @Test
  void trimmedHistoryGivesTheSpaceOfSoloBlocksBack() throws Exception {
    Set<Path> deleted = made(() -> put("/deleted", SOLO_BYTES));
    Set<Path> replaced = made(() -> put("/replaced", SOLO_BYTES));
    Set<Path> overwritten = made(() -> put("/overwritten", SOLO_BYTES));
    Set<Path> packed = made(() -> put("/neighbour", PACKED_BYTES));
    byte[] neighbour = put("/kept", PACKED_BYTES);
    seal();
    assertThat(blocks()).hasSize(4);
    calendar.advance(5, TimeUnit.SECONDS);

    tree.remove("/deleted", false);
    tree.remove("/neighbour", false);
    byte[] replacing = put("/replaced", SOLO_BYTES);
    byte[] overwriting = overwrite("/overwritten");
    Set<Path> passing = made(() -> put("/passing", SOLO_BYTES));
    tree.remove("/passing", false);
    seal();
    Set<Path> remembered = blocks();
    remembered.removeAll(passing);
    awaitBlocks(remembered);
    assertThat(remembered)
        .as("what was there five seconds ago can be read")
        .containsAll(deleted)
        .containsAll(replaced)
        .containsAll(overwritten)
        .containsAll(packed)
        .hasSize(6);
    assertThat(usedBytes()).isGreaterThan(5L * SOLO_BYTES);

    calendar.advance(ALL_TRIMMED_HOURS, TimeUnit.HOURS);
    Set<Path> living = new TreeSet<>(remembered);
    living.removeAll(deleted);
    living.removeAll(replaced);
    living.removeAll(overwritten);
    awaitBlocks(living);
    assertThat(living).hasSize(3).containsAll(packed);
    assertThat(usedBytes()).isLessThan(2L * SOLO_BYTES + 2L * PACKED_BYTES + OVERHEAD_BYTES);
    assertThat(get("/replaced")).isEqualTo(replacing);
    assertThat(get("/overwritten")).isEqualTo(overwriting);
    assertThat(get("/kept")).isEqualTo(neighbour);

    // Nobody has it open: it goes now, not when the next day has come.
    seal();
    calendar.advance(5, TimeUnit.SECONDS);
    tree.remove("/kept", false);
    living.removeAll(packed);
    // What still has it open for a moment lets go of it in the days that follow.
    Awaitility.await()
        .atMost(30, TimeUnit.SECONDS)
        .pollInterval(1, TimeUnit.SECONDS)
        .untilAsserted(
            () -> {
              calendar.advance(ALL_TRIMMED_HOURS, TimeUnit.HOURS);
              assertThat(blocks()).isEqualTo(living);
            });
    Awaitility.await()
        .atMost(30, TimeUnit.SECONDS)
        .untilAsserted(() -> assertThat(reported("dead")).isZero());
    assertThat(reported("closed")).isEqualTo(2);
  }
}

package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.protocol.Limits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Bytes that are damaged on a chunk server's disk while nothing runs read as EIO through the mount,
 * those and no others, at once and never as zeros. Every mount here is a fresh one: nothing is in
 * its caches.
 */
@Timeout(60)
@Tag("side-by-side")
class DamageTest {
  private static final int UNIT = Limits.UNIT_BYTES;
  private static final int JOURNAL_STEP = 4096;

  /** Behind the start of a batch, in its first entry. */
  private static final int IN_ENTRY = 60;

  private static final int FAILED = 1;

  private @TempDir Path scratch;
  private final List<DfsProcess> processes = new ArrayList<>();
  private Path mnt;
  private Path data;
  private Path copies;

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    mnt = scratch.resolve("mnt");
    data = scratch.resolve("data");
    copies = Files.createDirectory(scratch.resolve("copies"));
  }

  @AfterEach
  void end() throws Exception {
    processes.forEach(DfsProcess::close);
    if (mnt != null) {
      Shell.quietly("umount", "-l", mnt.toString());
    }
  }

  private DfsProcess up() throws IOException {
    DfsProcess dfs =
        DfsProcess.serve(
            scratch, "up", "--foreground", "--data", data.toString(), "--", mnt.toString());
    processes.add(dfs);
    return dfs;
  }

  /** A file of random bytes, synced, and its copy. */
  private byte[] write(String name, int bytes) throws Exception {
    Shell.run(
        scratch,
        "head -c %2$d /dev/urandom > copies/%1$s; cp copies/%1$s mnt/%1$s; sync mnt/%1$s"
            .formatted(name, bytes));
    return Files.readAllBytes(copies.resolve(name));
  }

  /** The 4 KiB ranges of a file that cannot be read; all others are what was written. */
  private List<Integer> failing(String name) throws Exception {
    return FailingRanges.of(mnt.resolve(name), copies.resolve(name));
  }

  /** A command fails and says so, once the servers have told each other. */
  private void awaitAlarm(String command, String text) {
    Awaitility.await()
        .atMost(20, TimeUnit.SECONDS)
        .untilAsserted(
            () ->
                assertThat(DfsProcess.call(FAILED, command, "--data", data.toString()))
                    .contains(text));
  }

  private static List<Path> files(Path folder, String suffix) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(path -> path.toString().endsWith(suffix)).sorted().toList();
    }
  }

  /** Where the bytes of a file lie. */
  private record Place(Path block, int offset) {}

  /** The file's bytes follow each other in one block. */
  private Place place(byte[] contents) throws IOException {
    for (Path block : files(data.resolve("chunk/data"), ".d")) {
      int at = indexOf(Files.readAllBytes(block), contents);
      if (at >= 0) {
        return new Place(block, at);
      }
    }
    throw new IOException("no block has these bytes");
  }

  private static int indexOf(byte[] in, byte[] wanted) {
    for (int at = 0; at <= in.length - wanted.length; at++) {
      if (Arrays.equals(in, at, at + wanted.length, wanted, 0, wanted.length)) {
        return at;
      }
    }
    return -1;
  }

  /** Turns one byte of a file over, where it lies on the disk. */
  private static void damage(Path file, long at) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, at);
      one.put(0, (byte) (one.get(0) ^ 0x40));
      channel.write(one.flip(), at);
    }
  }

  private static void zero(Path file, long from) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate((int) (channel.size() - from)), from);
    }
  }

  /** The ranges of a file that share a unit of its block with this byte of the block. */
  private static List<Integer> sharing(Place place, int length, int at) {
    int unit = at - at % UNIT;
    List<Integer> ranges = new ArrayList<>();
    for (int range = 0; range * UNIT < length; range++) {
      int from = place.offset() + range * UNIT;
      if (from < unit + UNIT && Math.min(from + UNIT, place.offset() + length) > unit) {
        ranges.add(range);
      }
    }
    return ranges;
  }

  @Test
  void damagedBytesFailForTheirRangesOnly() throws Exception {
    DfsProcess before = up();
    byte[] large = write("large", 6_000_000);
    byte[] packed = write("packed", 100_000);
    write("neighbour", 100_000);
    write("small", 1000);
    assertThat(before.stop()).isZero();
    Place block = place(Arrays.copyOf(large, UNIT));
    damage(block.block(), 5 * UNIT + 17);
    damage(block.block(), 1000 * UNIT);
    damage(block.block(), large.length - 1);
    Place shared = place(packed);
    damage(shared.block(), shared.offset() + 50_000);
    up();
    assertThat(failing("large")).containsExactly(5, 1000, 5_999_999 / UNIT);
    assertThat(failing("packed"))
        .isEqualTo(sharing(shared, packed.length, shared.offset() + 50_000));
    assertThat(failing("neighbour")).isEmpty();
    assertThat(failing("small")).isEmpty();
    assertThat(Shell.run(mnt, "timeout 20 cat large > /dev/null || echo failed"))
        .contains("Input/output");
    awaitAlarm("status", "is damaged");
  }

  /** Nothing was sealed: what is durable is known from the journal. */
  @Test
  void damageInABlockThatWasBeingWrittenIsNotTakenForItsEnd() throws Exception {
    DfsProcess before = up();
    byte[] first = write("first", 100_000);
    write("second", 100_000);
    write("third", 6000);
    before.kill();
    Place place = place(first);
    damage(place.block(), place.offset() + 50_000);
    up();
    assertThat(failing("first")).isEqualTo(sharing(place, first.length, place.offset() + 50_000));
    assertThat(failing("second")).isEmpty();
    assertThat(failing("third")).isEmpty();
  }

  /** The chunk server alone goes and comes back; the mount's block is still open. */
  @Test
  void damageWhileTheChunkServerIsAwayIsNotTakenForTheEndOfItsBlocks() throws Exception {
    String where = data.toString();
    processes.add(DfsProcess.serve(scratch, "metadata", "--foreground", "--data", where));
    DfsProcess chunk = DfsProcess.serve(scratch, "chunk", "--foreground", "--data", where);
    processes.add(chunk);
    processes.add(
        DfsProcess.serve(scratch, "mount", "--foreground", "--data", where, "--", mnt.toString()));
    byte[] only = write("only", 200_000);
    assertThat(chunk.stop()).isZero();
    Place place = place(only);
    damage(place.block(), place.offset() + 50_000);
    processes.add(DfsProcess.serve(scratch, "chunk", "--foreground", "--data", where));
    Shell.run(mnt, "dd if=only iflag=nocache count=0 status=none");
    assertThat(failing("only")).isEqualTo(sharing(place, only.length, place.offset() + 50_000));
    write("more", 200_000);
    assertThat(failing("more")).isEmpty();
  }

  /** Batches of the segment that is written to, in order. */
  private static List<Long> batches(Path segment) throws IOException {
    List<Long> starts = new ArrayList<>();
    byte[] bytes = Files.readAllBytes(segment);
    for (int at = 0; at < bytes.length; at += JOURNAL_STEP) {
      if (new String(bytes, at, 4, StandardCharsets.US_ASCII).equals("DFSJ")) {
        starts.add((long) at);
      }
    }
    return starts;
  }

  /** Files whose entries are gone from the journal; the others were read and found right. */
  private List<Integer> lost(int files) throws Exception {
    List<Integer> lost = new ArrayList<>();
    for (int i = 0; i < files; i++) {
      List<Integer> failing = failing("f" + i);
      if (!failing.isEmpty()) {
        assertThat(failing).as("ranges of f%d", i).containsExactly(0, 1);
        lost.add(i);
      }
    }
    return lost;
  }

  @Test
  void whatTheJournalLostOfCommittedBytesFails() throws Exception {
    DfsProcess before = up();
    for (int i = 0; i < 12; i++) {
      write("f" + i, 6000);
    }
    before.kill();
    Path segment = data.resolve("chunk/journal/0");
    List<Long> batches = batches(segment);
    assertThat(batches).as("a batch for each sync").hasSizeGreaterThanOrEqualTo(12);
    zero(segment, batches.get(batches.size() - 3) + IN_ENTRY);
    up();
    assertThat(lost(12)).as("the last three").containsExactly(9, 10, 11);
    awaitAlarm("fsck", "bytes beyond block");
  }

  /** A later entry says that what is gone was durable: how much of the block is gone is unknown. */
  @Test
  void aHoleInTheJournalFailsTheBlocksThatWereOpen() throws Exception {
    DfsProcess first = up();
    write("sealed", 6000);
    assertThat(first.stop()).isZero();
    DfsProcess second = up();
    for (int i = 0; i < 6; i++) {
      write("f" + i, 6000);
    }
    second.kill();
    Path segment = data.resolve("chunk/journal/0");
    List<Long> batches = batches(segment);
    damage(segment, batches.get(batches.size() - 3) + IN_ENTRY);
    up();
    assertThat(lost(6)).containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(failing("sealed")).isEmpty();
    awaitAlarm("status", "is damaged");
  }
}

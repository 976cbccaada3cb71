package dfs.chunk.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dfs.chunk.SimulatedDisk;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.Pieces;
import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BlockDirectoryTest {
  private static final long SEGMENT_BYTES = 2 << 20;
  private static final long SESSION = 9;
  private static final int DIRECTORY = 77;

  private final SimulatedDisk disk = new SimulatedDisk();

  private BlockDirectory fresh() throws IOException {
    BlockDirectory.format(disk, SEGMENT_BYTES);
    return BlockDirectory.open(disk, DIRECTORY);
  }

  private static BlockRecord record(long block, long offset, byte[] bytes) {
    return record(block, offset, bytes, 0);
  }

  private static BlockRecord record(long block, long offset, byte[] bytes, long ackedBytes) {
    return new BlockRecord(
        block,
        offset,
        1,
        bytes.length,
        false,
        5,
        5,
        offset,
        1,
        offset,
        SESSION,
        ackedBytes,
        1,
        offset + bytes.length,
        0,
        Pieces.checksums(offset, ByteBuffer.wrap(bytes)));
  }

  private static void append(
      BlockDirectory blocks, long block, long offset, byte[] bytes, boolean synced)
      throws IOException {
    blocks.append(record(block, offset, bytes), ByteBuffer.wrap(bytes), synced);
  }

  private static byte[] read(BlockDirectory blocks, long block, long offset, int count)
      throws IOException {
    ByteBuffer into = ByteBuffer.allocate(count);
    blocks.read(block, offset, into);
    return into.array();
  }

  private static byte[] bytes(Random random, int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  @Test
  void aSyncedSmallAppendIsOneFlush() throws IOException {
    BlockDirectory blocks = fresh();
    blocks.create(3, 1, SESSION, false);
    int before = disk.syncs();
    append(blocks, 3, 0, new byte[4096], true);
    assertThat(disk.syncs() - before).isEqualTo(1);
    append(blocks, 3, 4096, new byte[100_000], false);
    assertThat(disk.syncs() - before).as("a bulk append flushes nothing").isEqualTo(1);
    blocks.flush(3, 1);
    assertThat(disk.syncs() - before).as("data file, then journal").isEqualTo(3);
    blocks.flush(3, 1);
    assertThat(disk.syncs() - before).as("nothing new").isEqualTo(3);
  }

  @Test
  void aSealFlushesEachByteOnce() throws IOException {
    BlockDirectory blocks = fresh();
    blocks.create(3, 1, SESSION, false);
    append(blocks, 3, 0, new byte[100_000], false);
    int before = disk.syncs();
    blocks.seal(3, 1);
    assertThat(disk.syncs() - before)
        .as("data file, then the records and what seals them")
        .isEqualTo(3);
    blocks.create(4, 1, SESSION, false);
    append(blocks, 4, 0, new byte[100_000], false);
    blocks.flush(4, 1);
    append(blocks, 4, 100_000, new byte[4096], true);
    before = disk.syncs();
    blocks.seal(4, 1);
    assertThat(disk.syncs() - before)
        .as("the bytes that only the journal had, records, seal")
        .isEqualTo(3);
  }

  @Test
  void sealedBlocksReadBackAfterARestart() throws IOException {
    Random random = new Random(1);
    BlockDirectory blocks = fresh();
    blocks.create(3, 1, SESSION, false);
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    while (written.size() < 300_000) {
      byte[] piece = bytes(random, 1 + random.nextInt(9000));
      append(blocks, 3, written.size(), piece, false);
      written.writeBytes(piece);
    }
    assertThat(blocks.seal(3, 1)).isEqualTo(written.size());
    disk.crash(random);
    BlockDirectory again = BlockDirectory.open(disk, DIRECTORY);
    assertThat(read(again, 3, 0, written.size())).isEqualTo(written.toByteArray());
    assertThat(read(again, 3, 4095, 2))
        .isEqualTo(Arrays.copyOfRange(written.toByteArray(), 4095, 4097));
    assertThatThrownBy(() -> append(again, 3, written.size(), new byte[1], true))
        .isInstanceOf(BlockFault.class)
        .hasMessageContaining("sealed");
  }

  @Test
  void changedBytesAreNeverRead() throws IOException {
    for (boolean sealed : new boolean[] {false, true}) {
      SimulatedDisk own = new SimulatedDisk();
      BlockDirectory.format(own, SEGMENT_BYTES);
      BlockDirectory blocks = BlockDirectory.open(own, DIRECTORY);
      blocks.create(3, 1, SESSION, false);
      append(blocks, 3, 0, bytes(new Random(2), 20_000), true);
      if (sealed) {
        blocks.seal(3, 1);
      }
      own.damage(Path.of("data/03/0000000000000003.d"), 9000, ByteBuffer.wrap(new byte[] {1, 2}));
      assertThat(read(blocks, 3, 0, 8192)).hasSize(8192);
      assertThatThrownBy(() -> read(blocks, 3, 8192, 1))
          .isInstanceOfSatisfying(
              BlockFault.class,
              fault -> assertThat(fault.kind()).isEqualTo(BlockFault.Kind.DAMAGED));
    }
  }

  /** Of bytes that a later record calls durable only the damaged ones are gone. */
  @Test
  void damageIsToldFromATornEndByWhatLaterRecordsSay() throws IOException {
    for (long acked : new long[] {0, 20_000}) {
      SimulatedDisk own = new SimulatedDisk();
      BlockDirectory.format(own, SEGMENT_BYTES);
      BlockDirectory blocks = BlockDirectory.open(own, DIRECTORY);
      blocks.create(3, 1, SESSION, false);
      append(blocks, 3, 0, bytes(new Random(5), 20_000), false);
      blocks.flush(3, 1);
      byte[] later = bytes(new Random(6), 100);
      blocks.append(record(3, 20_000, later, acked), ByteBuffer.wrap(later), true);
      own.damage(Path.of("data/03/0000000000000003.d"), 9000, ByteBuffer.wrap(new byte[] {1, 2}));
      BlockDirectory again = BlockDirectory.open(own, DIRECTORY);
      if (acked == 0) {
        assertThat(again.length(3)).as("nobody was told that it is durable").isZero();
        continue;
      }
      assertThat(again.wounded()).containsExactly(3L);
      assertThat(read(again, 3, 0, 8192)).hasSize(8192);
      assertThatThrownBy(() -> read(again, 3, 8192, 1)).hasMessageContaining("at 8192");
      assertThat(read(again, 3, 12_288, 7712)).hasSize(7712);
      assertThat(read(again, 3, 20_000, 100)).isEqualTo(later);
    }
  }

  /** A stop leaves nothing to the journal: damage while the server is away cuts nothing. */
  @Test
  void damageAfterAnOrderlyStopCutsNothing() throws IOException {
    BlockDirectory blocks = fresh();
    blocks.create(3, 1, SESSION, false);
    append(blocks, 3, 0, bytes(new Random(7), 20_000), false);
    blocks.close();
    disk.damage(Path.of("data/03/0000000000000003.d"), 9000, ByteBuffer.wrap(new byte[] {1, 2}));
    BlockDirectory again = BlockDirectory.open(disk, DIRECTORY);
    assertThat(again.length(3)).isEqualTo(20_000);
    assertThat(read(again, 3, 12_288, 7712)).hasSize(7712);
    assertThatThrownBy(() -> read(again, 3, 8192, 1)).hasMessageContaining("at 8192");
  }

  /**
   * With its seal it lost what tells it from one that is open: the rest of it is read all the same.
   */
  @Test
  void whatElseRottedOfABlockThatLostItsSealIsFound() throws IOException {
    BlockDirectory blocks = fresh();
    sealed(blocks, 3);
    blocks.close();
    Path side = Path.of("data/03/0000000000000003.m");
    long end;
    try (DiskFile file = disk.open(side, false)) {
      end = file.size();
    }
    disk.damage(side, end - 10, ByteBuffer.wrap(new byte[] {1, 2}));
    disk.damage(Path.of("data/03/0000000000000003.d"), 9000, ByteBuffer.wrap(new byte[] {1, 2}));
    BlockDirectory again = BlockDirectory.open(disk, DIRECTORY);
    assertThat(again.state(3)).isEqualTo(new BlockDirectory.State(3, 1, 10_000, false));
    assertThatThrownBy(() -> again.verify(3, ByteBuffer.allocate(4096), bytes -> {}))
        .hasMessageContaining("at 8192");
    assertThat(again.wounded()).containsExactly(3L);
  }

  /** One bad sector is no reason to serve none of the others. */
  @Test
  void bytesWhoseSideFileIsGoneAreDamageAndWhatWasBeingMadeIsNothing() throws IOException {
    BlockDirectory blocks = fresh();
    for (long block : new long[] {3, 4}) {
      sealed(blocks, block);
    }
    blocks.close();
    disk.delete(Path.of("data/03/0000000000000003.m"));
    Path made = Path.of("data/03/0000000000000103.d");
    disk.open(made, true).close();
    BlockDirectory again = BlockDirectory.open(disk, DIRECTORY);
    assertThat(again.damaged()).containsExactly(3L);
    assertThat(disk.exists(made)).isFalse();
    again.delete(3);
    assertThat(disk.list(Path.of("data/03"))).isEmpty();
  }

  @Test
  void aDeletionThatWasCutShortIsDoneByTheNextOrder() throws IOException {
    for (int deletes = 1; deletes <= 3; deletes++) {
      BlockDirectory blocks = fresh();
      sealed(blocks, 3);
      blocks.close();
      BlockDirectory dying = BlockDirectory.open(dyingAfter(deletes), DIRECTORY);
      assertThatThrownBy(() -> dying.delete(3)).hasMessageContaining("killed");
      BlockDirectory again = BlockDirectory.open(disk, DIRECTORY);
      again.delete(3);
      assertThat(disk.list(Path.of("data/03"))).as("after %d deletes", deletes).isEmpty();
      again.close();
    }
  }

  /** Killed when so many files are deleted. */
  private Disk dyingAfter(int deletes) {
    AtomicInteger left = new AtomicInteger(deletes);
    return proxy(
        Disk.class,
        disk,
        (method, path, result) -> {
          if (method.equals("delete") && left.decrementAndGet() == 0) {
            throw new IOException("killed");
          }
          return result;
        });
  }

  @Test
  void aBadSectorInASideFileIsDamageOfItsBlock() throws IOException {
    BlockDirectory blocks = fresh();
    for (long block : new long[] {3, 4}) {
      blocks.create(block, 1, SESSION, false);
      append(blocks, block, 0, bytes(new Random(block), 100), true);
      blocks.seal(block, 1);
    }
    blocks.close();
    disk.spoil(Path.of("data/03/0000000000000003.m"));
    BlockDirectory again = BlockDirectory.open(disk, DIRECTORY);
    assertThat(again.damaged()).containsExactly(3L);
    assertThat(read(again, 4, 0, 100)).isEqualTo(bytes(new Random(4), 100));
    again.delete(3);
    again.create(3, 1, SESSION, false);
    assertThat(again.length(3)).isZero();
  }

  @Test
  void refusesWhatDoesNotContinueTheBlock() throws IOException {
    BlockDirectory blocks = fresh();
    blocks.create(3, 1, SESSION, false);
    append(blocks, 3, 0, new byte[10], false);
    assertThatThrownBy(() -> append(blocks, 3, 11, new byte[1], false))
        .hasMessageContaining("ends at 10, not at 11");
    append(blocks, 3, 0, new byte[10], false);
    assertThat(blocks.length(3)).as("a repeat is answered as the first").isEqualTo(10);
    assertThatThrownBy(
            () ->
                blocks.append(
                    record(3, 10, new byte[5]), ByteBuffer.wrap(new byte[] {1, 0, 0, 0, 0}), false))
        .hasMessageContaining("checksums");
    assertThatThrownBy(() -> read(blocks, 4, 0, 1)).hasMessageContaining("not here");
    assertThatThrownBy(() -> blocks.create(3, 1, SESSION, false)).hasMessageContaining("already");
  }

  /**
   * The journal zeroed from any byte of its last entries on: a block then ends before the entry
   * that is gone when nothing says that it was durable, and is damaged when something does.
   */
  @Test
  void aZeroedTailIsToldFromDamage() throws IOException {
    BlockDirectory.format(disk, 64 << 10);
    BlockDirectory blocks = BlockDirectory.open(disk, DIRECTORY);
    blocks.create(3, 1, SESSION, false);
    Random random = new Random(4);
    byte[] all = bytes(random, 400);
    int[] starts = new int[4];
    for (int i = 0; i < 4; i++) {
      starts[i] = i * 4096;
      append(blocks, 3, i * 100L, Arrays.copyOfRange(all, i * 100, (i + 1) * 100), true);
    }
    int entryBytes = 40 + 112 + 4 + 100;
    for (int at = starts[1]; at < starts[3] + entryBytes; at++) {
      SimulatedDisk zeroed = disk.copy();
      zeroed.damage(Path.of("journal/0"), at, ByteBuffer.allocate(starts[3] + 4096 - at));
      BlockDirectory again = BlockDirectory.open(zeroed, DIRECTORY);
      int whole = 0;
      while (whole < 4 && starts[whole] + entryBytes <= at) {
        whole++;
      }
      assertThat(again.length(3)).as("zeroed from %d", at).isEqualTo(whole * 100L);
      if (whole > 0) {
        assertThat(read(again, 3, 0, whole * 100)).isEqualTo(Arrays.copyOf(all, whole * 100));
      }
    }
    for (int broken = 0; broken < 4; broken++) {
      SimulatedDisk hole = disk.copy();
      hole.damage(Path.of("journal/0"), starts[broken] + 60L, ByteBuffer.wrap(new byte[] {99, 98}));
      for (int start = 0; start < 2; start++) {
        BlockDirectory again = BlockDirectory.open(hole, DIRECTORY);
        boolean marked = broken < 3;
        if (marked) {
          assertThatThrownBy(() -> again.length(3)).hasMessageContaining("damaged");
        } else {
          assertThat(again.length(3)).isEqualTo(300);
        }
      }
    }
  }

  /** Whatever was flushed is there after a power cut; what is there beyond is what was written. */
  @Test
  void flushedBytesSurviveCrashes() throws IOException {
    for (long seed = 1; seed <= 40; seed++) {
      Random random = new Random(seed);
      SimulatedDisk own = new SimulatedDisk();
      BlockDirectory.format(own, SEGMENT_BYTES);
      Map<Long, ByteArrayOutputStream> written = new HashMap<>();
      Map<Long, Integer> durable = new HashMap<>();
      for (int round = 0; round < 4; round++) {
        BlockDirectory blocks = BlockDirectory.open(own, DIRECTORY);
        check(blocks, written, durable, seed);
        long first = 1 + (10L * round);
        own.powerOffAfter(random.nextInt(400));
        try {
          for (int i = 0; i < 120; i++) {
            step(blocks, first + random.nextInt(4), random, written, durable);
          }
        } catch (IOException e) {
          assertThat(e).as("seed %d", seed).hasStackTraceContaining("power");
        }
        own.crash(random);
      }
      check(BlockDirectory.open(own, DIRECTORY), written, durable, seed);
    }
  }

  private static void step(
      BlockDirectory blocks,
      long block,
      Random random,
      Map<Long, ByteArrayOutputStream> written,
      Map<Long, Integer> durable)
      throws IOException {
    ByteArrayOutputStream mine = written.get(block);
    if (mine == null) {
      mine = new ByteArrayOutputStream();
      written.put(block, mine);
      blocks.create(block, 1, SESSION, true);
      durable.put(block, 0);
    }
    switch (random.nextInt(10)) {
      case 0 -> durable.put(block, (int) blocks.flush(block, 1));
      case 1, 2, 3 -> {
        byte[] bytes = bytes(random, 1 + random.nextInt(70_000));
        int offset = mine.size();
        mine.writeBytes(bytes);
        append(blocks, block, offset, bytes, true);
        durable.put(block, mine.size());
      }
      default -> {
        byte[] bytes = bytes(random, 1 + random.nextInt(20_000));
        int offset = mine.size();
        mine.writeBytes(bytes);
        append(blocks, block, offset, bytes, false);
      }
    }
  }

  private static void check(
      BlockDirectory blocks,
      Map<Long, ByteArrayOutputStream> written,
      Map<Long, Integer> durable,
      long seed)
      throws IOException {
    for (Map.Entry<Long, Integer> entry : durable.entrySet()) {
      long block = entry.getKey();
      int length = (int) blocks.length(block);
      ByteArrayOutputStream mine = Objects.requireNonNull(written.get(block));
      byte[] all = mine.toByteArray();
      assertThat(length)
          .as("block %d, seed %d", block, seed)
          .isBetween(entry.getValue(), all.length);
      if (length > 0) {
        assertThat(Arrays.equals(read(blocks, block, 0, length), Arrays.copyOf(all, length)))
            .as("bytes of block %d, seed %d", block, seed)
            .isTrue();
      }
      mine.reset();
      mine.writeBytes(Arrays.copyOf(all, length));
      entry.setValue(length);
    }
  }

  /** What happens to the files of one block while it is read through. */
  private Disk meddled(Runnable whenLooked, BooleanSupplier sideUnreadable) {
    return proxy(
        Disk.class,
        disk,
        (method, path, result) -> {
          boolean side = path instanceof Path p && p.toString().endsWith(".m");
          if (side && method.equals("exists")) {
            whenLooked.run();
          }
          return side && result instanceof DiskFile file
              ? proxy(
                  DiskFile.class,
                  file,
                  (call, into, read) -> {
                    if (call.equals("read") && sideUnreadable.getAsBoolean()) {
                      throw new IOException("Input/output error");
                    }
                    return read;
                  })
              : result;
        });
  }

  private interface Meddling {
    @Nullable Object with(String method, Object first, @Nullable Object result) throws IOException;
  }

  private static <T> T proxy(Class<T> type, T of, Meddling meddling) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              Object first = arguments == null ? "" : arguments[0];
              // Before the call for whoever looks, after it for whoever opens.
              if (method.getName().equals("exists")) {
                var _ = meddling.with("exists", first, null);
              }
              Object result;
              try {
                result = method.invoke(of, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
              return method.getName().equals("exists")
                  ? result
                  : meddling.with(method.getName(), first, result);
            }));
  }

  private static void sealed(BlockDirectory blocks, long block) throws IOException {
    blocks.create(block, 1, SESSION, false);
    append(blocks, block, 0, new byte[10_000], false);
    blocks.seal(block, 1);
  }

  @Test
  void aBlockThatIsDeletedWhileItIsReadThroughIsNotDamaged() throws IOException {
    BlockDirectory.format(disk, SEGMENT_BYTES);
    List<BlockDirectory> opened = new ArrayList<>();
    AtomicBoolean looked = new AtomicBoolean();
    Disk meddled =
        meddled(
            () -> {
              if (looked.get()) {
                assertThatCode(() -> opened.getFirst().delete(3)).doesNotThrowAnyException();
              }
            },
            () -> false);
    opened.add(BlockDirectory.open(meddled, DIRECTORY));
    BlockDirectory blocks = opened.getFirst();
    sealed(blocks, 3);
    looked.set(true);
    assertThatThrownBy(() -> blocks.verify(3, ByteBuffer.allocate(4096), bytes -> {}))
        .isInstanceOfSatisfying(
            BlockFault.class,
            fault -> assertThat(fault.kind()).isEqualTo(BlockFault.Kind.NO_SUCH_BLOCK));
    assertThat(blocks.wounded()).isEmpty();
  }

  @Test
  void aSideFileThatCannotBeReadIsDamageOfItsBlock() throws IOException {
    BlockDirectory.format(disk, SEGMENT_BYTES);
    AtomicBoolean unreadable = new AtomicBoolean();
    BlockDirectory blocks = BlockDirectory.open(meddled(() -> {}, unreadable::get), DIRECTORY);
    sealed(blocks, 3);
    unreadable.set(true);
    assertThatThrownBy(() -> blocks.verify(3, ByteBuffer.allocate(4096), bytes -> {}))
        .isInstanceOf(BlockFault.class);
    assertThat(blocks.wounded()).containsExactly(3L);
    assertThat(blocks.failed()).as("the disk as a whole").isNotDone();
  }

  /** What was taken is told of pieces that nobody can read any more. */
  @Test
  void theChecksumOfWholePiecesReadsNothing() throws IOException {
    BlockDirectory blocks = fresh();
    byte[] written = bytes(new Random(5), 20_000);
    blocks.create(3, 1, SESSION, false);
    append(blocks, 3, 0, Arrays.copyOf(written, 10_000), false);
    append(blocks, 3, 10_000, Arrays.copyOfRange(written, 10_000, 20_000), false);
    disk.damage(Path.of("data/03/0000000000000003.d"), 9000, ByteBuffer.wrap(new byte[] {1, 2}));
    ByteBuffer all = ByteBuffer.wrap(written);
    assertThat(blocks.checksum(3, 10_000, 10_000))
        .isEqualTo(Pieces.checksum(all.slice(10_000, 10_000), 10_000));
    assertThat(blocks.checksum(3, 0, 20_000)).isEqualTo(Pieces.checksum(all, 20_000));
    assertThat(blocks.wounded()).isEmpty();
    assertThatThrownBy(() -> blocks.checksum(3, 0, 9001))
        .isInstanceOfSatisfying(
            BlockFault.class, fault -> assertThat(fault.kind()).isEqualTo(BlockFault.Kind.DAMAGED));
    assertThatThrownBy(() -> blocks.checksum(3, 10_000, 10_001))
        .isInstanceOfSatisfying(
            BlockFault.class,
            fault -> assertThat(fault.kind()).isEqualTo(BlockFault.Kind.MALFORMED));
  }
}

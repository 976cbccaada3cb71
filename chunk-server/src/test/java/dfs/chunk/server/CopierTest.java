package dfs.chunk.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.chunk.SimulatedDisk;
import dfs.chunk.server.MetadataSide.Stream;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Pieces;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.frame.FrameServer;
import dfs.protocol.seam.Disk.Space;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkMessage.BlockState;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class CopierTest {
  private static final long BLOCK = 7;
  private static final long RESERVE_BYTES = 1_000_000;
  private static final byte[] BYTES = new byte[3_500_000];
  private static final long RATE = 1_000_000;
  private static final long SECOND_NANOS = 1_000_000_000;

  private final SimulatedDisk disk = new SimulatedDisk();
  private final ManualTime time = new ManualTime();
  private final MetadataSide metadata = new MetadataSide();
  private final BlockServices services = new BlockServices();
  private final List<BlockRecord> records = new ArrayList<>();
  private final Source one;
  private final Source two;

  CopierTest() throws IOException {
    one = new Source();
    two = new Source();
  }

  /** Small and large appends, each saying that all before it were durable. */
  @BeforeEach
  void write() throws IOException {
    Random random = new Random(1);
    random.nextBytes(BYTES);
    for (int at = 0; at < BYTES.length; ) {
      int most = random.nextInt(200) == 0 ? Limits.APPEND_BYTES : 4000;
      int count = Math.min(1 + random.nextInt(most), BYTES.length - at);
      records.add(record(at, count));
      at += count;
    }
    services.register("local:one", one);
    services.register("local:two", two);
    write(one, BLOCK, records);
    write(two, BLOCK, records);
  }

  private static BlockRecord record(int from, int count) {
    return new BlockRecord(
        BLOCK,
        from,
        1,
        count,
        true,
        5,
        5,
        from,
        1,
        from,
        Samples.SESSION,
        from,
        1,
        from + count,
        0,
        Pieces.checksums(from, ByteBuffer.wrap(BYTES, from, count)));
  }

  /** The same records, of another block. */
  private List<BlockRecord> ofBlock(long block) {
    List<BlockRecord> others = new ArrayList<>();
    for (BlockRecord r : records) {
      others.add(
          new BlockRecord(
              block,
              r.blockOffset(),
              r.epoch(),
              r.length(),
              r.packed(),
              r.ino(),
              r.map(),
              r.fileOffset(),
              r.lease(),
              r.sequence(),
              r.session(),
              r.ackedBytes(),
              r.modifyNanos(),
              r.sizeBytes(),
              r.keyId(),
              r.checksums()));
    }
    return others;
  }

  private static void write(Source source, long block, List<BlockRecord> written)
      throws IOException {
    ByteString all = Samples.all(block);
    source.create(all, block, 1, true, List.of());
    for (BlockRecord record : written) {
      int from = (int) record.blockOffset();
      source.append(all, record, ByteBuffer.wrap(BYTES, from, record.length()), false);
    }
    source.seal(all, block, 1);
  }

  private ChunkServer start() throws IOException {
    return start(ChunkServer.Config.COPY_BYTES_PER_SECOND);
  }

  private ChunkServer start(long copyBytesPerSecond) throws IOException {
    ChunkServer.Config config =
        new ChunkServer.Config(
            "h",
            "local:chunk",
            "local:metadata",
            Samples.CLUSTER_KEY,
            ChunkServer.Config.SEGMENT_BYTES_MIN,
            "/d",
            RESERVE_BYTES,
            0,
            ChunkServer.Scrub.USUAL);
    ChunkServer.Config bounded = config.copying(copyBytesPerSecond);
    return ChunkServer.start(bounded, disk, metadata, services, time, new Random(1));
  }

  private static final List<BlockState> COPIED = List.of(new BlockState(BLOCK, 1, BYTES.length, 1));

  private Stream welcome() throws InterruptedException {
    Stream stream = metadata.connection(time);
    stream.welcome(
        12,
        ByteString.copyFromUtf8("cluster"),
        List.of(new ChunkOrder.Key(Samples.KEY_ID, Samples.SECRET)),
        5);
    return stream;
  }

  /** Welcomes the server, which reports just this. */
  private Stream welcomed(BlockState... blocks) throws InterruptedException {
    Stream stream = welcome();
    assertThat(stream.next(ChunkMessage.Report.class).blocks()).containsExactly(blocks);
    return stream;
  }

  private static ChunkOrder.Copy order(long term, long length, String... sources) {
    BlockState state = new BlockState(BLOCK, 1, length, 1);
    return new ChunkOrder.Copy(
        state, Samples.SESSION, true, List.of(sources), Samples.all(BLOCK), term, 1);
  }

  private static ChunkOrder.Copy order(String... sources) {
    return order(5, BYTES.length, sources);
  }

  private void assertCopied() throws IOException {
    BlockService service = services.connect("local:chunk");
    ByteBuffer into = ByteBuffer.allocate(BYTES.length);
    service.read(Samples.all(BLOCK), BLOCK, 0, into);
    assertThat(Arrays.equals(into.array(), BYTES)).isTrue();
    List<BlockRecord> copied = new ArrayList<>();
    for (long at = 0; at < BYTES.length; ) {
      copied.addAll(service.records(Samples.all(BLOCK), BLOCK, at));
      at = copied.getLast().blockOffset() + copied.getLast().length();
    }
    assertThat(copied).isEqualTo(records);
  }

  private void assertFails(Stream stream, ChunkOrder.Copy order, String why) throws Exception {
    stream.send(order);
    ChunkMessage.CopyFailed failed = stream.next(ChunkMessage.CopyFailed.class);
    assertThat(failed.block()).isEqualTo(BLOCK);
    assertThat(failed.reason()).contains(why);
  }

  @Test
  void aCopyIsDurableBeforeItIsReported(@TempDir Path folder) throws Exception {
    Path socket = folder.resolve("s");
    try (FrameServer frames = FrameServer.start(socket, one);
        ChunkServer server = start()) {
      assertThat(frames).isNotNull();
      Stream stream = welcomed();
      stream.send(order("unix:" + socket));
      assertThat(stream.next(ChunkMessage.Report.class))
          .isEqualTo(new ChunkMessage.Report(COPIED, true));
      disk.powerOffAfter(0);
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
    disk.crash(new Random(2));
    try (ChunkServer server = start()) {
      Stream stream = welcomed(COPIED.getFirst());
      assertCopied();
      stream.send(order());
      assertThat(stream.next(ChunkMessage.Report.class).blocks())
          .as("what is here already")
          .isEqualTo(COPIED);
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
  }

  /** It ends elsewhere, or is damaged; only once all of it was read elsewhere it gives way. */
  @Test
  void aWrongReplicaGivesWayToAWholeOneAndToNothingElse() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = welcomed();
      stream.send(order("local:one"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      assertFails(stream, order(5, BYTES.length - 1, "local:one"), "another record at");
      assertCopied();
      disk.damage(
          Path.of("data/07/0000000000000007.d"), 0, ByteBuffer.wrap(new byte[] {(byte) ~BYTES[0]}));
      assertThatThrownBy(this::assertCopied).hasMessageContaining("at 0 what was written");
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).hasSize(1);
      one.damage(BLOCK, 1, (byte) (BYTES[1] + 1));
      assertFails(stream, order("local:one"), "no source has what is damaged at 0");
      assertThat(server.status().sealedBlocks()).as("the damaged one is kept").isEqualTo(1);
      stream.send(order("local:one", "local:two"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      assertCopied();
    }
  }

  /** Neither is whole: what is wrong here is taken from there, and lasts. */
  @Test
  void whatIsDamagedHereIsTakenFromAnotherThatIsDamagedElsewhere() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = welcomed();
      stream.send(order("local:one"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      int last = BYTES.length - 1;
      for (int at : new int[] {0, 1, Limits.UNIT_BYTES, last}) {
        ByteBuffer wrong = ByteBuffer.wrap(new byte[] {(byte) ~BYTES[at]});
        disk.damage(Path.of("data/07/0000000000000007.d"), at, wrong);
      }
      int there = 2 * Limits.UNIT_BYTES;
      one.damage(BLOCK, there, (byte) (BYTES[there] + 1));
      assertThatThrownBy(this::assertCopied).hasMessageContaining("at 0 what was written");
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).hasSize(1);
      stream.send(order("local:one"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      assertCopied();
      disk.powerOffAfter(0);
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
    disk.crash(new Random(2));
    try (ChunkServer server = start()) {
      var _ = welcomed(COPIED.getFirst());
      assertCopied();
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
  }

  /** Nobody reads it again. */
  @Test
  void damageThatWasFoundIsKnownAfterTheNextStart() throws Exception {
    BlockState damaged = new BlockState(BLOCK, 0, 0, 2);
    try (ChunkServer server = start()) {
      Stream stream = welcomed();
      stream.send(order("local:one"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      disk.damage(
          Path.of("data/07/0000000000000007.d"), 0, ByteBuffer.wrap(new byte[] {(byte) ~BYTES[0]}));
      assertThatThrownBy(this::assertCopied).hasMessageContaining("at 0 what was written");
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).containsExactly(damaged);
      Awaitility.await()
          .until(
              () -> {
                time.advance(Limits.HEARTBEAT_NANOS);
                return disk.exists(Path.of("damaged"));
              });
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
    disk.crash(new Random(2));
    try (ChunkServer server = start()) {
      Stream stream = welcome();
      List<BlockState> told = new ArrayList<>();
      while (!told.contains(damaged)) {
        told.addAll(stream.next(ChunkMessage.Report.class).blocks());
      }
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
  }

  @Test
  void aReplicaThatEndsElsewhereIsReplaced() throws Exception {
    Source shorter = new Source();
    services.register("local:shorter", shorter);
    write(shorter, BLOCK, records.subList(0, records.size() / 2));
    try (ChunkServer server = start()) {
      Stream stream = welcomed();
      long length = records.get(records.size() / 2).blockOffset();
      stream.send(order(5, length, "local:shorter"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks())
          .containsExactly(new BlockState(BLOCK, 1, length, 1));
      stream.send(order("local:shorter", "local:two"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      assertCopied();
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
  }

  /** Neither has the whole block. */
  @Test
  void whatIsDamagedInOneIsReadFromAnother() throws Exception {
    int damaged = 3 * Limits.UNIT_BYTES;
    one.damage(BLOCK, damaged, (byte) (BYTES[damaged] + 1));
    long first =
        records.stream()
            .mapToLong(BlockRecord::blockOffset)
            .filter(offset -> offset <= damaged)
            .max()
            .orElseThrow();
    two.damage(BLOCK, 2_000_000, (byte) (BYTES[2_000_000] + 1));
    try (ChunkServer server = start()) {
      Stream stream = welcomed();
      stream.send(order("local:nobody", "local:one", "tcp:nowhere", "local:two"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      assertCopied();
      assertThat(two.firstOffset).as("the record at which the first one stopped").isEqualTo(first);
      assertThat(server.status().damagedBlocks()).isZero();
    }
  }

  @Test
  void whatNoSourceHasIsNotCopied() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = welcomed();
      assertFails(stream, order(), "none was named");
      assertFails(stream, order("local:nobody"), "no chunk server");
      assertFails(stream, order(5, BYTES.length + 1, "local:one"), "it ends at 3500000");
      assertFails(stream, order(5, BYTES.length - 1, "local:one"), "another record at");
      one.damage(BLOCK, 1_000_000, (byte) (BYTES[1_000_000] + 1));
      two.damage(BLOCK, 1_000_000, (byte) (BYTES[1_000_000] + 1));
      assertFails(stream, order("local:one", "local:two"), "no source has what follows");
      assertThat(disk.list(Path.of("data/07"))).isEmpty();
      assertThat(server.status().openBlocks()).isZero();
      stream.send(order(4, BYTES.length, "local:two"));
      assertFails(stream, order(), "none was named");
    }
  }

  /** A source that gives other bytes and does not know. */
  @Test
  void bytesAreComparedWithTheirRecords() throws Exception {
    one.reading =
        (count, into) -> into.put(into.limit() - 1, (byte) (into.get(into.limit() - 1) ^ 1));
    try (ChunkServer server = start()) {
      Stream stream = welcomed();
      assertFails(stream, order("local:one"), "checksums");
      stream.send(order("local:one", "local:two"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      assertCopied();
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
  }

  /** Its writer never ended it, and it may be the last that has some of the bytes. */
  @Test
  void anOpenReplicaStaysUntilTheSourcesWereRead() throws Exception {
    one.damage(BLOCK, 1_000_000, (byte) (BYTES[1_000_000] + 1));
    try (ChunkServer server = start()) {
      Stream stream = welcomed();
      BlockService service = services.connect("local:chunk");
      BlockRecord first = records.getFirst();
      ByteString all = Samples.all(BLOCK);
      service.create(all, BLOCK, 1, true, List.of());
      service.append(all, first, ByteBuffer.wrap(BYTES, 0, first.length()), true);
      assertFails(stream, order("local:one"), "no source has what follows");
      assertThat(server.status().openBlocks()).isEqualTo(1);
      ByteBuffer kept = ByteBuffer.allocate(first.length());
      service.read(all, BLOCK, 0, kept);
      assertThat(kept.array()).isEqualTo(Arrays.copyOf(BYTES, first.length()));
      stream.send(order("local:two"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      assertCopied();
    }
  }

  @Test
  void aFullDiskTakesNoCopies() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = welcomed();
      Space full = new Space(1L << 40, RESERVE_BYTES - 1);
      one.reading =
          (count, into) -> {
            if (count == 2) {
              disk.space(new Space(1L << 40, 0));
            }
          };
      disk.space(full);
      assertFails(stream, order("local:one"), "bytes are free");
      assertThat(one.reads).isZero();
      disk.space(new Space(1L << 40, RESERVE_BYTES));
      assertFails(stream, order("local:one"), "bytes are free");
      assertThat(one.reads).isGreaterThan(1);
      assertThat(disk.list(Path.of("data/07"))).isEmpty();
      disk.space(new Space(1L << 40, 1L << 39));
      stream.send(order("local:one"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      assertThat(server.failed().isDone()).isFalse();
    }
  }

  /**
   * The server is stopped, or the power goes, while a source lets it wait: part of a block is here,
   * which is no damaged one, and the same order makes the copy.
   */
  @Test
  void aCopyThatWasCutShortIsMadeWhenItIsOrderedAgain() throws Exception {
    for (boolean power : new boolean[] {false, true}) {
      CountDownLatch reached = new CountDownLatch(1);
      CountDownLatch hangs = new CountDownLatch(1);
      one.reads = 0;
      one.reading =
          (count, into) -> {
            if (count == 3) {
              reached.countDown();
              await(hangs);
            }
          };
      try (ChunkServer server = start()) {
        Stream stream = welcomed();
        stream.send(order("local:one"));
        reached.await();
        assertThat(server.status().openBlocks()).isEqualTo(1);
        byte[] bytes = new byte[10];
        BlockService service = services.connect("local:chunk");
        service.create(Samples.all(8), 8, 1, false, List.of());
        service.append(Samples.all(8), Samples.record(8, 0, bytes), ByteBuffer.wrap(bytes), true);
        service.seal(Samples.all(8), 8, 1);
        if (power) {
          disk.powerOffAfter(0);
        }
      }
      if (power) {
        disk.crash(new Random(3));
      }
      try (ChunkServer server = start()) {
        Stream stream = metadata.connection(time);
        again(stream);
        assertCopied();
        assertThat(server.status().damagedBlocks()).isZero();
        stream.send(new ChunkOrder.Delete(List.of(BLOCK, 8L), 100, 5, 1));
        stream.next(ChunkMessage.Deleted.class);
      }
      hangs.countDown();
    }
  }

  /** Part of the block is found, not damaged, and gives way to a whole copy. */
  private static void again(Stream stream) throws InterruptedException {
    stream.welcome(
        12,
        ByteString.copyFromUtf8("cluster"),
        List.of(new ChunkOrder.Key(Samples.KEY_ID, Samples.SECRET)),
        5);
    List<BlockState> found = stream.next(ChunkMessage.Report.class).blocks();
    assertThat(found).hasSize(2).contains(new BlockState(8, 1, 10, 1));
    assertThat(found).anyMatch(state -> state.block() == BLOCK && state.state() == 0);
    stream.send(order("local:two"));
    assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** But for the first second of them, which is caught up. */
  @Test
  void copiesTakeTheTimeThatTheirRateGivesThem() throws Exception {
    time.leap("dfs-chunk-copies");
    try (ChunkServer server = start(RATE)) {
      Stream stream = welcomed();
      stream.send(order("local:one"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      assertThat(time.leaptNanos()).isEqualTo((BYTES.length - RATE) * SECOND_NANOS / RATE);
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
    try (ChunkServer server = start(Pace.UNBOUNDED)) {
      Stream stream = welcomed(COPIED.getFirst());
      long before = time.leaptNanos();
      stream.send(new ChunkOrder.Delete(List.of(BLOCK), 100, 5, 1));
      stream.next(ChunkMessage.Deleted.class);
      stream.send(order("local:one"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      assertThat(time.leaptNanos()).as("without a bound").isEqualTo(before);
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
  }

  /** The clock stands still: what waits for it waits for ever. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aCopyThatWaitsForItsTimeEndsWithTheServer() throws Exception {
    CountDownLatch reached = new CountDownLatch(1);
    one.reading = (count, into) -> reached.countDown();
    ChunkServer server = start(1);
    welcomed().send(order("local:one"));
    reached.await();
    server.close();
    assertThat(one.reads).isEqualTo(1);
    assertThat(server.status().openBlocks()).as("it is not finished").isEqualTo(1);
  }

  /** A source that is slow, or a disk that flushes, holds up nothing else. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void whileOneIsMadeOthersAre() throws Exception {
    long other = BLOCK + 1;
    write(two, other, ofBlock(other));
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch hangs = new CountDownLatch(1);
    one.reading =
        (count, into) -> {
          reached.countDown();
          await(hangs);
        };
    try (ChunkServer server = start()) {
      Stream stream = welcomed();
      stream.send(order("local:one"));
      reached.await();
      stream.send(orderOf(other));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(copied(other));
      hangs.countDown();
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      assertThat(server.status().sealedBlocks()).isEqualTo(2);
    }
  }

  /** To copy another block, of the same length, from the second server. */
  private static ChunkOrder.Copy orderOf(long other) {
    return new ChunkOrder.Copy(
        new BlockState(other, 1, BYTES.length, 1),
        Samples.SESSION,
        true,
        List.of("local:two"),
        Samples.all(other),
        5,
        1);
  }

  private static List<BlockState> copied(long other) {
    return List.of(new BlockState(other, 1, BYTES.length, 1));
  }

  /** Two of one block at once would be in each other's way. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void whatIsOrderedTwiceIsMadeOnce() throws Exception {
    long meanwhile = BLOCK + 1;
    long behind = BLOCK + Copier.LANES;
    write(two, meanwhile, ofBlock(meanwhile));
    write(two, behind, ofBlock(behind));
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch hangs = new CountDownLatch(1);
    one.reading =
        (count, into) -> {
          reached.countDown();
          await(hangs);
        };
    try (ChunkServer server = start()) {
      Stream stream = welcomed();
      stream.send(order("local:one"));
      reached.await();
      stream.send(order("local:two"));
      stream.send(orderOf(meanwhile));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(copied(meanwhile));
      int reads = two.reads;
      hangs.countDown();
      stream.send(orderOf(behind));
      // A block that changed twice may be reported once.
      List<BlockState> next = stream.next(ChunkMessage.Report.class).blocks();
      while (next.equals(COPIED)) {
        next = stream.next(ChunkMessage.Report.class).blocks();
      }
      assertThat(next).isEqualTo(copied(behind));
      assertThat(two.reads).as("it was there by then").isEqualTo(2 * reads);
      assertThat(server.status().sealedBlocks()).isEqualTo(3);
    }
  }

  @Test
  void soManyOrdersWaitAndNoMore() throws Exception {
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch hangs = new CountDownLatch(1);
    one.reading =
        (count, into) -> {
          reached.countDown();
          await(hangs);
        };
    try (ChunkServer server = start()) {
      Stream stream = welcomed();
      stream.send(order("local:one"));
      reached.await();
      for (int i = 0; i < Copier.COPIES_WAITING_MAX; i++) {
        stream.send(order("local:one"));
      }
      assertFails(stream, order("local:one"), "are waiting");
      hangs.countDown();
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(COPIED);
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
  }
}

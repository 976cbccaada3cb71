package dfs.chunk.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.chunk.SimulatedDisk;
import dfs.chunk.server.MetadataSide.Stream;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Pieces;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Upkeep.Move;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A block is put together from parts of two others. */
class CompactorTest {
  /** Each operation is the last one before a power cut. */
  private static final boolean LONG = Boolean.getBoolean("dfs.long");

  private static final long FIRST = 7;
  private static final long SECOND = 8;
  private static final long TARGET = 9;
  private static final int UNIT = Limits.UNIT_BYTES;
  private static final int FIRST_BYTES = 2_500_000;
  private static final int SECOND_BYTES = 300_001;
  private static final long RESERVE_BYTES = 1_000_000;
  private static final long RATE = 1_000_000;
  private static final long SECOND_NANOS = 1_000_000_000;

  private final SimulatedDisk disk = new SimulatedDisk();
  private final ManualTime time = new ManualTime();
  private final MetadataSide metadata = new MetadataSide();
  private final BlockServices services = new BlockServices();
  private final Source one;
  private final Source two;
  private final byte[] first = new byte[FIRST_BYTES];
  private final byte[] second = new byte[SECOND_BYTES];
  private final List<BlockRecord> firstRecords = new ArrayList<>();

  /** The second block's end is in the middle of a unit, and so is the target's. */
  private final List<Move> parts =
      List.of(
          new Move(SECOND, 70L * UNIT, SECOND_BYTES - 70L * UNIT, 0),
          new Move(FIRST, 0, 3 * UNIT, 4L * UNIT),
          new Move(FIRST, 10 * UNIT, 400 * UNIT, 7L * UNIT),
          new Move(FIRST, 610L * UNIT, FIRST_BYTES - 610L * UNIT, 407L * UNIT));

  private final byte[] expected = new byte[407 * UNIT + FIRST_BYTES - 610 * UNIT];

  CompactorTest() throws IOException {
    one = new Source();
    two = new Source();
  }

  @BeforeEach
  void write() throws IOException {
    Random random = new Random(1);
    random.nextBytes(first);
    random.nextBytes(second);
    services.register("local:one", one);
    services.register("local:two", two);
    for (int at = 0; at < FIRST_BYTES; ) {
      int most = random.nextInt(200) == 0 ? Limits.APPEND_BYTES : 9000;
      int count = Math.min(1 + random.nextInt(most), FIRST_BYTES - at);
      firstRecords.add(record(FIRST, first, at, count));
      at += count;
    }
    List<BlockRecord> secondRecords = List.of(record(SECOND, second, 0, SECOND_BYTES));
    for (Source source : List.of(one, two)) {
      write(source, FIRST, first, firstRecords);
      write(source, SECOND, second, secondRecords);
    }
    for (Move part : parts) {
      byte[] from = part.block() == FIRST ? first : second;
      System.arraycopy(
          from, (int) part.offset(), expected, (int) part.targetOffset(), (int) part.lengthBytes());
    }
  }

  private static BlockRecord record(long block, byte[] bytes, int from, int count) {
    return new BlockRecord(
        block,
        from,
        1,
        count,
        true,
        5 + block,
        6 + block,
        from + 1_000_000L,
        3,
        from,
        Samples.SESSION,
        from,
        1,
        from + count,
        0,
        Pieces.checksums(from, ByteBuffer.wrap(bytes, from, count)));
  }

  private static void write(Source source, long block, byte[] bytes, List<BlockRecord> records)
      throws IOException {
    ByteString all = Samples.all(block);
    source.create(all, block, 1, true, List.of());
    for (BlockRecord record : records) {
      ByteBuffer payload = ByteBuffer.wrap(bytes, (int) record.blockOffset(), record.length());
      source.append(all, record, payload, false);
    }
    source.seal(all, block, 1);
  }

  private ChunkServer start() throws IOException {
    return start(disk, "local:chunk", ChunkServer.Config.COPY_BYTES_PER_SECOND);
  }

  private ChunkServer start(SimulatedDisk on, String address, long copyBytesPerSecond)
      throws IOException {
    ChunkServer.Config config =
        new ChunkServer.Config(
            "h",
            address,
            "local:metadata",
            Samples.CLUSTER_KEY,
            ChunkServer.Config.SEGMENT_BYTES_MIN,
            "/d",
            RESERVE_BYTES,
            0,
            ChunkServer.Scrub.USUAL);
    return ChunkServer.start(
        config.copying(copyBytesPerSecond), on, metadata, services, time, new Random(1));
  }

  /** Welcomes the server; gives what it reports. */
  private List<BlockState> welcome(Stream stream) throws InterruptedException {
    stream.welcome(
        12,
        ByteString.copyFromUtf8("cluster"),
        List.of(new ChunkOrder.Key(Samples.KEY_ID, Samples.SECRET)),
        5);
    return stream.next(ChunkMessage.Report.class).blocks();
  }

  private ChunkOrder.Source source(long block, long length, String... addresses) {
    return new ChunkOrder.Source(block, 1, length, List.of(addresses), Samples.all(block));
  }

  private ChunkOrder.Compact order(long length, List<Move> moves, String... addresses) {
    return new ChunkOrder.Compact(
        new BlockState(TARGET, 1, length, 1),
        true,
        List.of(source(FIRST, FIRST_BYTES, addresses), source(SECOND, SECOND_BYTES, addresses)),
        moves,
        5,
        1);
  }

  private ChunkOrder.Compact order(String... addresses) {
    return order(expected.length, parts, addresses);
  }

  private List<BlockState> made() {
    return List.of(new BlockState(TARGET, 1, expected.length, 1));
  }

  private void assertMade() throws IOException {
    assertMade("local:chunk");
  }

  private void assertMade(String address) throws IOException {
    BlockService service = services.connect(address);
    ByteBuffer into = ByteBuffer.allocate(expected.length);
    service.read(Samples.all(TARGET), TARGET, 0, into);
    assertThat(Arrays.equals(into.array(), expected)).isTrue();
    List<BlockRecord> records = new ArrayList<>();
    for (long at = 0; at < expected.length; ) {
      records.addAll(service.records(Samples.all(TARGET), TARGET, at));
      at = records.getLast().blockOffset() + records.getLast().length();
    }
    for (BlockRecord record : records) {
      assertOrigin(record);
    }
  }

  /** It says what its writer said of these bytes. */
  private void assertOrigin(BlockRecord record) {
    Move part =
        parts.stream()
            .filter(p -> p.targetOffset() <= record.blockOffset())
            .reduce((a, b) -> b)
            .orElseThrow();
    long at = record.blockOffset() - part.targetOffset();
    if (at >= part.lengthBytes()) {
      assertThat(record.ino()).as("zeros are nobody's").isZero();
      return;
    }
    long offset = part.offset() + at;
    assertThat(record.ino()).isEqualTo(5 + part.block());
    assertThat(record.map()).isEqualTo(6 + part.block());
    assertThat(record.fileOffset()).isEqualTo(1_000_000 + offset);
    assertThat(record.session()).isEqualTo(Samples.SESSION);
    assertThat(record.ackedBytes()).isZero();
    if (part.block() == FIRST) {
      BlockRecord of =
          firstRecords.stream()
              .filter(r -> r.blockOffset() <= offset && offset < r.blockOffset() + r.length())
              .findFirst()
              .orElseThrow();
      assertThat(record.sequence()).isEqualTo(of.sequence());
      if (record.length() == of.length()) {
        assertThat(record.checksums()).as("made by the writer alone").isEqualTo(of.checksums());
      }
    }
  }

  private void assertFails(Stream stream, ChunkOrder.Compact order, String why) throws Exception {
    stream.send(order);
    ChunkMessage.CopyFailed failed = stream.next(ChunkMessage.CopyFailed.class);
    assertThat(failed.block()).isEqualTo(TARGET);
    assertThat(failed.reason()).contains(why);
  }

  private void assertNothingIsLeft() {
    assertThat(disk.list(Path.of("data/09"))).isEmpty();
  }

  @Test
  void aBlockIsDurableBeforeItIsReported() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      assertThat(welcome(stream)).isEmpty();
      stream.send(order("local:one"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(made());
      disk.powerOffAfter(0);
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
    disk.crash(new Random(2));
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      assertThat(welcome(stream)).isEqualTo(made());
      assertMade();
      stream.send(order());
      assertThat(stream.next(ChunkMessage.Report.class).blocks())
          .as("what is here already")
          .isEqualTo(made());
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
  }

  /** The power goes at each operation; the same order makes the block, and nothing else is here. */
  @Test
  void afterAPowerCutAtAnyOperationItIsMadeWhenItIsOrderedAgain() throws Exception {
    boolean cut = true;
    int cuts = 0;
    for (int operations = 1; cut; operations += operations < 20 || LONG ? 1 : 97) {
      try (ChunkServer server = start()) {
        Stream stream = metadata.connection(time);
        welcome(stream);
        disk.powerOffAfter(operations);
        stream.send(order("local:one"));
        ChunkMessage answer = stream.next(ChunkMessage.class);
        while (answer instanceof ChunkMessage.Heartbeat) {
          answer = stream.next(ChunkMessage.class);
        }
        cut = answer instanceof ChunkMessage.CopyFailed;
        cuts += cut ? 1 : 0;
        assertThat(server.failed().isDone()).isEqualTo(cut);
      }
      disk.crash(new Random(operations));
      try (ChunkServer server = start()) {
        Stream stream = metadata.connection(time);
        List<BlockState> found = welcome(stream);
        assertThat(found).as("after %d", operations).allMatch(s -> s.state() != 2);
        stream.send(order("local:two"));
        assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(made());
        assertMade();
        assertThat(server.status().damagedBlocks()).isZero();
        stream.send(new ChunkOrder.Delete(List.of(TARGET), 100, 5, 1));
        stream.next(ChunkMessage.Deleted.class);
        assertNothingIsLeft();
      }
    }
    assertThat(cuts).isGreaterThan(20);
  }

  /** Neither server has all of it. */
  @Test
  void whatIsDamagedOnOneServerIsReadFromAnother() throws Exception {
    one.damage(FIRST, 300 * UNIT, (byte) (first[300 * UNIT] + 1));
    two.damage(SECOND, 71 * UNIT, (byte) (second[71 * UNIT] + 1));
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      welcome(stream);
      stream.send(order("local:nobody", "local:one", "local:two"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(made());
      assertMade();
      assertThat(server.status().damagedBlocks()).isZero();
    }
  }

  /** Damage of what does not live is no matter; of what does nothing is made. */
  @Test
  void damagedBytesGoNowhere() throws Exception {
    one.damage(FIRST, 500 * UNIT, (byte) (first[500 * UNIT] + 1));
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      welcome(stream);
      stream.send(order("local:one"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(made());
      stream.send(new ChunkOrder.Delete(List.of(TARGET), 100, 5, 1));
      stream.next(ChunkMessage.Deleted.class);
      one.damage(FIRST, 300 * UNIT, (byte) (first[300 * UNIT] + 1));
      assertFails(stream, order("local:one"), "no server has what follows");
      assertNothingIsLeft();
      assertThat(server.status().openBlocks()).isZero();
    }
  }

  /** A server that gives other bytes and does not know. */
  @Test
  void bytesAreComparedWithTheChecksumsOfTheirWriters() throws Exception {
    one.reading =
        (count, into) -> into.put(into.limit() - 1, (byte) (into.get(into.limit() - 1) ^ 1));
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      welcome(stream);
      assertFails(stream, order("local:one"), "checksums");
      stream.send(order("local:one", "local:two"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(made());
      assertMade();
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
  }

  @Test
  void ordersThatMakeNoSenseAreRefused() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      welcome(stream);
      List<Move> gap = List.of(new Move(FIRST, 0, UNIT, 0), new Move(FIRST, UNIT, UNIT, 2 * UNIT));
      assertFails(stream, order(3 * UNIT, gap, "local:one"), "does not follow");
      List<Move> between = List.of(new Move(FIRST, 1, UNIT, 0));
      assertFails(stream, order(UNIT, between, "local:one"), "does not follow");
      assertFails(stream, order(expected.length + 1, parts, "local:one"), "parts that end at");
      List<Move> unknown = List.of(new Move(99, 0, UNIT, 0));
      assertFails(stream, order(UNIT, unknown, "local:one"), "no source is named");
      List<Move> beyond = List.of(new Move(SECOND, 0, SECOND_BYTES + UNIT, 0));
      assertFails(stream, order(SECOND_BYTES + UNIT, beyond, "local:one"), "it ends at");
      assertNothingIsLeft();
      stream.send(order("local:one"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(made());
      List<Move> other = List.of(new Move(FIRST, 0, UNIT, 0));
      assertFails(stream, order(UNIT, other, "local:one"), "is not what is to be made");
      assertMade();
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
  }

  /** Of what is read, but for the first second, which is caught up. */
  @Test
  void whatIsPutTogetherTakesTheTimeThatItsRateGivesIt() throws Exception {
    time.leap("dfs-chunk-copies");
    try (ChunkServer server = start(disk, "local:chunk", RATE)) {
      Stream stream = metadata.connection(time);
      welcome(stream);
      stream.send(order("local:one"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(made());
      long bytes = parts.stream().mapToLong(Move::lengthBytes).sum();
      assertThat(time.leaptNanos()).isEqualTo((bytes - RATE) * SECOND_NANOS / RATE);
      assertThat(server.status().sealedBlocks()).isEqualTo(1);
    }
  }

  @Test
  void aFullDiskTakesNoNewBlocksPutTogether() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      welcome(stream);
      disk.space(new Space(1L << 40, RESERVE_BYTES - 1));
      assertFails(stream, order("local:one"), "bytes are free");
      disk.space(new Space(1L << 40, RESERVE_BYTES));
      one.reading = (count, into) -> disk.space(new Space(1L << 40, 0));
      assertFails(stream, order("local:one"), "bytes are free");
      assertNothingIsLeft();
      assertThat(server.failed().isDone()).isFalse();
    }
  }

  /** Its records are those of several sessions. */
  @Test
  void aBlockThatWasPutTogetherIsCopiedAsAnyOther() throws Exception {
    try (ChunkServer server = start();
        ChunkServer other = start(new SimulatedDisk(), "local:other", Pace.UNBOUNDED)) {
      Stream stream = metadata.connection(time);
      welcome(stream);
      stream.send(order("local:one"));
      assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEqualTo(made());
      Stream second = metadata.connection(time);
      welcome(second);
      second.send(
          new ChunkOrder.Copy(
              made().getFirst(), 0, true, List.of("local:chunk"), Samples.all(TARGET), 5, 1));
      assertThat(second.next(ChunkMessage.Report.class).blocks()).isEqualTo(made());
      assertMade("local:other");
      assertThat(server.status().sealedBlocks()).isEqualTo(other.status().sealedBlocks());
    }
  }
}

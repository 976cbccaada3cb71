package dfs.chunk.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.chunk.SimulatedDisk;
import dfs.chunk.block.BlockDirectory;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Capability;
import dfs.protocol.block.Checksums;
import dfs.protocol.block.Pieces;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.frame.FrameServer;
import dfs.protocol.seam.Disk.Space;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every way to a chunk server's blocks promises: in this process, and by frames. */
class BlockServiceTest {
  private static final long BLOCK = 3;
  private static final Set<String> READS = Set.of("read", "records", "verify", "checksum");

  private final SimulatedDisk disk = new SimulatedDisk();
  private final ManualTime time = new ManualTime();
  private final BlockServices services = new BlockServices();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final List<Long> damaged = new CopyOnWriteArrayList<>();

  @TempDir private Path folder = Path.of("");

  private BlockService service(String kind, boolean welcomed) throws IOException {
    BlockDirectory.format(disk, 2 << 20);
    BlockDirectory blocks = BlockDirectory.open(disk, 77);
    blocks.onDamage(damaged::add);
    CheckedBlocks checked = new CheckedBlocks(blocks, new SpaceReserve(disk, 64 << 20, 5), time);
    if (welcomed) {
      checked.trust(
          List.of(
              new ChunkOrder.Key(1, ByteString.copyFromUtf8("older")),
              new ChunkOrder.Key(Samples.KEY_ID, Samples.SECRET)));
    }
    if (kind.equals("local")) {
      services.register("local:one", checked);
      return services.connect("local:one");
    }
    Path path = folder.resolve("blocks.sock");
    opened.add(FrameServer.start(path, checked));
    opened.add(services);
    return services.connect("unix:" + path);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  private interface Call {
    void with(ByteString capability) throws IOException;
  }

  private static void assertFault(BlockFault.Kind kind, String what, Call call, ByteString with) {
    assertThatThrownBy(() -> call.with(with))
        .as(what)
        .isInstanceOfSatisfying(
            BlockFault.class, fault -> assertThat(fault.kind()).as(what).isEqualTo(kind));
  }

  private static Capability but(
      long block, long offset, long length, int operations, int key, long session, long expiry) {
    return new Capability(block, offset, length, operations, key, session, expiry);
  }

  /** Every call with every kind of bad capability, and then with a good one. */
  @ParameterizedTest
  @ValueSource(strings = {"local", "unix"})
  void nothingHappensWithoutTheRightCapability(String kind) throws IOException {
    BlockService service = service(kind, true);
    byte[] bytes = new byte[5000];
    service.create(Samples.all(BLOCK), BLOCK, 1, false, List.of());
    service.append(
        Samples.all(BLOCK), Samples.record(BLOCK, 0, bytes), ByteBuffer.wrap(bytes), false);
    Call[] calls = {
      with -> service.create(with, 4, 1, false, List.of()),
      with ->
          service.append(with, Samples.record(BLOCK, 5000, bytes), ByteBuffer.wrap(bytes), false),
      with -> service.flush(with, BLOCK, 1),
      with -> service.read(with, BLOCK, 100, ByteBuffer.allocate(50)),
      with -> service.seal(with, BLOCK, 1),
      with -> service.records(with, BLOCK, 0),
      with -> service.verify(with, BLOCK),
      with -> service.checksum(with, BLOCK, 100, 50),
    };
    String[] names = {"create", "append", "flush", "read", "seal", "records", "verify", "checksum"};
    for (int i = 0; i < calls.length; i++) {
      Call call = calls[i];
      long block = i == 0 ? 4 : BLOCK;
      for (Bad each : badFor(names[i], block)) {
        assertFault(
            BlockFault.Kind.FORBIDDEN, names[i] + " with " + each.what, call, each.capability);
      }
      int needed = READS.contains(names[i]) ? Capability.READ : Capability.WRITE;
      call.with(
          but(
                  block,
                  0,
                  Limits.BLOCK_BYTES,
                  needed,
                  Samples.KEY_ID,
                  Samples.SESSION,
                  time.wallNanos() + 1)
              .sign(Samples.SECRET));
    }
  }

  private record Bad(String what, ByteString capability) {}

  /** What must not do for this call of this block. */
  private List<Bad> badFor(String name, long block) {
    int both = Capability.READ | Capability.WRITE;
    int id = Samples.KEY_ID;
    long full = Limits.BLOCK_BYTES;
    long session = Samples.SESSION;
    long ever = Samples.FOREVER;
    boolean whole = name.equals("records") || name.equals("verify");
    boolean reads = READS.contains(name);
    int other = reads ? Capability.WRITE : Capability.READ;
    long outside = reads ? 101 : 5001;
    byte[] flipped = Samples.all(block).toByteArray();
    flipped[31] ^= 1;
    Capability expired = but(block, 0, full, both, id, session, time.wallNanos());
    List<Bad> bad = new ArrayList<>();
    bad.add(new Bad("no capability", ByteString.EMPTY));
    bad.add(new Bad("a changed one", ByteString.copyFrom(flipped)));
    bad.add(new Bad("a cut one", Samples.all(block).substring(0, 79)));
    bad.add(
        new Bad(
            "one of another secret",
            Samples.whole(block).sign(ByteString.copyFromUtf8("guessed"))));
    bad.add(
        new Bad(
            "one of an unknown key",
            but(block, 0, full, both, 99, session, ever).sign(Samples.SECRET)));
    bad.add(new Bad("an expired one", expired.sign(Samples.SECRET)));
    bad.add(new Bad("one for another block", Samples.all(block + 1)));
    bad.add(
        new Bad(
            "one for a later range",
            but(block, outside, full, both, id, session, ever).sign(Samples.SECRET)));
    bad.add(
        new Bad(
            "one for something else",
            but(block, 0, full, other, id, session, ever).sign(Samples.SECRET)));
    if (reads || name.equals("append")) {
      long end = whole ? full - 1 : reads ? 149 : 9999;
      bad.add(
          new Bad(
              "one for a shorter range",
              but(block, 0, end, both, id, session, ever).sign(Samples.SECRET)));
    }
    if (!reads && !name.equals("create")) {
      bad.add(
          new Bad(
              "one of another session",
              but(block, 0, full, both, id, session + 1, ever).sign(Samples.SECRET)));
    }
    return bad;
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "unix"})
  void nothingIsAllowedBeforeTheKeysAreKnown(String kind) throws IOException {
    BlockService service = service(kind, false);
    assertFault(
        BlockFault.Kind.NOT_READY,
        "create",
        with -> service.create(with, BLOCK, 1, false, List.of()),
        Samples.all(BLOCK));
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "unix"})
  void everyRangeComesWithTheChecksumsOfItsPieces(String kind) throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    BlockService service = service(kind, true);
    ByteString all = Samples.all(BLOCK);
    service.create(all, BLOCK, 1, false, List.of());
    byte[] written = new byte[2_500_000];
    random.nextBytes(written);
    int length = 0;
    while (length < written.length) {
      int most = random.nextInt(4) == 0 ? Limits.APPEND_BYTES : 9000;
      int count = Math.min(1 + random.nextInt(most), written.length - length);
      byte[] part = Arrays.copyOfRange(written, length, length + count);
      boolean synced = random.nextInt(10) == 0;
      ByteBuffer payload = ByteBuffer.wrap(part);
      long durable = service.append(all, Samples.record(BLOCK, length, part), payload, synced);
      length += count;
      assertThat(payload.hasRemaining()).as("consumed, seed %d", seed).isFalse();
      assertThat(durable)
          .as("durable, seed %d", seed)
          .isBetween(synced ? length : 0L, (long) length);
    }
    for (boolean sealed : new boolean[] {false, true}) {
      if (sealed) {
        assertThat(service.seal(all, BLOCK, 1)).isEqualTo(length);
      }
      readRanges(service, written, random, seed);
    }
  }

  private static void readRanges(BlockService service, byte[] written, Random random, long seed)
      throws IOException {
    for (int i = 0; i < 200; i++) {
      int unit = random.nextInt(3) == 0 ? Limits.UNIT_BYTES : 1;
      int from = random.nextInt(written.length / unit) * unit;
      int most = i == 0 ? written.length : 30_000;
      int to = Math.min(written.length, from + ((1 + random.nextInt(most / unit)) * unit));
      ByteBuffer into = ByteBuffer.allocate(to - from + 7).position(3).limit(3 + to - from);
      Checksums checksums = service.read(Samples.all(BLOCK), BLOCK, from, into);
      String where = "[%d, %d), seed %d".formatted(from, to, seed);
      ByteBuffer range = ByteBuffer.wrap(written, from, to - from);
      assertThat(into.position()).as(where).isEqualTo(3 + to - from);
      assertThat(into.flip().position(3)).as(where).isEqualTo(range);
      assertThat(checksums).as(where).isEqualTo(Pieces.checksums(from, range));
      assertThat(service.checksum(Samples.all(BLOCK), BLOCK, from, to - from))
          .as(where)
          .isEqualTo(Pieces.checksum(range, to - from));
    }
  }

  /** More records than fit one page, and asked for in any order. */
  @ParameterizedTest
  @ValueSource(strings = {"local", "unix"})
  void recordsOfASealedBlockComeInPages(String kind) throws IOException {
    BlockService service = service(kind, true);
    ByteString all = Samples.all(BLOCK);
    service.create(all, BLOCK, 1, false, List.of());
    List<BlockRecord> written = new ArrayList<>();
    int length = 0;
    for (int i = 0; i < 1500; i++) {
      byte[] bytes = new byte[i == 700 ? Limits.APPEND_BYTES : 1 + (i % 3)];
      written.add(Samples.record(BLOCK, length, bytes));
      service.append(all, written.getLast(), ByteBuffer.wrap(bytes), false);
      length += bytes.length;
    }
    Call first = with -> service.records(with, BLOCK, 0);
    assertFault(BlockFault.Kind.MALFORMED, "open", first, all);
    service.seal(all, BLOCK, 1);
    List<BlockRecord> read = new ArrayList<>();
    int pages = 0;
    for (long at = 0; at < length; pages++) {
      List<BlockRecord> page = service.records(all, BLOCK, at);
      assertThat(page.stream().mapToInt(BlockRecord::encodedBytes).sum())
          .isBetween(1, Limits.RECORDS_BYTES);
      read.addAll(page);
      at = read.getLast().blockOffset() + read.getLast().length();
    }
    assertThat(read).isEqualTo(written);
    assertThat(pages).isBetween(3, 4);
    assertThat(service.records(all, BLOCK, length)).isEmpty();
    for (int i : new int[] {1499, 3, 701, 700, 1200, 0}) {
      List<BlockRecord> page = service.records(all, BLOCK, written.get(i).blockOffset());
      assertThat(page).isEqualTo(written.subList(i, i + page.size())).isNotEmpty();
    }
    assertNoRecords(service, length);
  }

  private void assertNoRecords(BlockService service, int length) throws IOException {
    for (long at : new long[] {2, 2000, length - 1, length + 1, -1, Long.MAX_VALUE}) {
      Call call = with -> service.records(with, BLOCK, at);
      assertFault(BlockFault.Kind.MALFORMED, "records at " + at, call, Samples.all(BLOCK));
    }
    Path side = Path.of("data/03/0000000000000003.m");
    disk.damage(side, 4096 + (10 * 116) + 50, ByteBuffer.wrap(new byte[] {77}));
    List<BlockRecord> whole = service.records(Samples.all(BLOCK), BLOCK, 0);
    assertThat(whole).hasSize(10);
    long next = whole.getLast().blockOffset() + whole.getLast().length();
    for (long at : new long[] {next, length - 1}) {
      Call call = with -> service.records(with, BLOCK, at);
      assertFault(BlockFault.Kind.DAMAGED, "changed records", call, Samples.all(BLOCK));
    }
  }

  private static void write(BlockService service, byte[] bytes, int step) throws IOException {
    ByteString all = Samples.all(BLOCK);
    service.create(all, BLOCK, 1, false, List.of());
    for (int at = 0; at < bytes.length; at += step) {
      byte[] part = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + step));
      service.append(all, Samples.record(BLOCK, at, part), ByteBuffer.wrap(part), false);
    }
    assertFault(BlockFault.Kind.MALFORMED, "open", with -> service.verify(with, BLOCK), all);
    service.seal(all, BLOCK, 1);
  }

  /** What two servers say of the same bytes is the same, however they were appended. */
  @ParameterizedTest
  @ValueSource(strings = {"local", "unix"})
  void aWholeBlockIsReadWhereItLies(String kind) throws IOException {
    BlockService service = service(kind, true);
    byte[] bytes = new byte[3_000_001];
    new Random(5).nextBytes(bytes);
    write(service, bytes, 999_999);
    ByteString all = Samples.all(BLOCK);
    BlockDigest whole = service.verify(all, BLOCK);
    assertThat(whole.lengthBytes()).isEqualTo(bytes.length);
    Source other = new Source();
    write(other, bytes, 70_000);
    assertThat(other.verify(all, BLOCK)).isEqualTo(whole);
    bytes[77]++;
    Source third = new Source();
    write(third, bytes, 70_000);
    assertThat(third.verify(all, BLOCK)).isNotEqualTo(whole);
    Call verify = with -> service.verify(with, BLOCK);
    disk.damage(Path.of("data/03/0000000000000003.d"), 2_900_000, ByteBuffer.wrap(new byte[9]));
    assertFault(BlockFault.Kind.DAMAGED, "its last part", verify, all);
    assertThat(damaged).containsExactly(BLOCK);
    assertFault(
        BlockFault.Kind.NO_SUCH_BLOCK, "none", with -> service.verify(with, 4), Samples.all(4));
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "unix"})
  void faultsKeepTheirKind(String kind) throws IOException {
    BlockService service = service(kind, true);
    ByteString all = Samples.all(BLOCK);
    byte[] ten = new byte[10];
    Call read = with -> service.read(with, BLOCK, 0, ByteBuffer.allocate(1));
    assertFault(BlockFault.Kind.NO_SUCH_BLOCK, "unknown block", read, all);
    service.create(all, BLOCK, 1, true, List.of());
    service.create(all, BLOCK, 1, true, List.of());
    assertFault(BlockFault.Kind.MALFORMED, "beyond the end", read, all);
    assertThat(service.append(all, Samples.record(BLOCK, 0, ten), ByteBuffer.wrap(ten), true))
        .isEqualTo(10);
    assertThat(service.append(all, Samples.record(BLOCK, 0, ten), ByteBuffer.wrap(ten), true))
        .as("a repeat")
        .isEqualTo(10);
    assertFault(
        BlockFault.Kind.NOT_WRITABLE,
        "create when it is written",
        with -> service.create(with, BLOCK, 1, true, List.of()),
        all);
    assertFault(
        BlockFault.Kind.WRONG_OFFSET,
        "a gap",
        with -> service.append(with, Samples.record(BLOCK, 11, ten), ByteBuffer.wrap(ten), true),
        all);
    assertFault(
        BlockFault.Kind.MALFORMED,
        "other bytes",
        with ->
            service.append(
                with,
                Samples.record(BLOCK, 10, ten),
                ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 0}),
                true),
        all);
    assertFault(
        BlockFault.Kind.NOT_WRITABLE, "an old epoch", with -> service.flush(with, BLOCK, 0), all);
    disk.damage(Path.of("data/03/0000000000000003.d"), 5, ByteBuffer.wrap(new byte[] {1}));
    assertFault(BlockFault.Kind.DAMAGED, "changed bytes", read, all);
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "unix"})
  void aDiskThatIsNearlyFullTakesNoNewBlocks(String kind) throws IOException {
    BlockService service = service(kind, true);
    ByteString all = Samples.all(BLOCK);
    byte[] ten = new byte[10];
    long reserve = 64 << 20;
    disk.space(new Space(1L << 30, reserve));
    service.create(all, BLOCK, 1, false, List.of());
    disk.space(new Space(1L << 30, reserve - 1));
    assertFault(
        BlockFault.Kind.NO_SPACE,
        "below 64 MiB",
        with -> service.create(with, 4, 1, false, List.of()),
        Samples.all(4));
    disk.space(new Space(100L << 30, (5L << 30) - 1000));
    assertFault(
        BlockFault.Kind.NO_SPACE,
        "below 5 %",
        with -> service.create(with, 4, 1, false, List.of()),
        Samples.all(4));
    assertThat(service.append(all, Samples.record(BLOCK, 0, ten), ByteBuffer.wrap(ten), true))
        .as("open blocks go on")
        .isEqualTo(10);
    disk.space(new Space(1L << 30, reserve / 4 + 9));
    assertFault(
        BlockFault.Kind.NO_SPACE,
        "measured",
        with -> service.create(with, 4, 1, false, List.of()),
        Samples.all(4));
    assertFault(
        BlockFault.Kind.NO_SPACE,
        "below a quarter",
        with -> service.append(with, Samples.record(BLOCK, 10, ten), ByteBuffer.wrap(ten), true),
        all);
    disk.space(new Space(256 << 20, 32 << 20));
    service.create(Samples.all(5), 5, 1, false, List.of());
    disk.space(new Space(256 << 20, (32 << 20) - 1));
    assertFault(
        BlockFault.Kind.NO_SPACE,
        "an eighth of a small disk",
        with -> service.create(with, 6, 1, false, List.of()),
        Samples.all(6));
    disk.space(new Space(1L << 30, reserve));
    assertThat(service.append(all, Samples.record(BLOCK, 10, ten), ByteBuffer.wrap(ten), true))
        .as("and go on when there is room again")
        .isEqualTo(20);
  }
}

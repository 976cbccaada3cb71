package dfs.chunk.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.chunk.SimulatedDisk;
import dfs.chunk.server.MetadataSide.Stream;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockService;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.seam.DiskFile;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkMessage.BlockState;
import dfs.protocol.session.ChunkOrder;
import dfs.protocol.session.KeyProof;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChunkServerTest {
  private static final ByteString CLUSTER = ByteString.copyFromUtf8("cluster one");
  private static final List<ChunkOrder.Key> KEYS =
      List.of(new ChunkOrder.Key(Samples.KEY_ID, Samples.SECRET));
  private static final long SERVER = 12;

  private final SimulatedDisk disk = new SimulatedDisk();
  private final ManualTime time = new ManualTime();
  private final MetadataSide metadata = new MetadataSide();
  private final BlockServices services = new BlockServices();

  private static ChunkServer.Config config(String address) {
    return new ChunkServer.Config(
        "host-1",
        address,
        "local:metadata",
        Samples.CLUSTER_KEY,
        ChunkServer.Config.SEGMENT_BYTES_MIN,
        "/data/1",
        ChunkServer.Config.RESERVE_BYTES,
        ChunkServer.Config.RESERVE_PERCENT,
        ChunkServer.Scrub.USUAL);
  }

  private ChunkServer start() throws IOException {
    return ChunkServer.start(
        config("local:chunk-1"), disk, metadata, services, time, new Random(1));
  }

  private static void welcome(Stream stream, long term) throws InterruptedException {
    stream.welcome(SERVER, CLUSTER, KEYS, term);
  }

  /** Welcomes the server; what it said of itself is passed over. */
  private Stream welcomed(ChunkServer server) throws Exception {
    Stream stream = metadata.connection(time);
    welcome(stream, 5);
    while (!stream.next(ChunkMessage.Report.class).last()) {
      // all pages
    }
    assertThat(server.ready().get(20, TimeUnit.SECONDS)).isEqualTo(SERVER);
    return stream;
  }

  private BlockService blocks() throws IOException {
    return services.connect("local:chunk-1");
  }

  private void write(long block, int count) throws IOException {
    byte[] bytes = new byte[count];
    blocks().create(Samples.all(block), block, 1, false, List.of());
    blocks()
        .append(Samples.all(block), Samples.record(block, 0, bytes), ByteBuffer.wrap(bytes), true);
  }

  @Test
  void onlyTheKeysItWasToldOfLastAreTrusted() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = welcomed(server);
      write(1, 10);
      stream.send(new ChunkOrder.Trust(List.of(), 4, 0));
      stream.send(new ChunkOrder.Trust(KEYS, 5, 0));
      stream.send(new ChunkOrder.Delete(List.of(), 1, 5, 0));
      stream.next(ChunkMessage.Deleted.class);
      write(2, 10);
      ChunkOrder.Key other = new ChunkOrder.Key(KEYS.getFirst().id() + 1, KEYS.getFirst().secret());
      stream.send(new ChunkOrder.Trust(List.of(other), 5, 0));
      stream.send(new ChunkOrder.Trust(KEYS, 4, 0));
      stream.send(new ChunkOrder.Delete(List.of(), 1, 5, 0));
      stream.next(ChunkMessage.Deleted.class);
      assertThatThrownBy(() -> write(3, 10)).hasMessageContaining("no known key signed");
    }
  }

  @Test
  void registersReportsAndBeats() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      ChunkMessage.Register register = stream.challenge();
      assertThat(register.server()).isZero();
      assertThat(register.cluster()).isEqualTo(ByteString.EMPTY);
      assertThat(register.host()).isEqualTo("host-1");
      assertThat(register.address()).isEqualTo("local:chunk-1");
      assertThat(register.incarnation()).isEqualTo(1);
      assertThat(register.directory().size()).isEqualTo(16);
      assertThat(register.proof().size()).isEqualTo(32);
      assertThat(server.ready().isDone()).isFalse();
      assertThatThrownBy(() -> write(1, 10)).hasMessageContaining("no keys");
      welcome(stream, 5);
      assertThat(stream.next(ChunkMessage.Report.class))
          .isEqualTo(new ChunkMessage.Report(List.of(), true));
      assertThat(server.ready().get(20, TimeUnit.SECONDS)).isEqualTo(SERVER);
      for (int i = 0; i < 3; i++) {
        ChunkMessage.DirectoryState state =
            stream.next(ChunkMessage.Heartbeat.class).directories().getFirst();
        assertThat(state)
            .isEqualTo(
                new ChunkMessage.DirectoryState(
                    register.directory(),
                    "/data/1",
                    "ok",
                    1L << 40,
                    1L << 39,
                    i,
                    state.scrubbedNanos(),
                    "simulated",
                    (1L << 39) - (1L << 40) / 100 * ChunkServer.Config.RESERVE_PERCENT,
                    ChunkMessage.DirectoryState.WEIGHT_USUAL,
                    state.flushNanos(),
                    (1L << 39) - (1L << 40) / 100 * ChunkServer.Config.RESERVE_PERCENT / 16));
        write(100 + i, 10);
        time.advance(Limits.HEARTBEAT_NANOS);
      }
      assertThat(server.status().state()).isEqualTo("ok");
      assertThat(server.status().openBlocks()).isEqualTo(3);
      assertThat(server.status().flushes()).isEqualTo(3);
    }
  }

  @Test
  void provesThatItKnowsTheClusterKey() throws Exception {
    try (ChunkServer server = start()) {
      ByteString[] nonces = new ByteString[2];
      for (int i = 0; i < 2; i++) {
        Stream stream = metadata.connection(time);
        ChunkMessage.Register register = stream.challenge();
        nonces[i] = register.nonce();
        assertThat(register.proof())
            .isEqualTo(
                KeyProof.OF_CHUNK_SERVER.of(
                    Samples.CLUSTER_KEY, MetadataSide.NONCE, register.nonce()));
        stream.breakDown();
      }
      assertThat(nonces[0]).as("another one for each stream").isNotEqualTo(nonces[1]);
      assertThat(server.failed().isDone()).isFalse();
    }
  }

  private byte[] identity() throws IOException {
    try (DiskFile file = disk.open(Path.of("identity"), false)) {
      ByteBuffer bytes = ByteBuffer.allocate(1000);
      while (bytes.hasRemaining() && file.read(bytes, bytes.position()) >= 0) {
        // to the end
      }
      return bytes.array();
    }
  }

  /** The network may be cut in the middle of it. */
  @Test
  void aMetadataServerThatDoesNotWelcomeItIsAskedAnew() throws Exception {
    try (ChunkServer server = start()) {
      Stream silent = metadata.connection(time);
      assertThat(silent.challenge().server()).isZero();
      time.advance(TimeUnit.SECONDS.toNanos(9));
      assertThat(silent.closed).isFalse();
      time.advance(TimeUnit.SECONDS.toNanos(1));
      silent.awaitClosed();
      var _ = welcomed(server);
    }
  }

  /** Somebody has taken its address while it was down, and has listened before. */
  @Test
  void aMetadataServerWithoutTheKeyIsNotObeyed() throws Exception {
    ByteString key = Samples.CLUSTER_KEY;
    ByteString nonce = MetadataSide.NONCE;
    List<ChunkOrder.Key> own =
        List.of(new ChunkOrder.Key(Samples.KEY_ID, ByteString.copyFromUtf8("not the secret")));
    try (ChunkServer server = start()) {
      Stream stream = welcomed(server);
      write(7, 10);
      ByteString earlier = stream.nonce();
      stream.breakDown();
      metadata.connection(time).breakDown();
      byte[] identity = identity();
      List<Function<ChunkMessage.Register, ByteString>> proofs =
          List.of(
              register -> ByteString.EMPTY,
              ChunkMessage.Register::proof,
              register -> KeyProof.TO_CHUNK_SERVER.of(key, nonce, earlier),
              register -> KeyProof.TO_SESSION.of(key, nonce, register.nonce()),
              register -> KeyProof.TO_CHUNK_SERVER.of(Samples.SECRET, nonce, register.nonce()));
      for (Function<ChunkMessage.Register, ByteString> proof : proofs) {
        for (String cluster : List.of("cluster one", "cluster two")) {
          Stream liar = metadata.connection(time);
          ByteString shown = proof.apply(liar.challenge());
          ByteString named = ByteString.copyFromUtf8(cluster);
          liar.send(new ChunkOrder.Welcome(99, named, own, 1L << 62, shown));
          assertGivesNoOrders(liar, own);
        }
      }
      assertGivesNoOrders(metadata.connection(time), own);
      Stream again = metadata.connection(time);
      assertThat(identity()).as("neither its term nor its name").isEqualTo(identity);
      write(8, 10);
      assertThat(again.challenge().server()).isEqualTo(SERVER);
      welcome(again, 5);
      assertThat(again.next(ChunkMessage.Report.class).blocks())
          .containsExactlyInAnyOrder(new BlockState(7, 1, 10, 0), new BlockState(8, 1, 10, 0));
      again.send(new ChunkOrder.Delete(List.of(7L), 9, 5, 1));
      assertThat(again.next(ChunkMessage.Deleted.class).blocks()).containsExactly(7L);
    }
  }

  private static void assertGivesNoOrders(Stream liar, List<ChunkOrder.Key> keys)
      throws InterruptedException {
    liar.send(new ChunkOrder.Trust(keys, 1L << 62, 0));
    liar.send(new ChunkOrder.Delete(List.of(7L), 100, 1L << 62, 0));
    liar.awaitClosed();
    assertThat(liar.received).as("no report, no heartbeat, nothing done").isEmpty();
  }

  @Test
  void comesBackUnderItsIdAndReportsItsBlocks() throws Exception {
    ByteString directory;
    try (ChunkServer server = start()) {
      Stream stream = welcomed(server);
      write(7, 5000);
      write(8, 10);
      blocks().seal(Samples.all(8), 8, 1);
      metadata.down(true);
      stream.breakDown();
      assertThat(stream.closed).isTrue();
      time.advance(10_000_000_000L);
      assertThat(metadata.connectionWithin(50)).isNull();
      metadata.down(false);
      Stream again = metadata.connection(time);
      ChunkMessage.Register register = again.challenge();
      directory = register.directory();
      assertThat(register.server()).isEqualTo(SERVER);
      assertThat(register.cluster()).isEqualTo(CLUSTER);
      assertThat(register.incarnation()).as("after a stream that has ended").isEqualTo(2);
      again.breakDown();
      ChunkMessage.Register next = metadata.connection(time).challenge();
      assertThat(next.incarnation()).as("nobody welcomed the last one").isEqualTo(2);
    }
    disk.crash(new Random(3));
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      ChunkMessage.Register register = stream.challenge();
      assertThat(register.server()).isEqualTo(SERVER);
      assertThat(register.directory()).isEqualTo(directory);
      assertThat(register.incarnation()).as("a new start").isEqualTo(3);
      welcome(stream, 6);
      assertThat(stream.next(ChunkMessage.Report.class).blocks())
          .containsExactlyInAnyOrder(new BlockState(7, 1, 5000, 0), new BlockState(8, 1, 10, 1));
      assertThat(server.status().incarnation()).isEqualTo(3);
    }
  }

  @Test
  void longReportsComeInPages() throws Exception {
    try (ChunkServer server = start()) {
      welcomed(server);
      for (int block = 1; block <= 1001; block++) {
        blocks().create(Samples.all(block), block, 1, false, List.of());
      }
    }
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      welcome(stream, 5);
      ChunkMessage.Report first = stream.next(ChunkMessage.Report.class);
      ChunkMessage.Report second = stream.next(ChunkMessage.Report.class);
      assertThat(first.last()).isFalse();
      assertThat(first.blocks()).hasSize(1000);
      assertThat(second.last()).isTrue();
      assertThat(second.blocks()).hasSize(1);
      assertThat(server.status().openBlocks()).isEqualTo(1001);
    }
  }

  @Test
  void deletesOnlyWhatTheServerCanKnow() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = welcomed(server);
      for (long block : new long[] {7, 8, 9, 10}) {
        write(block, 10);
      }
      stream.send(new ChunkOrder.Delete(List.of(7L, 9L, 10L, 99L), 9, 5, 1));
      assertThat(stream.next(ChunkMessage.Deleted.class).blocks()).containsExactly(7L);
      stream.send(new ChunkOrder.Delete(List.of(8L), 100, 4, 2));
      stream.send(new ChunkOrder.Delete(List.of(9L, 55L), 100, 6, 3));
      assertThat(stream.next(ChunkMessage.Deleted.class).blocks())
          .as("of the old term nothing, what is not here is deleted")
          .containsExactly(9L, 55L);
      stream.send(new ChunkOrder.Delete(List.of(8L), 100, 5, 4));
      stream.send(new ChunkOrder.Delete(List.of(10L), 100, 6, 5));
      assertThat(stream.next(ChunkMessage.Deleted.class).blocks()).containsExactly(10L);
      assertThatThrownBy(() -> blocks().read(Samples.all(7), 7, 0, ByteBuffer.allocate(1)))
          .hasMessageContaining("not here");
      blocks().read(Samples.all(8), 8, 0, ByteBuffer.allocate(10));
      assertThat(disk.list(Path.of("data/07"))).isEmpty();
    }
    disk.crash(new Random(5));
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      welcome(stream, 5);
      stream.send(new ChunkOrder.Delete(List.of(8L), 100, 4, 9));
      stream.send(new ChunkOrder.Delete(List.of(1L), 100, 5, 9));
      assertThat(stream.next(ChunkMessage.Report.class).blocks())
          .containsExactly(new BlockState(8, 1, 10, 0));
      assertThat(stream.next(ChunkMessage.Deleted.class).blocks()).containsExactly(1L);
      assertThat(server.status().openBlocks()).isEqualTo(1);
    }
  }

  @Test
  void sealsWhereTheLongestPrefixEnds() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = welcomed(server);
      write(7, 5000);
      byte[] more = new byte[100_000];
      blocks().append(Samples.all(7), Samples.record(7, 5000, more), ByteBuffer.wrap(more), false);
      write(8, 10);
      blocks().seal(Samples.all(8), 8, 1);
      stream.next(ChunkMessage.Report.class);
      stream.send(
          new ChunkOrder.SealLongest(
              List.of(
                  new BlockState(7, 3, 0, 0),
                  new BlockState(8, 1, 0, 0),
                  new BlockState(9, 1, 0, 0)),
              5,
              1));
      assertThat(stream.next(ChunkMessage.Sealed.class).blocks())
          .containsExactly(
              new BlockState(7, 3, 105_000, 1),
              new BlockState(8, 1, 10, 1),
              new BlockState(9, 1, -1, 0));
      assertThatThrownBy(
              () ->
                  blocks()
                      .append(
                          Samples.all(7),
                          Samples.record(7, 105_000, more),
                          ByteBuffer.wrap(more),
                          false))
          .isInstanceOfSatisfying(
              BlockFault.class,
              fault -> assertThat(fault.kind()).isEqualTo(BlockFault.Kind.NOT_WRITABLE));
      assertThat(server.status().sealedBlocks()).isEqualTo(2);
    }
    disk.crash(new Random(6));
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      welcome(stream, 5);
      assertThat(stream.next(ChunkMessage.Report.class).blocks())
          .contains(new BlockState(7, 1, 105_000, 1));
      assertThat(server.failed().isDone()).isFalse();
    }
  }

  @Test
  void sealsAtAGivenLength() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = welcomed(server);
      byte[] more = new byte[100];
      for (long block = 7; block <= 10; block++) {
        write(block, 5000);
        blocks()
            .append(
                Samples.all(block),
                Samples.record(block, 5000, more),
                ByteBuffer.wrap(more),
                false);
      }
      stream.send(new ChunkOrder.SealAt(List.of(new BlockState(10, 1, 5000, 0)), 4, 1));
      List<BlockState> wanted = new ArrayList<>();
      long[] lengths = {5000, 5100, 5200, 4999};
      for (int i = 0; i < lengths.length; i++) {
        wanted.add(new BlockState(7 + i, 1, lengths[i], 0));
      }
      wanted.add(new BlockState(99, 1, 5000, 0));
      List<BlockState> result =
          List.of(
              new BlockState(7, 1, 5000, 1),
              new BlockState(8, 1, 5100, 1),
              new BlockState(9, 1, 5100, 0),
              new BlockState(10, 1, 5100, 0));
      stream.send(new ChunkOrder.SealAt(wanted, 5, 2));
      assertThat(stream.next(ChunkMessage.Report.class))
          .isEqualTo(new ChunkMessage.Report(result, true));
      disk.damage(Path.of("data/08/0000000000000008.d"), 5, ByteBuffer.wrap(new byte[] {1}));
      assertThatThrownBy(() -> blocks().read(Samples.all(8), 8, 0, ByteBuffer.allocate(10)))
          .hasMessageContaining("at 0 what");
      assertThat(stream.next(ChunkMessage.Report.class).blocks())
          .containsExactly(new BlockState(8, 0, 0, 2));
      stream.send(new ChunkOrder.SealAt(List.of(new BlockState(8, 1, 5000, 0)), 5, 3));
      assertThat(stream.next(ChunkMessage.Report.class).blocks())
          .containsExactly(new BlockState(8, 1, 5100, 1), new BlockState(8, 0, 0, 2));
    }
  }

  /** As whoever is about to delete another copy asks. */
  @Test
  void looksForItsFilesBeforeItSaysThatABlockIsHere() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = welcomed(server);
      List<BlockState> wanted = new ArrayList<>();
      for (long block = 7; block <= 10; block++) {
        write(block, 5000);
        wanted.add(new BlockState(block, 1, 5000, 0));
      }
      stream.send(new ChunkOrder.SealAt(wanted, 5, 1));
      assertThat(stream.next(ChunkMessage.Report.class).blocks())
          .allMatch(replica -> replica.state() == 1)
          .hasSize(4);
      disk.delete(Path.of("data/07/0000000000000007.d"));
      disk.delete(Path.of("data/08/0000000000000008.m"));
      try (DiskFile data = disk.open(Path.of("data/09/0000000000000009.d"), false)) {
        data.truncate(4999);
      }
      stream.send(new ChunkOrder.SealAt(wanted, 5, 2));
      List<BlockState> said = stream.next(ChunkMessage.Report.class).blocks();
      assertThat(said.stream().filter(replica -> replica.state() == 2).map(BlockState::block))
          .containsExactly(7L, 8L, 9L);
      assertThat(said.getLast()).isEqualTo(new BlockState(10, 1, 5000, 1));
    }
  }

  /** And nothing is said before the welcome, of whichever stream. */
  @Test
  void aBlockIsReportedWhenItsWriterSealsIt() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = welcomed(server);
      write(7, 5000);
      write(8, 10);
      blocks().flush(Samples.all(7), 7, 1);
      for (int i = 0; i < 2; i++) {
        blocks().seal(Samples.all(7), 7, 1);
        assertThat(stream.next(ChunkMessage.Report.class))
            .as("the first time, and a repeat")
            .isEqualTo(new ChunkMessage.Report(List.of(new BlockState(7, 1, 5000, 1)), true));
      }
      stream.breakDown();
      Stream again = metadata.connection(time);
      blocks().seal(Samples.all(8), 8, 1);
      again.challenge();
      welcome(again, 6);
      assertThat(again.next(ChunkMessage.Report.class).blocks())
          .containsExactlyInAnyOrder(new BlockState(7, 1, 5000, 1), new BlockState(8, 1, 10, 1));
      again.send(new ChunkOrder.Delete(List.of(7L), 9, 6, 1));
      again.next(ChunkMessage.Deleted.class);
    }
  }

  @Test
  void aDiskThatFailedOnceFailsForGood() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = welcomed(server);
      write(7, 10);
      disk.powerOffAfter(0);
      BlockFault.Kind[] kinds = {BlockFault.Kind.DISK, BlockFault.Kind.DISK};
      for (BlockFault.Kind kind : kinds) {
        assertThatThrownBy(() -> write(8, 10))
            .isInstanceOfSatisfying(
                BlockFault.class, fault -> assertThat(fault.kind()).isEqualTo(kind));
        disk.powerOffAfter(Integer.MAX_VALUE);
      }
      assertThatThrownBy(() -> blocks().read(Samples.all(7), 7, 0, ByteBuffer.allocate(1)))
          .hasMessageContaining("failed before");
      assertThat(server.failed().get(20, TimeUnit.SECONDS)).hasMessageContaining("power");
      assertThat(server.status().state()).contains("the power is off");
      stream.received.clear();
      time.advance(Limits.HEARTBEAT_NANOS);
      assertThat(stream.next(ChunkMessage.Heartbeat.class).directories().getFirst().state())
          .isEqualTo("failed: the power is off");
    }
  }

  @Test
  void blocksWithoutTheirIdentityAreRefused() throws Exception {
    start().close();
    disk.damage(Path.of("identity"), 40, ByteBuffer.wrap(new byte[] {9}));
    assertThatThrownBy(this::start).hasMessageContaining("damaged");
    disk.delete(Path.of("identity"));
    assertThatThrownBy(this::start).hasMessageContaining("no identity");
  }

  @Test
  void anotherClusterIsRefused() throws Exception {
    try (ChunkServer server = start()) {
      welcomed(server);
    }
    try (ChunkServer server = start()) {
      Stream stream = metadata.connection(time);
      stream.welcome(SERVER, ByteString.copyFromUtf8("cluster two"), KEYS, 9);
      assertThat(server.failed().get(20, TimeUnit.SECONDS)).hasMessageContaining("another cluster");
      assertThat(server.ready().isDone()).isFalse();
      assertThatThrownBy(() -> write(1, 1)).hasMessageContaining("no keys");
      time.advance(10_000_000_000L);
      assertThat(metadata.connectionWithin(50)).as("it does not come back").isNull();
    }
  }

  @Test
  void aRefusedServerAsksAgain() throws Exception {
    try (ChunkServer server = start()) {
      metadata.connection(time).send(new ChunkOrder.Refused("the wrong key"));
      welcomed(server);
    }
  }

  @Test
  void aFloodOfOrdersEndsTheStream() throws Exception {
    try (ChunkServer server = start()) {
      Stream stream = welcomed(server);
      List<Long> many = new ArrayList<>();
      for (long block = 1; block <= 1000; block++) {
        many.add(block);
      }
      for (int i = 0; i < 20_000 && !stream.closed; i++) {
        stream.send(new ChunkOrder.Delete(many, 2000, 5, i));
      }
      assertThat(stream.closed).isTrue();
      welcomed(server);
    }
  }

  /** Whenever the power goes during the first start, the next one makes a whole directory. */
  @Test
  void aFirstStartMayBeCutShort() throws Exception {
    for (int operations = 0; ; operations++) {
      SimulatedDisk own = new SimulatedDisk();
      own.powerOffAfter(operations);
      boolean whole = true;
      try {
        ChunkServer.start(
                config("local:chunk-1"), own, metadata, services, time, new Random(operations))
            .close();
      } catch (IOException e) {
        whole = false;
      }
      own.crash(new Random(operations));
      ChunkServer.start(
              config("local:chunk-1"), own, metadata, services, time, new Random(operations))
          .close();
      if (whole) {
        assertThat(operations).isGreaterThan(20);
        return;
      }
    }
  }

  @Test
  void servesOverItsSocket(@TempDir Path folder) throws Exception {
    String address = "unix:" + folder.resolve("s");
    try (ChunkServer server =
            ChunkServer.start(config(address), disk, metadata, services, time, new Random(1));
        BlockServices other = new BlockServices()) {
      welcomed(server);
      byte[] bytes = "over the wire".getBytes(StandardCharsets.UTF_8);
      BlockService remote = other.connect(address);
      remote.create(Samples.all(1), 1, 1, false, List.of());
      remote.append(Samples.all(1), Samples.record(1, 0, bytes), ByteBuffer.wrap(bytes), true);
      ByteBuffer into = ByteBuffer.allocate(bytes.length);
      remote.read(Samples.all(1), 1, 0, into);
      assertThat(into.array()).isEqualTo(bytes);
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void badConfigurationIsRefused() {
    assertThatThrownBy(() -> config("tcp:localhost:1"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> config("unix:relative")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                ChunkServer.Config.of(
                    "h",
                    "local:a",
                    "local:metadata",
                    ByteString.EMPTY,
                    "/data",
                    ChunkServer.Scrub.USUAL))
        .isInstanceOf(IllegalArgumentException.class);
  }
}

package dfs.chunk.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.chunk.SimulatedDisk;
import dfs.chunk.server.MetadataSide.Stream;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockService;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.seam.Disk.Space;
import dfs.protocol.seam.DiskFile;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkMessage.DirectoryState;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A data directory is looked at with each heartbeat: whether it is still there, and as large. */
class DirectoryCheckTest {
  private static final Path IDENTITY = Path.of("identity");
  private static final int IDENTITY_DIRECTORY = 16;
  private static final Space SPACE = new Space(1L << 40, 1L << 39);

  private final SimulatedDisk disk = new SimulatedDisk();
  private final ManualTime time = new ManualTime();
  private final MetadataSide metadata = new MetadataSide();
  private final BlockServices services = new BlockServices();
  private ChunkServer server;
  private Stream stream;

  @BeforeEach
  void start() throws Exception {
    server = start(disk);
    stream = metadata.connection(time);
    welcome();
    server.ready().get(20, TimeUnit.SECONDS);
    assertThat(stream.next(ChunkMessage.Heartbeat.class).directories().getFirst().isWell())
        .isTrue();
  }

  private void welcome() throws InterruptedException {
    stream.welcome(
        12,
        ByteString.copyFromUtf8("cluster"),
        List.of(new ChunkOrder.Key(Samples.KEY_ID, Samples.SECRET)),
        5);
    stream.next(ChunkMessage.Report.class);
  }

  private ChunkServer start(SimulatedDisk on) throws IOException {
    return ChunkServer.start(
        new ChunkServer.Config(
                "host-1",
                "local:chunk-1",
                "local:metadata",
                Samples.CLUSTER_KEY,
                ChunkServer.Config.SEGMENT_BYTES_MIN,
                "/data/1",
                ChunkServer.Config.RESERVE_BYTES,
                ChunkServer.Config.RESERVE_PERCENT,
                ChunkServer.Scrub.USUAL)
            .weighing(0),
        on,
        metadata,
        services,
        time,
        new Random(on.hashCode()));
  }

  @AfterEach
  void end() throws IOException {
    server.close();
  }

  private DirectoryState beat() throws Exception {
    stream.received.clear();
    time.advance(Limits.HEARTBEAT_NANOS);
    return stream.next(ChunkMessage.Heartbeat.class).directories().getFirst();
  }

  private void write(long block) throws IOException {
    byte[] bytes = new byte[10];
    BlockService blocks = services.connect("local:chunk-1");
    blocks.create(Samples.all(block), block, 1, false, List.of());
    blocks.append(
        Samples.all(block), Samples.record(block, 0, bytes), ByteBuffer.wrap(bytes), true);
  }

  private ByteBuffer identity() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(256);
    try (DiskFile file = disk.open(IDENTITY, false)) {
      file.read(bytes, 0);
    }
    return bytes.flip();
  }

  /** As under an unmounted disk. Nothing brings it back but a start. */
  @Test
  void oneThatHasGoneHasFailedForGood() throws Exception {
    write(1);
    SimulatedDisk before = disk.copy();
    disk.delete(IDENTITY);
    assertThat(beat().state()).startsWith("failed: it has gone: no identity");
    assertThat(server.failed().get(20, TimeUnit.SECONDS)).hasMessageContaining("it has gone");
    try (DiskFile file = before.open(IDENTITY, false)) {
      ByteBuffer bytes = ByteBuffer.allocate(256);
      file.read(bytes, 0);
      try (DiskFile again = disk.open(IDENTITY, true)) {
        again.write(bytes.flip(), 0);
      }
    }
    assertThat(beat().state()).startsWith("failed: it has gone");
    assertThatThrownBy(() -> write(2)).hasMessageContaining("failed before");
  }

  @Test
  void anotherOneInItsPlaceIsNotTakenForIt() throws Exception {
    SimulatedDisk other = new SimulatedDisk();
    IdentityFile.open(other, new Random(99));
    ByteBuffer foreign = ByteBuffer.allocate(256);
    try (DiskFile file = other.open(IDENTITY, false)) {
      file.read(foreign, 0);
    }
    try (DiskFile file = disk.open(IDENTITY, false)) {
      file.truncate(0);
      file.write(foreign.flip(), 0);
    }
    assertThat(beat().state())
        .isEqualTo("failed: it has gone: another data directory is at its path");
  }

  @Test
  void aDamagedIdentityIsWrittenAgain() throws Exception {
    ByteBuffer before = identity();
    disk.damage(IDENTITY, IDENTITY_DIRECTORY, ByteBuffer.wrap(new byte[] {9, 9, 9}));
    assertThat(identity()).isNotEqualTo(before);
    assertThat(beat().state()).isEqualTo("ok");
    assertThat(identity()).isEqualTo(before);
    write(1);
  }

  @Test
  void oneThatShrinksIsNotWellUntilItHasGrownAgain() throws Exception {
    disk.space(new Space(SPACE.totalBytes() - SPACE.totalBytes() / 200, SPACE.freeBytes()));
    assertThat(beat().state()).as("a little less").isEqualTo("ok");
    disk.space(new Space(SPACE.totalBytes() / 2, SPACE.freeBytes() / 2));
    assertThat(beat().state())
        .isEqualTo("smaller than it was: 549755813888 bytes, 1099511627776 before");
    write(1);
    disk.space(SPACE);
    assertThat(beat().state()).isEqualTo("ok");
  }

  /** That says nothing of the disk, as another reason would. */
  @Test
  void aProcessWithTooManyOpenFilesHasNotLostItsDirectory() throws Exception {
    disk.opensFail("Too many open files");
    assertThat(beat().state()).isEqualTo("ok");
    disk.opensFail("");
    write(1);
    disk.opensFail("Input/output error");
    assertThat(beat().state()).isEqualTo("failed: identity: Input/output error");
    disk.opensFail("");
  }

  /** The incarnation is counted with a later stream. */
  @Test
  void aDirectoryThatTakesNoFileJustNowHasNotFailed() throws Exception {
    for (String why : List.of("Too many open files", "No space left on device")) {
      long before = server.status().incarnation();
      disk.opensFail(why);
      stream.breakDown();
      Stream next = metadata.connection(time);
      assertThat(next.challenge().incarnation()).isEqualTo(before);
      disk.opensFail("");
      next.breakDown();
      stream = metadata.connection(time);
      assertThat(stream.challenge().incarnation()).isEqualTo(before + 1);
      welcome();
      assertThat(server.failed().isDone()).isFalse();
    }
  }

  @Test
  void aFailureIsSaidAtOnce() throws Exception {
    stream.received.clear();
    disk.powerOffAfter(0);
    assertThatThrownBy(() -> write(1)).hasMessageContaining("the power is off");
    assertThat(stream.next(ChunkMessage.Heartbeat.class).directories().getFirst().state())
        .isEqualTo("failed: the power is off");
  }

  /** That is no weight that was not said. */
  @Test
  void theWeightIsSaid() throws Exception {
    assertThat(beat().weightThousandths()).isZero();
  }

  @Test
  void whatHasFailedConfirmsNothing() throws Exception {
    write(1);
    stream.send(new ChunkOrder.SealAt(List.of(new ChunkMessage.BlockState(1, 1, 10, 0)), 5, 1));
    assertThat(stream.next(ChunkMessage.Report.class).blocks()).hasSize(1);
    disk.delete(IDENTITY);
    assertThat(beat().state()).startsWith("failed: it has gone: no identity");
    stream.send(new ChunkOrder.SealAt(List.of(new ChunkMessage.BlockState(1, 1, 10, 0)), 5, 2));
    assertThat(stream.next(ChunkMessage.Report.class).blocks()).isEmpty();
  }

  /** The process has no descriptor left for a moment: that says nothing of the disk. */
  @Test
  void tooManyOpenFilesAreNoFailureOfTheDisk() throws Exception {
    write(1);
    disk.opensFail("Too many open files");
    assertThatThrownBy(() -> write(2)).hasMessageContaining("ulimit -n");
    disk.opensFail("");
    assertThat(server.failed().isDone()).isFalse();
    write(2);
  }
}

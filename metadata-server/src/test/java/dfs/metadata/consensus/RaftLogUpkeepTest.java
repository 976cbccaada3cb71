package dfs.metadata.consensus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the log does from time to time: flush, snapshot, purge, watch the disk. */
class RaftLogUpkeepTest {
  private static final long NEVER = TimeUnit.HOURS.toNanos(1);

  @TempDir Path directory;
  private LogBench bench;
  private final RecordingMachine machine = new RecordingMachine();

  @BeforeEach
  void prepare() {
    bench = new LogBench(directory);
  }

  private static LogLimits limits(long commands, long bytes, long nanos, long snapshot) {
    return new LogLimits(1024, commands, bytes, nanos, snapshot, 1L << 20, 1L << 20);
  }

  @Test
  void flushesAfterSoManyCommands() throws IOException {
    bench.limits = limits(50, 1L << 40, NEVER, 1L << 40);
    try (RaftLog log = bench.open(machine)) {
      LogBench.propose(log, 1, 49);
      assertThat(machine.flushes()).isZero();
      LogBench.propose(log, 50, 1);
      LogBench.await("a flush", () -> machine.flushes() == 1);
      LogBench.propose(log, 51, 50);
      LogBench.await("a second flush", () -> machine.flushes() == 2);
    }
  }

  @Test
  void flushesAfterSoManyBytes() throws IOException {
    bench.limits = limits(1L << 40, 1_000_000, NEVER, 1L << 40);
    try (RaftLog log = bench.open(machine)) {
      for (int i = 0; i < 3; i++) {
        assertThat(log.propose(Proposed.large(400_000)).join()).isInstanceOf(Reply.Value.class);
      }
      LogBench.await("a flush", () -> machine.flushes() == 1);
    }
  }

  @Test
  void flushesAfterSomeTimeIfAnythingWasApplied() throws IOException {
    bench.limits = limits(1L << 40, 1L << 40, TimeUnit.MILLISECONDS.toNanos(700), 1L << 40);
    try (RaftLog log = bench.open(machine)) {
      LogBench.propose(log, 1, 1);
      LogBench.await("a flush", () -> machine.flushes() == 1);
      LogBench.propose(log, 2, 1);
      LogBench.await("a second flush", () -> machine.flushes() == 2);
      assertThat(log.condition().get("flushed index")).isEqualTo("3");
    }
    assertThat(machine.flushes()).isEqualTo(2);
  }

  private void purged(RaftLog log) {
    for (int i = 0; i < 20; i++) {
      assertThat(log.propose(Proposed.large(100_000)).join()).isInstanceOf(Reply.Value.class);
    }
    LogBench.await("a purge", () -> Long.parseLong(log.condition().get("first index")) > 5);
  }

  @Test
  void aLongLogIsCutAndWhatIsLeftSuffices() throws IOException {
    bench.limits = limits(100_000, 1L << 40, NEVER, 1_000_000);
    RecordingMachine killed;
    try (RaftLog log = bench.open(machine)) {
      purged(log);
      LogBench.propose(log, 1, 5);
      killed = machine.restarted();
      long snapshot = Long.parseLong(log.condition().get("snapshot index"));
      assertThat(snapshot).isGreaterThan(5).isLessThanOrEqualTo(killed.flushedIndex());
    }
    assertThat(killed.commands()).hasSizeLessThan(25);
    try (RaftLog log = bench.open(killed)) {
      assertThat(killed.commands()).isEqualTo(machine.commands());
      LogBench.propose(log, 6, 1);
      purged(log);
    }
    RecordingMachine third = killed.restarted();
    bench.open(third).close();
    assertThat(third.commands()).isEqualTo(killed.commands());
    assertThat(bench.fatal).isEmpty();
  }

  private long tableBytes() {
    try (Stream<Path> files = Files.list(directory.resolve(LogDirectory.LOG))) {
      return files
          .filter(file -> file.toString().endsWith(".sst"))
          .mapToLong(file -> file.toFile().length())
          .sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** So many orders of a megabyte that cannot be compressed. */
  private static void proposeRandom(RaftLog log, int count) {
    Random random = new Random(1);
    byte[] bytes = new byte[1_000_000];
    for (int i = 0; i < count; i++) {
      random.nextBytes(bytes);
      Upkeep order = new Upkeep.Format(ByteString.copyFrom(bytes), 0, 0);
      assertThat(log.propose(Proposal.upkeep(order)).join()).isInstanceOf(Reply.Value.class);
    }
  }

  /** The library's store would keep it until there are many tables. */
  @Test
  void whatIsCutOffTheLogGivesItsSpaceBack() throws IOException {
    bench.limits = limits(100_000, 1L << 40, NEVER, 60_000_000);
    try (RaftLog log = bench.open(machine)) {
      proposeRandom(log, 50);
      LogBench.await("tables", () -> tableBytes() > 30_000_000);
      proposeRandom(log, 50);
      LogBench.await("a purge", () -> Long.parseLong(log.condition().get("first index")) > 50);
      LogBench.await("space", () -> tableBytes() < 60_000_000);
    }
  }

  @Test
  void aRestartDoesNotReadWhatTheStateHolds() throws IOException {
    AtomicLong reads = new AtomicLong();
    try (RaftLog log = bench.open(machine)) {
      LogBench.propose(log, 1, 1500);
    }
    bench.storage = storage -> FaultyLogStorage.counted(storage, reads);
    RecordingMachine second = machine.restarted();
    try (RaftLog log = bench.open(second)) {
      assertThat(second.replayed()).isEmpty();
      assertThat(reads.get()).isLessThan(50);
      LogBench.propose(log, 1501, 2000);
      assertThat(second.commands()).hasSize(3500);
    }
    RecordingMachine third = second.restarted();
    try (RaftLog log = bench.open(third)) {
      assertThat(third.replayed()).isEmpty();
      assertThat(third.commands()).isEqualTo(second.commands());
      assertThat(log.condition()).containsEntry("snapshot index", "3502");
    }
  }

  @Test
  void aStateOlderThanTheSnapshotRefuses() throws IOException {
    bench.limits = limits(100_000, 1L << 40, NEVER, 1_000_000);
    try (RaftLog log = bench.open(machine)) {
      purged(log);
    }
    assertThatThrownBy(() -> bench.open(new RecordingMachine()).close())
        .isInstanceOf(DamagedLogException.class)
        .hasMessageContaining("the directory of the store is missing");
    assertThat(bench.fatal).isEmpty();
  }

  @Test
  void aMissingSnapshotIsMadeAgainFromTheState() throws IOException {
    bench.limits = limits(100_000, 1L << 40, NEVER, 1_000_000);
    try (RaftLog log = bench.open(machine)) {
      purged(log);
      LogBench.propose(log, 1, 5);
    }
    Path snapshot = snapshot();
    Path hidden = directory.resolve("elsewhere");
    Files.move(snapshot, hidden);
    assertThatThrownBy(() -> bench.open(new RecordingMachine()).close())
        .isInstanceOf(DamagedLogException.class)
        .hasMessageContaining("the snapshot that stands for what was before is missing");
    RecordingMachine second = machine.restarted();
    try (RaftLog log = bench.open(second)) {
      assertThat(second.commands()).isEqualTo(machine.commands());
      LogBench.propose(log, 6, 1);
    }
    assertThat(snapshot()).isNotEqualTo(hidden);
  }

  @Test
  void aDamagedManifestRefuses() throws IOException {
    bench.limits = limits(100_000, 1L << 40, NEVER, 1_000_000);
    try (RaftLog log = bench.open(machine)) {
      purged(log);
    }
    Path manifest = snapshot().resolve("manifest");
    byte[] bytes = Files.readAllBytes(manifest);
    bytes[9] ^= 1;
    Files.write(manifest, bytes);
    assertThatThrownBy(() -> bench.open(machine.restarted()).close())
        .isInstanceOf(DamagedLogException.class)
        .hasMessageContaining("manifest is damaged");
  }

  private Path snapshot() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("snapshot"))) {
      List<Path> snapshots = files.toList();
      assertThat(snapshots).hasSize(1);
      return snapshots.getFirst();
    }
  }

  /** The disk, with the free space that a test says. */
  private record Gauge(Disk disk, AtomicLong free) implements Disk {
    @Override
    public String device() throws IOException {
      return disk.device();
    }

    @Override
    public DiskFile open(Path path, boolean create) throws IOException {
      return disk.open(path, create);
    }

    @Override
    public boolean exists(Path path) throws IOException {
      return disk.exists(path);
    }

    @Override
    public List<String> list(Path path) throws IOException {
      return disk.list(path);
    }

    @Override
    public void createDirectories(Path path) throws IOException {
      disk.createDirectories(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
      disk.rename(from, to);
    }

    @Override
    public void delete(Path path) throws IOException {
      disk.delete(path);
    }

    @Override
    public void syncDirectory(Path path) throws IOException {
      disk.syncDirectory(path);
    }

    @Override
    public Space space() {
      return new Space(1L << 30, free.get());
    }
  }

  @Test
  void aFullDiskRefusesUntilThereIsSpaceAgain() throws IOException {
    AtomicLong free = new AtomicLong(1L << 30);
    bench.disk = new Gauge(bench.disk, free);
    bench.limits = limits(100_000, 1L << 40, NEVER, 1L << 40);
    Path ballast = directory.resolve("ballast");
    try (RaftLog log = bench.open(machine)) {
      LogBench.propose(log, 1, 10);
      LogBench.await("the ballast", () -> Files.exists(ballast));
      assertThat(log.condition().get("space")).doesNotContain("ALARM");
      free.set(1000);
      LogBench.await("the alarm", () -> alarmed(log));
      CompletableFuture<Reply> refused = log.propose(Proposed.numbered(11));
      assertThat(refused.join())
          .isInstanceOfSatisfying(
              Reply.Refused.class, reply -> assertThat(reply.errno()).isEqualTo(Errno.ENOSPC));
      assertThat(machine.commands()).hasSize(10);
      // What deletes goes on, or the disk would stay full.
      free.set(1L << 19);
      LogBench.await(
          "another look",
          () -> String.valueOf(log.condition().get("space")).contains("" + (1L << 19)));
      assertThat(log.propose(Proposed.growing(11)).join()).isInstanceOf(Reply.Refused.class);
      assertThat(log.propose(Proposed.numbered(11)).join()).isNotInstanceOf(Reply.Refused.class);
      free.set(1000);
      LogBench.await(
          "another look",
          () -> String.valueOf(log.condition().get("space")).contains("1000 bytes"));
      // What can be given up is given up.
      assertThat(ballast).doesNotExist();
      LogBench.await("a flush", () -> machine.flushes() == 1);
      LogBench.await("a purge", () -> Long.parseLong(log.condition().get("first index")) > 10);
      assertThat(log.hasAuthority()).isTrue();
      // Not at once when there is just enough, since the ballast must go back first.
      free.set((1L << 20) + 1000);
      long rounds = System.nanoTime() + 2 * LogKeeper.ROUND_NANOS;
      LogBench.await("two rounds", () -> System.nanoTime() > rounds);
      assertThat(log.condition().get("space")).contains("ALARM");
      free.set(1L << 30);
      LogBench.await("the end of the alarm", () -> !alarmed(log));
      LogBench.propose(log, 12, 1);
      LogBench.await("the ballast", () -> Files.exists(ballast));
    }
    assertThat(bench.fatal).isEmpty();
  }

  private static boolean alarmed(RaftLog log) {
    return log.condition().getOrDefault("space", "").contains("ALARM");
  }

  @Test
  void theMarkFollowsTheLog() throws IOException {
    assertThat(LogKeeper.ROUND_NANOS).isLessThanOrEqualTo(TimeUnit.SECONDS.toNanos(1) / 2);
    try (RaftLog log = bench.open(machine)) {
      LogBench.propose(log, 1, 10);
      LogBench.await("the mark", () -> mark() == 11);
      assertThat(log.condition()).containsEntry("last index", "11").containsEntry("term", "1");
    }
  }

  private long mark() {
    try (HighWaterMark mark = HighWaterMark.open(bench.disk)) {
      return mark.newest().index();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}

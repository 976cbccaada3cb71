package dfs.metadata.consensus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Command;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A log that lost something does not start, and says what; one that lost nothing does. */
class RaftLogDamageTest {
  @TempDir Path root;
  private Path directory;
  private LogBench bench;
  private final RecordingMachine machine = new RecordingMachine();

  @BeforeEach
  void prepare() {
    directory = root.resolve("log");
    bench = new LogBench(directory);
  }

  private void tenOrders() throws IOException {
    try (RaftLog log = bench.open(machine)) {
      LogBench.propose(log, 1, 10);
    }
  }

  private void refuses(RecordingMachine with, String... words) throws IOException {
    assertThatThrownBy(() -> bench.open(with).close())
        .isInstanceOf(DamagedLogException.class)
        .hasMessageContainingAll(words)
        .hasMessageContaining("dfs rescue");
    assertThat(bench.fatal).isEmpty();
    // Refusing does not hold on to the directory, and changes nothing: it refuses again.
    assertThatThrownBy(() -> bench.open(with).close())
        .isInstanceOf(DamagedLogException.class)
        .hasMessageContainingAll(words);
  }

  @ParameterizedTest
  @ValueSource(strings = {"identity", "vote", "mark"})
  void aMissingFileRefuses(String name) throws IOException {
    tenOrders();
    Files.delete(directory.resolve(name));
    refuses(machine.restarted(), name, "missing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"identity", "vote", "mark"})
  void aDamagedFileRefuses(String name) throws IOException {
    tenOrders();
    Path file = directory.resolve(name);
    byte[] bytes = Files.readAllBytes(file);
    for (int slot = 0; slot < bytes.length; slot += 4096) {
      bytes[slot + 9] ^= 4;
    }
    Files.write(file, bytes);
    refuses(machine.restarted(), name, "damaged");
  }

  @ParameterizedTest
  @ValueSource(strings = {"identity", "vote", "mark"})
  void anEmptyFileRefuses(String name) throws IOException {
    tenOrders();
    Files.write(directory.resolve(name), new byte[0]);
    refuses(machine.restarted(), name, "damaged");
  }

  @Test
  void oneTornSlotOfTheMarkIsNoDamage() throws IOException {
    tenOrders();
    for (int slot = 0; slot < 2; slot++) {
      Path file = directory.resolve("mark");
      byte[] whole = Files.readAllBytes(file);
      byte[] torn = whole.clone();
      torn[slot * 4096 + 9] ^= 4;
      Files.write(file, torn);
      bench.open(machine.restarted()).close();
    }
  }

  @Test
  void aMissingLogRefuses() throws IOException {
    tenOrders();
    delete(directory.resolve("log"));
    refuses(new RecordingMachine(), "the log ends at entry 0", "entry 11");
  }

  @Test
  void anEmptyDirectoryUnderAFullStateRefuses() throws IOException {
    tenOrders();
    delete(directory);
    refuses(machine.restarted(), "directory of the log is empty", "entry 11");
  }

  @Test
  void anInterruptedFormatStartsAgain() throws IOException {
    tenOrders();
    // As it would look before the identity was written: the marker is there, the rest too.
    Files.delete(directory.resolve("identity"));
    Files.createFile(directory.resolve("formatting"));
    RecordingMachine fresh = new RecordingMachine();
    try (RaftLog log = bench.open(fresh)) {
      LogBench.propose(log, 1, 1);
      assertThat(fresh.commands()).hasSize(1);
      assertThat(log.term()).isEqualTo(1);
    }
    assertThat(directory.resolve("formatting")).doesNotExist();
    bench.open(fresh.restarted()).close();
  }

  @Test
  void identityStays() throws IOException {
    ByteString cluster;
    try (RaftLog log = bench.open(machine)) {
      cluster = log.cluster();
    }
    assertThat(cluster.size()).isEqualTo(16);
    try (RaftLog log = bench.open(machine)) {
      assertThat(log.cluster()).isEqualTo(cluster);
    }
  }

  /** What a kill leaves of ten orders and one more, which the mark does not know yet. */
  private Path killedAfterEleven() throws IOException {
    Path killed = root.resolve("killed");
    try (RaftLog log = bench.open(machine)) {
      LogBench.propose(log, 1, 10);
      LogBench.await("the mark at entry 11", () -> markAt(directory) == 11);
      byte[] mark = Files.readAllBytes(directory.resolve("mark"));
      LogBench.propose(log, 11, 1);
      copy(directory, killed);
      Files.write(killed.resolve("mark"), mark);
    }
    bench = new LogBench(killed);
    return killed;
  }

  private static long markAt(Path directory) {
    try (HighWaterMark mark = HighWaterMark.open(new dfs.protocol.seam.RealDisk(directory))) {
      return mark.newest().index();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aKilledLogOpens() throws IOException {
    killedAfterEleven();
    RecordingMachine next = new RecordingMachine();
    try (RaftLog log = bench.open(next)) {
      assertThat(next.replayed()).extracting(Command::sequence).hasSize(11);
      assertThat(log.condition().get("recovery")).isEqualTo("clean");
    }
  }

  @Test
  void aTornTailOpensAndSaysSo() throws IOException {
    Path killed = killedAfterEleven();
    cut(newestWal(killed), 5);
    RecordingMachine next = new RecordingMachine();
    try (RaftLog log = bench.open(next)) {
      // The eleventh was never durable as far as anybody outside the log can know.
      assertThat(next.replayed())
          .extracting(Command::sequence)
          .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L);
      assertThat(log.condition().get("recovery")).contains("WARNING").contains("torn");
      LogBench.propose(log, 12, 1);
    }
    RecordingMachine after = new RecordingMachine();
    try (RaftLog log = bench.open(after)) {
      assertThat(after.replayed()).extracting(Command::sequence).hasSize(11).endsWith(10L, 12L);
      assertThat(log.condition().get("recovery")).isEqualTo("clean");
    }
  }

  @Test
  void aTailTornBelowTheMarkRefuses() throws IOException {
    Path killed = killedAfterEleven();
    cut(newestWal(killed), 5);
    try (HighWaterMark mark = HighWaterMark.open(bench.disk)) {
      mark.advance(new HighWaterMark.Mark(12, 1));
    }
    refuses(new RecordingMachine(), "the log ends at entry 11", "high-water mark", "entry 12");
  }

  @Test
  void aTailTornBelowTheStateRefuses() throws IOException {
    Path killed = killedAfterEleven();
    cut(newestWal(killed), 5);
    refuses(machine.restarted(), "the log ends at entry 11", "the state", "entry 12");
  }

  @Test
  void aLogWithoutItsWalRefuses() throws IOException {
    Path killed = killedAfterEleven();
    Files.delete(newestWal(killed));
    refuses(new RecordingMachine(), "the log");
  }

  @Test
  void aFlippedBitInTheMiddleRefuses() throws IOException {
    Path killed = killedAfterEleven();
    Path wal = newestWal(killed);
    byte[] bytes = Files.readAllBytes(wal);
    bytes[bytes.length / 2] ^= 1;
    Files.write(wal, bytes);
    refuses(new RecordingMachine(), "the log cannot be opened", "orruption");
  }

  private static Path newestWal(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("log"))) {
      return files
          .filter(file -> file.toString().endsWith(".log"))
          .filter(file -> file.toFile().length() > 0)
          .max(Comparator.naturalOrder())
          .orElseThrow();
    }
  }

  private static void cut(Path file, int bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - bytes);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    for (Path each : tree(from)) {
      Files.copy(each, to.resolve(from.relativize(each).toString()));
    }
  }

  private static void delete(Path path) throws IOException {
    for (Path each : tree(path).reversed()) {
      Files.delete(each);
    }
  }

  private static List<Path> tree(Path root) throws IOException {
    try (Stream<Path> tree = Files.walk(root)) {
      return tree.sorted().toList();
    }
  }
}

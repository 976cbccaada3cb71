package dfs.metadata.consensus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What proposers and the state machine see of the log. */
class RaftLogTest {
  @TempDir Path directory;
  private LogBench bench;
  private final RecordingMachine machine = new RecordingMachine();

  @BeforeEach
  void prepare() {
    bench = new LogBench(directory);
  }

  @Test
  void proposalsAreAppliedInOrderAsTheyAre() throws IOException {
    try (RaftLog log = bench.open(machine)) {
      LogBench.proposeTogether(log, 1, 500);
      assertThat(log.hasAuthority()).isTrue();
      assertThat(log.term()).isEqualTo(1);
      assertThat(log.counts().commands()).isEqualTo(500);
    }
    List<Command> applied = machine.commands();
    assertThat(applied).extracting(Command::sequence).isEqualTo(numbers(1, 500));
    Command command = applied.get(41);
    Proposal proposed = Proposed.numbered(42);
    assertThat(command.session()).isEqualTo(proposed.session());
    assertThat(command.slot()).isEqualTo(proposed.slot());
    assertThat(command.caller()).isEqualTo(proposed.caller());
    assertThat(command.placement()).isEqualTo(proposed.placement());
    assertThat(command.order()).isEqualTo(proposed.order());
    assertThat(command.salt().size()).isEqualTo(16);
    assertThat(bench.fatal).isEmpty();
  }

  private static List<Long> numbers(long from, long to) {
    return Stream.iterate(from, n -> n <= to, n -> n + 1).toList();
  }

  @Test
  void stampsGrowWhateverTheClockDoes() throws IOException {
    bench.time.stopAt(1_000_000);
    try (RaftLog log = bench.open(machine)) {
      LogBench.proposeTogether(log, 1, 50);
      bench.time.stopAt(10);
      LogBench.proposeTogether(log, 51, 50);
      machine.flush();
    }
    bench.time.stopAt(5);
    RecordingMachine next = machine.restarted();
    try (RaftLog log = bench.open(next)) {
      LogBench.propose(log, 101, 3);
    }
    List<Long> stamps = next.commands().stream().map(Command::stampNanos).toList();
    assertThat(stamps).hasSize(103).doesNotHaveDuplicates().isSorted();
    assertThat(stamps.getFirst()).isEqualTo(1_000_000);
  }

  @Test
  void saltsAreOnePerEntry() throws IOException {
    try (RaftLog log = bench.open(machine)) {
      LogBench.proposeTogether(log, 1, 100);
      Set<Object> salts =
          machine.commands().stream().map(Command::salt).collect(Collectors.toSet());
      assertThat(salts).hasSize((int) log.counts().entries());
    }
  }

  @Test
  void sixteenCallersShareFlushes() throws Exception {
    // A disk of 2 ms a flush, whatever this machine has.
    bench.storage = storage -> FaultyLogStorage.slow(storage, 2_000_000);
    try (RaftLog log = bench.open(machine)) {
      long flushesBefore = log.counts().flushes();
      List<Thread> callers = new ArrayList<>();
      for (int caller = 0; caller < 16; caller++) {
        long from = 1 + caller * 100L;
        callers.add(Thread.startVirtualThread(() -> LogBench.propose(log, from, 100)));
      }
      for (Thread caller : callers) {
        caller.join();
      }
      ReplicatedLog.Counts counts = log.counts();
      assertThat(counts.commands()).isEqualTo(1600);
      assertThat(counts.commands() / (double) counts.entries()).isGreaterThanOrEqualTo(3);
      assertThat(counts.flushes() - flushesBefore).isLessThanOrEqualTo(counts.entries());
    }
    assertThat(machine.commands()).hasSize(1600);
  }

  @Test
  void aLoneCallerCostsOneEntryAndOneFlushEach() throws IOException {
    try (RaftLog log = bench.open(machine)) {
      ReplicatedLog.Counts before = log.counts();
      LogBench.propose(log, 1, 20);
      assertThat(log.counts().entries() - before.entries()).isEqualTo(20);
      assertThat(log.counts().flushes() - before.flushes()).isEqualTo(20);
    }
  }

  @Test
  void largeProposalsAreSpreadOverEntries() throws IOException {
    try (RaftLog log = bench.open(machine)) {
      List<CompletableFuture<Reply>> replies = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        replies.add(log.propose(Proposed.large(400_000)));
      }
      CompletableFuture<Reply> tooLarge = log.propose(Proposed.large((1 << 20) + 1));
      replies.forEach(reply -> assertThat(reply.join()).isInstanceOf(Reply.Value.class));
      assertThat(tooLarge.join())
          .isInstanceOfSatisfying(
              Reply.Refused.class, refused -> assertThat(refused.errno()).isEqualTo(Errno.EINVAL));
      assertThat(log.counts().entries()).isGreaterThanOrEqualTo(6);
      LogBench.propose(log, 1, 1);
    }
  }

  @Test
  void aFullQueueRefuses() throws IOException {
    CountDownLatch gate = new CountDownLatch(1);
    machine.gate(gate);
    bench.limits =
        new LogLimits(8, 100_000, 1 << 20, 60_000_000_000L, 1L << 30, 1L << 20, 1L << 20);
    try (RaftLog log = bench.open(machine)) {
      List<CompletableFuture<Reply>> replies = new ArrayList<>();
      for (int i = 0; i < 2000; i++) {
        replies.add(log.propose(Proposed.numbered(i)));
      }
      gate.countDown();
      List<Reply> answers = replies.stream().map(CompletableFuture::join).toList();
      List<Reply.Refused> refused =
          answers.stream()
              .filter(Reply.Refused.class::isInstance)
              .map(Reply.Refused.class::cast)
              .toList();
      assertThat(refused).isNotEmpty().allMatch(each -> each.errno() == Errno.EAGAIN);
      // What was not refused was applied.
      assertThat(machine.commands()).hasSize(answers.size() - refused.size());
      LogBench.propose(log, 5000, 1);
    } finally {
      gate.countDown();
    }
  }

  @Test
  void restartAppliesWhatTheMachineLacksAndNothingElse() throws IOException {
    RecordingMachine second;
    try (RaftLog log = bench.open(machine)) {
      LogBench.proposeTogether(log, 1, 300);
      machine.flush();
      LogBench.proposeTogether(log, 301, 200);
      second = machine.restarted();
    }
    assertThat(second.commands()).hasSize(300);
    try (RaftLog log = bench.open(second)) {
      assertThat(second.replayed()).extracting(Command::sequence).isEqualTo(numbers(301, 500));
      assertThat(second.commands()).isEqualTo(machine.commands());
      assertThat(log.term()).isEqualTo(2);
      LogBench.propose(log, 501, 1);
    }
  }

  @Test
  void replayGoesInFewBatches() throws IOException {
    RecordingMachine second = machine.restarted();
    try (RaftLog log = bench.open(machine)) {
      LogBench.propose(log, 1, 200);
    }
    try (RaftLog log = bench.open(second)) {
      assertThat(second.replayed()).hasSize(200);
      assertThat(second.batches()).hasSizeLessThan(20);
      assertThat(log.counts().commands()).isZero();
    }
  }

  @Test
  void anApplyThatThrowsEndsTheLogAtOnce() throws IOException {
    try (RaftLog log = bench.open(machine)) {
      LogBench.propose(log, 1, 3);
      // Told by who sees it, not by somebody who looks from time to time.
      bench.time.stopTimers();
      machine.fail(new IllegalStateException("planted"));
      assertThatThrownBy(() -> log.propose(Proposed.numbered(4)).join())
          .hasCauseInstanceOf(LogUnavailableException.class);
      LogBench.await("fatal", () -> !bench.fatal.isEmpty());
      assertThat(bench.fatal).singleElement().asString().contains("planted");
      assertThat(log.hasAuthority()).isFalse();
      assertThat(log.condition().get("log")).contains("planted");
      assertThatThrownBy(() -> log.propose(Proposed.numbered(5)).join())
          .hasCauseInstanceOf(LogUnavailableException.class);
    }
    assertThat(bench.fatal).hasSize(1);
    // The entry is in the log; a machine that can apply it gets it.
    RecordingMachine next = new RecordingMachine();
    bench.open(next).close();
    assertThat(next.commands()).extracting(Command::sequence).startsWith(1L, 2L, 3L, 4L);
  }

  @Test
  void anApplyThatThrowsDuringReplayIsSaidByOpen() throws IOException {
    try (RaftLog log = bench.open(machine)) {
      LogBench.propose(log, 1, 3);
    }
    RecordingMachine broken = new RecordingMachine();
    broken.fail(new IllegalStateException("planted"));
    assertThatThrownBy(() -> bench.open(broken).close())
        .isInstanceOf(LogUnavailableException.class)
        .hasMessageContaining("planted");
    assertThat(bench.fatal).isEmpty();
    bench.open(new RecordingMachine()).close();
  }

  @Test
  void aStorageErrorEndsTheLogAtOnce() throws IOException {
    FaultyLogStorage.Switch broken = new FaultyLogStorage.Switch();
    bench.storage = storage -> FaultyLogStorage.breakable(storage, broken);
    try (RaftLog log = bench.open(machine)) {
      LogBench.propose(log, 1, 3);
      bench.time.stopTimers();
      broken.on = true;
      List<CompletableFuture<Reply>> replies = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        replies.add(log.propose(Proposed.numbered(4 + i)));
      }
      LogBench.await("fatal", () -> !bench.fatal.isEmpty());
      for (CompletableFuture<Reply> reply : replies) {
        assertThatThrownBy(() -> reply.orTimeout(1, TimeUnit.SECONDS).join())
            .hasCauseInstanceOf(LogUnavailableException.class);
      }
      assertThat(machine.commands()).hasSize(3);
    }
    assertThat(bench.fatal).hasSize(1);
  }

  @Test
  void closedLogsTakeNoProposals() throws IOException {
    RaftLog log = bench.open(machine);
    log.close();
    log.close();
    assertThatThrownBy(() -> log.propose(Proposed.numbered(1)).join())
        .hasCauseInstanceOf(LogUnavailableException.class);
    assertThat(log.hasAuthority()).isFalse();
    assertThat(bench.fatal).isEmpty();
  }

  @Test
  void closeFlushesAndLeavesNoThreadThatKeepsAProcessAlive() throws IOException {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    RaftLog log = bench.open(machine);
    LogBench.propose(log, 1, 10);
    log.close();
    assertThat(machine.flushedIndex()).isEqualTo(machine.appliedIndex());
    Set<String> left = new TreeSet<>();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (!before.contains(thread) && !thread.isDaemon()) {
        left.add(thread.getName());
      }
    }
    assertThat(left).isEmpty();
  }

  @Test
  void nobodyElseMayOpenTheDirectory() throws IOException {
    try (RaftLog log = bench.open(machine)) {
      assertThatThrownBy(() -> bench.open(new RecordingMachine()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another process")
          .hasMessageContaining(directory.toString());
      LogBench.propose(log, 1, 1);
    }
  }

  @Test
  void listensNowhereAndOpensNoSocket() throws IOException {
    Set<String> before = sockets();
    try (RaftLog log = bench.open(machine)) {
      LogBench.propose(log, 1, 1);
      Set<String> more = sockets();
      more.removeAll(before);
      assertThat(more).isEmpty();
    }
  }

  private static Set<String> sockets() throws IOException {
    Set<String> sockets = new TreeSet<>();
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      for (Path descriptor : descriptors.toList()) {
        if (Files.exists(descriptor, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
          String target = Files.readSymbolicLink(descriptor).toString();
          if (target.startsWith("socket:")) {
            sockets.add(target);
          }
        }
      }
    }
    return sockets;
  }
}

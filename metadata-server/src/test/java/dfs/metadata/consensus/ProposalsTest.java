package dfs.metadata.consensus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Reply;
import dfs.protocol.wire.MalformedMessageException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Who makes entries of what waits, over a log that a test plays. */
class ProposalsTest {
  private final BlockingQueue<Sent> sent = new LinkedBlockingQueue<>();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger inFlightMost = new AtomicInteger();
  private final Proposals proposals =
      new Proposals(100_000, this::take, new TestTime(), new Random(1));

  private record Sent(List<Command> commands, EntryInFlight entry) {}

  /** What else happens, with the entry, while the log takes it. */
  private Consumer<Sent> whileTaking = taken -> {};

  private void take(ByteBuffer data, EntryInFlight entry) {
    inFlightMost.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
    Sent taken = new Sent(decoded(data), entry);
    sent.add(taken);
    whileTaking.accept(taken);
  }

  private static List<Command> decoded(ByteBuffer data) {
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    try {
      return LogEntry.CODEC.decode(bytes).decoded();
    } catch (MalformedMessageException e) {
      throw new AssertionError(e);
    }
  }

  private Sent next() throws InterruptedException {
    Sent next = sent.poll(20, TimeUnit.SECONDS);
    assertThat(next).isNotNull();
    return next == null ? new Sent(List.of(), new EntryInFlight(List.of(), proposals)) : next;
  }

  /** What the log does with an entry that it committed and applied. */
  private void commit(Sent entry) {
    inFlight.decrementAndGet();
    entry.entry().release();
    List<Reply> replies = new ArrayList<>();
    for (Command command : entry.commands()) {
      replies.add(new Reply.Value(Proposed.value(command.sequence())));
    }
    entry.entry().answer(replies);
  }

  @Test
  void whatWaitsWhileAnEntryIsInFlightShareTheNextOne() throws InterruptedException {
    proposals.open(0);
    for (int i = 0; i < 300; i++) {
      var _ = proposals.propose(Proposed.numbered(i));
    }
    assertThat(sent).hasSize(1);
    Sent first = next();
    assertThat(first.commands()).hasSize(1);
    commit(first);
    Sent second = next();
    assertThat(second.commands()).hasSize(Proposals.COMMANDS_PER_ENTRY_MAX);
    assertThat(sent).isEmpty();
    commit(second);
    Sent third = next();
    assertThat(third.commands()).hasSize(299 - Proposals.COMMANDS_PER_ENTRY_MAX);
    assertThat(third.commands().getLast().sequence()).isEqualTo(299);
  }

  /**
   * Whoever proposes, or sees the entry committed, while its maker still holds the lock goes away
   * with empty hands: the maker has to look again.
   */
  @Test
  void whatComesWhileAnEntryIsMadeIsSentByItsMaker() throws InterruptedException {
    proposals.open(0);
    List<CompletableFuture<Reply>> late = new ArrayList<>();
    whileTaking =
        taken -> {
          whileTaking = again -> {};
          Thread other =
              Thread.ofPlatform()
                  .start(
                      () -> {
                        late.add(proposals.propose(Proposed.numbered(2)));
                        commit(taken);
                      });
          try {
            other.join();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        };
    CompletableFuture<Reply> first = proposals.propose(Proposed.numbered(1));
    assertThat(first).isCompletedWithValue(new Reply.Value(Proposed.value(1)));
    assertThat(sent).as("entries sent by the maker of the first").hasSize(2);
    var _ = next();
    commit(next());
    assertThat(late)
        .singleElement()
        .satisfies(
            reply -> assertThat(reply).isCompletedWithValue(new Reply.Value(Proposed.value(2))));
  }

  @Test
  void whoIsAnsweredMayPropose() throws InterruptedException {
    proposals.open(0);
    CompletableFuture<Reply> again =
        proposals
            .propose(Proposed.numbered(1))
            .thenCompose(reply -> proposals.propose(Proposed.numbered(2)));
    commit(next());
    commit(next());
    assertThat(again).isCompletedWithValue(new Reply.Value(Proposed.value(2)));
  }

  @Test
  void refusedInTheMiddleOfAnEntryMayProposeToo() throws InterruptedException {
    proposals.open(0);
    CompletableFuture<Reply> blocker = proposals.propose(Proposed.numbered(1));
    CompletableFuture<Reply> before = proposals.propose(Proposed.numbered(2));
    CompletableFuture<Reply> again =
        proposals
            .propose(Proposed.large((1 << 20) + 1))
            .thenCompose(refused -> proposals.propose(Proposed.numbered(4)));
    CompletableFuture<Reply> after = proposals.propose(Proposed.numbered(3));
    commit(next());
    Sent second = next();
    assertThat(second.commands()).extracting(Command::sequence).containsExactly(2L, 3L);
    commit(second);
    Sent third = next();
    assertThat(third.commands().getFirst().stampNanos())
        .isGreaterThan(second.commands().getLast().stampNanos());
    commit(third);
    assertThat(List.of(blocker, before, again, after)).allMatch(CompletableFuture::isDone);
    assertThat(again).isCompletedWithValue(new Reply.Value(Proposed.value(4)));
  }

  @Test
  void nothingIsTakenBeforeTheLogLeadsAndAfterItWasClosed() throws InterruptedException {
    assertThatThrownBy(() -> proposals.propose(Proposed.numbered(1)).join())
        .hasCauseInstanceOf(LogUnavailableException.class);
    proposals.open(0);
    CompletableFuture<Reply> flying = proposals.propose(Proposed.numbered(2));
    CompletableFuture<Reply> waiting = proposals.propose(Proposed.numbered(3));
    proposals.close(new LogUnavailableException("closed"));
    assertThat(waiting).isCompletedExceptionally();
    assertThat(flying).isNotDone();
    CompletableFuture<Void> answered = proposals.answered();
    assertThat(answered).isNotDone();
    commit(next());
    assertThat(flying).isCompletedWithValue(new Reply.Value(Proposed.value(2)));
    assertThat(answered).isDone();
    assertThatThrownBy(() -> proposals.propose(Proposed.numbered(4)).join())
        .hasCauseInstanceOf(LogUnavailableException.class);
  }

  @RepeatedTest(20)
  void nobodyIsForgottenWhateverTheThreadsDo() throws InterruptedException {
    long seed = new Random().nextLong();
    System.out.println("proposals seed " + seed);
    Random random = new Random(seed);
    int callers = 1 + random.nextInt(16);
    int each = 200 + random.nextInt(800);
    boolean abandoned = random.nextInt(4) == 0;
    proposals.open(0);
    ConcurrentLinkedQueue<CompletableFuture<Reply>> replies = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int caller = 0; caller < callers; caller++) {
      threads.add(Thread.ofVirtual().unstarted(() -> proposeMany(each, replies)));
    }
    List<Command> log = new ArrayList<>();
    Thread committer = Thread.ofPlatform().daemon().unstarted(() -> commitAll(log));
    committer.start();
    threads.forEach(Thread::start);
    if (abandoned) {
      LogBench.await("some proposals", () -> replies.size() > each / 2);
      proposals.abandon(new LogUnavailableException("planted"));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    int answered = 0;
    for (CompletableFuture<Reply> reply : replies) {
      Reply value = reply.orTimeout(20, TimeUnit.SECONDS).exceptionally(e -> absent(e)).join();
      answered += value instanceof Reply.Value ? 1 : 0;
    }
    committer.interrupt();
    committer.join();
    assertThat(replies).as("seed %d", seed).hasSize(callers * each);
    if (!abandoned) {
      assertThat(answered).as("seed %d", seed).isEqualTo(callers * each);
      assertThat(log).hasSize(callers * each);
    }
    assertThat(inFlightMost).hasValueLessThanOrEqualTo(Proposals.ENTRIES_IN_FLIGHT_MAX);
    assertThat(log.stream().map(Command::stampNanos).toList())
        .as("seed %d", seed)
        .isSorted()
        .doesNotHaveDuplicates();
  }

  private void proposeMany(int count, ConcurrentLinkedQueue<CompletableFuture<Reply>> replies) {
    for (int i = 0; i < count; i++) {
      replies.add(proposals.propose(Proposed.numbered(i)));
    }
  }

  private static Reply absent(Throwable cause) {
    if (cause instanceof LogUnavailableException) {
      return Reply.Done.DONE;
    }
    throw new AssertionError(cause);
  }

  private void commitAll(List<Command> log) {
    try {
      while (true) {
        Sent next = sent.take();
        log.addAll(next.commands());
        commit(next);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

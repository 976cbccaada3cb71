package dfs.metadata.consensus;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Time;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Turns waiting proposals into entries. Whoever finds no entry in flight, a proposer or the thread
 * that sees one committed, takes all that wait into the next entry: so a lone caller waits for
 * nobody, and many share a flush without a timer. Thread-safe.
 */
final class Proposals implements EntryInFlight.Owner {
  /** More would overlap flushes, but also make the entries smaller. */
  static final int ENTRIES_IN_FLIGHT_MAX = 1;

  static final int COMMANDS_PER_ENTRY_MAX = 256;
  static final int ENTRY_BYTES_MAX = 1 << 20;

  private final BlockingQueue<Waiting> queue;
  private final BiConsumer<ByteBuffer, EntryInFlight> log;
  private final Time time;
  private final RandomGenerator random;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final Set<EntryInFlight> unanswered = ConcurrentHashMap.newKeySet();

  /** Held while an entry is made, so that stamps grow in the order of the log. */
  private final ReentrantLock stamping = new ReentrantLock();

  /** Taken from the queue, but did not fit into the last entry. Written under {@code stamping}. */
  private volatile @Nullable Waiting carried;

  /** Guarded by {@code stamping}. */
  private long lastStampNanos;

  private volatile @Nullable LogUnavailableException closed =
      new LogUnavailableException("the log does not lead yet");

  /** Not null: entries are not answered by the library any more. */
  private volatile @Nullable LogUnavailableException lost;

  private record Waiting(Proposal proposal, CompletableFuture<Reply> reply) {}

  /**
   * @param log takes encoded entries; answers each by its {@link EntryInFlight}
   */
  Proposals(
      int queuedMax, BiConsumer<ByteBuffer, EntryInFlight> log, Time time, RandomGenerator random) {
    this.queue = new ArrayBlockingQueue<>(queuedMax);
    this.log = log;
    this.time = time;
    this.random = random;
  }

  /** Begins to take proposals; the next stamp is above {@code stampNanos}. */
  void open(long stampNanos) {
    stamping.lock();
    try {
      lastStampNanos = Math.max(lastStampNanos, stampNanos);
      closed = null;
    } finally {
      stamping.unlock();
    }
  }

  /** Takes no more proposals; those that no entry holds yet fail. */
  void close(LogUnavailableException cause) {
    closed = cause;
    drain();
  }

  /** Fails what is in entries, too: whether they will be applied is not known. */
  void abandon(LogUnavailableException cause) {
    lost = cause;
    close(cause);
    unanswered.forEach(entry -> entry.fail(cause));
  }

  /** Done when the entries that are under way now are answered. */
  CompletableFuture<Void> answered() {
    return CompletableFuture.allOf(
        unanswered.stream().map(EntryInFlight::end).toArray(CompletableFuture<?>[]::new));
  }

  CompletableFuture<Reply> propose(Proposal proposal) {
    CompletableFuture<Reply> reply = new CompletableFuture<>();
    if (!queue.offer(new Waiting(proposal, reply))) {
      return CompletableFuture.completedFuture(
          Reply.refused(Errno.EAGAIN, "more than " + queue.size() + " commands wait for the log"));
    }
    drain();
    return reply;
  }

  /**
   * Makes entries while there is something for them and the log has room. Nobody is forgotten: who
   * finds the lock taken has put its proposal before, and the holder looks again after unlocking.
   */
  private void drain() {
    while (hasWork() && (closed != null || inFlight.get() < ENTRIES_IN_FLIGHT_MAX)) {
      if (stamping.isHeldByCurrentThread() || !stamping.tryLock()) {
        return;
      }
      List<Runnable> answers = new ArrayList<>();
      try {
        LogUnavailableException cause = closed;
        if (cause != null) {
          failQueued(cause, answers);
        } else if (inFlight.get() < ENTRIES_IN_FLIGHT_MAX) {
          submit(answers);
        }
      } finally {
        stamping.unlock();
      }
      answers.forEach(Runnable::run);
    }
  }

  private void failQueued(LogUnavailableException cause, List<Runnable> answers) {
    for (Waiting next = next(); next != null; next = next()) {
      CompletableFuture<Reply> reply = next.reply();
      answers.add(() -> reply.completeExceptionally(cause));
    }
  }

  private boolean hasWork() {
    return carried != null || !queue.isEmpty();
  }

  private @Nullable Waiting next() {
    Waiting first = carried;
    if (first == null) {
      return queue.poll();
    }
    carried = null;
    return first;
  }

  /**
   * Makes one entry of what waits.
   *
   * @param answers gets what must run once {@code stamping} is free: who is answered may propose
   */
  private void submit(List<Runnable> answers) {
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    List<ByteString> commands = new ArrayList<>();
    long bytes = 0;
    while (commands.size() < COMMANDS_PER_ENTRY_MAX) {
      @Nullable Waiting next = next();
      if (next == null) {
        break;
      }
      long stampNanos = Math.max(time.wallNanos(), lastStampNanos + 1);
      @Nullable ByteString command = encode(next, stampNanos, answers);
      if (command == null) {
        continue;
      }
      if (bytes + command.size() > ENTRY_BYTES_MAX && !commands.isEmpty()) {
        carried = next;
        break;
      }
      lastStampNanos = stampNanos;
      bytes += command.size();
      commands.add(command);
      replies.add(next.reply());
    }
    if (!commands.isEmpty()) {
      send(new LogEntry(salt(), commands), replies, answers);
    }
  }

  private void send(
      LogEntry entry, List<CompletableFuture<Reply>> replies, List<Runnable> answers) {
    EntryInFlight sent = new EntryInFlight(replies, this);
    inFlight.incrementAndGet();
    unanswered.add(sent);
    log.accept(ByteBuffer.wrap(LogEntry.CODEC.encode(entry)), sent);
    LogUnavailableException cause = lost;
    if (cause != null) {
      // Who abandoned us meanwhile may not have seen this entry.
      answers.add(() -> sent.fail(cause));
    }
  }

  @Override
  public void released() {
    inFlight.decrementAndGet();
    drain();
  }

  @Override
  public void answered(EntryInFlight entry) {
    unanswered.remove(entry);
  }

  /** The command as it lies in an entry; null if it is refused. */
  private static @Nullable ByteString encode(
      Waiting waiting, long stampNanos, List<Runnable> answers) {
    Proposal from = waiting.proposal();
    CompletableFuture<Reply> reply = waiting.reply();
    ByteString encoded;
    try {
      encoded =
          Command.CODEC.encodeToString(
              new Command(
                  stampNanos,
                  from.session(),
                  from.slot(),
                  from.sequence(),
                  from.caller(),
                  from.placement(),
                  ByteString.EMPTY,
                  from.order()));
    } catch (RuntimeException e) {
      answers.add(() -> reply.completeExceptionally(e));
      return null;
    }
    if (encoded.size() > Limits.COMMAND_BYTES) {
      String detail = "a command of " + encoded.size() + " bytes";
      answers.add(() -> reply.complete(Reply.refused(Errno.EINVAL, detail)));
      return null;
    }
    return encoded;
  }

  private ByteString salt() {
    byte[] salt = new byte[LogEntry.SALT_BYTES];
    random.nextBytes(salt);
    return ByteString.copyFrom(salt);
  }
}

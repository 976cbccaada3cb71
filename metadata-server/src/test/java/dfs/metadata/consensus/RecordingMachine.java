package dfs.metadata.consensus;

import dfs.metadata.namespace.StateMachine;
import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * A state that is the list of its commands. What was flushed survives {@link #restarted}, the rest
 * does not. Replies with the stamp as the value, so that a proposer can tell its command.
 */
final class RecordingMachine implements StateMachine {
  private final List<Command> commands = new ArrayList<>();
  private final List<Long> batches = new ArrayList<>();
  private final List<Command> flushedCommands = new ArrayList<>();
  private long applied;
  private long flushed;
  private int recovered;
  private int flushes;
  private @Nullable RuntimeException trouble;
  private @Nullable CountDownLatch gate;

  /** The machine after its process was killed. */
  synchronized RecordingMachine restarted() {
    RecordingMachine next = new RecordingMachine();
    next.commands.addAll(flushedCommands);
    next.flushedCommands.addAll(flushedCommands);
    next.recovered = flushedCommands.size();
    next.applied = flushed;
    next.flushed = flushed;
    return next;
  }

  /** From now on applying fails. */
  synchronized void fail(RuntimeException with) {
    trouble = with;
  }

  /** From now on applying waits for this. */
  synchronized void gate(CountDownLatch latch) {
    gate = latch;
  }

  synchronized List<Command> commands() {
    return List.copyOf(commands);
  }

  /** What was applied since the restart. */
  synchronized List<Command> replayed() {
    return List.copyOf(commands.subList(recovered, commands.size()));
  }

  /** The last index of each batch. */
  synchronized List<Long> batches() {
    return List.copyOf(batches);
  }

  synchronized int flushes() {
    return flushes;
  }

  @Override
  public synchronized long appliedIndex() {
    return applied;
  }

  @Override
  public synchronized long lastStampNanos() {
    return commands.isEmpty() ? 0 : commands.getLast().stampNanos();
  }

  @Override
  public List<Reply> apply(long lastIndex, List<Command> batch) {
    CountDownLatch latch;
    synchronized (this) {
      latch = gate;
    }
    if (latch != null) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    synchronized (this) {
      if (trouble != null) {
        throw trouble;
      }
      if (lastIndex <= applied) {
        throw new AssertionError("entry " + lastIndex + " again, after " + applied);
      }
      List<Reply> replies = new ArrayList<>();
      for (Command command : batch) {
        commands.add(command);
        replies.add(new Reply.Value(Proposed.value(command.stampNanos())));
      }
      batches.add(lastIndex);
      applied = lastIndex;
      return replies;
    }
  }

  @Override
  public synchronized void flush() {
    flushedCommands.clear();
    flushedCommands.addAll(commands);
    flushed = applied;
    flushes++;
  }

  @Override
  public void compact(long roomBytes) {}

  @Override
  public synchronized long flushedIndex() {
    return flushed;
  }
}

package dfs.metadata.consensus;

import dfs.protocol.seam.Time;
import java.io.IOException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * What has to be done from time to time around the log, on one thread of its own since all of it
 * waits for the disk: raise the high-water mark, look at the node and at the free space, flush the
 * state, shorten the log.
 */
final class LogKeeper implements AutoCloseable {
  /** Half of what a storage error or the mark may take. */
  static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final long SCARCE_FLUSH_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Parts parts;
  private final Time time;
  private final LogLimits limits;
  private final Semaphore rounds = new Semaphore(0);
  private final Thread thread;
  private long flushedNanos;
  private long snapshotLogBytes;
  private boolean wasNear;
  private volatile boolean closing;

  /** What the keeper looks after. */
  record Parts(
      GuardedLogStorage storage,
      HighWaterMark mark,
      SpaceAlarm alarm,
      Applier applier,
      LogDirectory directory,
      Failure failure,
      RaftNode node) {}

  LogKeeper(Parts parts, Time time, LogLimits limits) {
    this.parts = parts;
    this.time = time;
    this.limits = limits;
    this.flushedNanos = time.monotonicNanos();
    this.thread = Thread.ofPlatform().name("dfs-log-keeper").daemon().unstarted(this::run);
  }

  void start() throws IOException {
    snapshotLogBytes =
        Math.min(limits.snapshotLogBytes(), parts.directory.disk().space().totalBytes() / 8);
    thread.start();
    rounds.release();
  }

  /** There is something to do: do a round now. */
  void nudge() {
    rounds.release();
  }

  private void run() {
    try {
      while (!closing) {
        Time.Timer next = time.after(ROUND_NANOS, TimeUnit.NANOSECONDS, rounds::release);
        rounds.acquire();
        rounds.drainPermits();
        next.cancel();
        if (!closing && !parts.failure.happened()) {
          round();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      parts.failure.fail("the keeper of the log was interrupted", e);
    } catch (Throwable e) {
      parts.failure.fail("the upkeep of the log failed", e);
    }
  }

  private void round() throws IOException {
    if (!parts.node.healthy()) {
      parts.failure.fail("the Raft node is in state " + parts.node.state(), null);
      return;
    }
    raiseMark();
    boolean scarce = parts.alarm.look(parts.storage.appendedBytes()) || scarceDue();
    if (scarce || flushDue()) {
      flush();
    }
    if (scarce || (wasNear && !parts.alarm.isNear())) {
      // The last time, too: with how much room there is again.
      parts.applier.compact(parts.alarm.freeBytes());
    }
    wasNear = parts.alarm.isNear();
    if (scarce || parts.node.logBytesSinceSnapshot() >= snapshotLogBytes) {
      flush();
      parts.node.snapshot();
    }
    parts.alarm.restoreBallast();
  }

  private void raiseMark() throws IOException {
    HighWaterMark.Mark durable = parts.storage.durable();
    if (!durable.equals(parts.mark.newest())) {
      parts.mark.advance(durable);
    }
  }

  /** What was deleted while space is short gives it back only when the store is flushed. */
  private boolean scarceDue() {
    return parts.alarm.isNear()
        && parts.applier.unflushedCommands() > 0
        && time.monotonicNanos() - flushedNanos >= SCARCE_FLUSH_NANOS;
  }

  private boolean flushDue() {
    long commands = parts.applier.unflushedCommands();
    if (commands == 0) {
      // The time counts from the first command that is not flushed.
      flushedNanos = time.monotonicNanos();
      return false;
    }
    return commands >= limits.flushCommands()
        || parts.applier.unflushedBytes() >= limits.flushLogBytes()
        || time.monotonicNanos() - flushedNanos >= limits.flushNanos();
  }

  private void flush() {
    parts.applier.flush();
    flushedNanos = time.monotonicNanos();
  }

  /** Stops the rounds and waits for the one under way; then raises the mark a last time. */
  @Override
  public void close() throws IOException {
    closing = true;
    rounds.release();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    try {
      raiseMark();
    } finally {
      parts.mark.close();
    }
  }
}

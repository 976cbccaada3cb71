package dfs.protocol.frame;

import dfs.protocol.Limits;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one other process. They are made when they are needed and kept; each has one
 * request in flight, and a caller waits for one when all are in use. A request without an answer in
 * time ends with its connection. One timer looks after all of them, while there are any: it costs a
 * request nothing, and one that is late ends up to {@link #LOOK_NANOS} later. Thread-safe.
 */
final class FramePool implements AutoCloseable {
  static final int CONNECTIONS_MAX = 8;
  static final long LOOK_NANOS = 500_000_000L;

  private final Path path;
  private final Time time;
  private final Semaphore permits = new Semaphore(CONNECTIONS_MAX, true);
  private final Set<FrameLine> busy = ConcurrentHashMap.newKeySet();

  /** Guarded by itself, as are the fields below it. */
  private final Deque<FrameLine> idle = new ArrayDeque<>();

  private boolean closed;
  private boolean looking;
  private long lastId;
  private boolean suspect;
  private long lateNanos;

  FramePool(Path path, Time time) {
    this.path = path;
    this.time = time;
  }

  /**
   * Waits for a connection to be free; {@link #end} must follow. A server that left another call
   * without an answer meanwhile would do the same to this one.
   *
   * @return when the answer must be there
   */
  long begin(long answerNanos) throws LateAnswerException {
    long began = time.monotonicNanos();
    permits.acquireUninterruptibly();
    synchronized (idle) {
      if (suspect && lateNanos - began > 0) {
        permits.release();
        throw new LateAnswerException("the server at " + path + " answers nobody");
      }
    }
    return time.monotonicNanos() + answerNanos;
  }

  void end() {
    permits.release();
  }

  FrameLine open() throws IOException {
    return new FrameLine(path);
  }

  /** From now on the line's call is ended when its time is over. */
  void watch(FrameLine line, long deadlineNanos) {
    line.asked(deadlineNanos);
    busy.add(line);
    synchronized (idle) {
      if (!looking) {
        looking = true;
        lookLater();
      }
    }
  }

  private void lookLater() {
    var _ = time.after(LOOK_NANOS, TimeUnit.NANOSECONDS, this::look);
  }

  private void look() {
    long now = time.monotonicNanos();
    busy.forEach(line -> line.endIfLate(now));
    synchronized (idle) {
      looking = !busy.isEmpty();
      if (looking) {
        lookLater();
      }
    }
  }

  /** Whether it left a request without an answer lately, and answered none since. */
  boolean isSuspect() {
    synchronized (idle) {
      return suspect && time.monotonicNanos() - lateNanos < Limits.SUSPECT_NANOS;
    }
  }

  @Nullable FrameLine takeIdle() throws IOException {
    synchronized (idle) {
      if (closed) {
        throw new IOException("the connections to " + path + " are closed");
      }
      return idle.pollLast();
    }
  }

  /** The server was restarted, probably: the others are dead too. */
  void dropIdle() {
    synchronized (idle) {
      idle.forEach(FrameLine::close);
      idle.clear();
    }
  }

  /** Its call was answered: it may have the next one, unless it was ended at the same moment. */
  void keep(FrameLine line) {
    busy.remove(line);
    boolean usable = !line.wasLate();
    synchronized (idle) {
      suspect = false;
      if (!closed && usable) {
        idle.addLast(line);
        return;
      }
    }
    line.close();
  }

  /** Its call failed, perhaps because it was late. */
  IOException drop(FrameLine line, IOException cause) {
    busy.remove(line);
    line.close();
    if (!line.wasLate()) {
      return cause;
    }
    synchronized (idle) {
      suspect = true;
      lateNanos = time.monotonicNanos();
    }
    dropIdle();
    return new LateAnswerException("the server at " + path + " did not answer in time");
  }

  long nextId() {
    synchronized (idle) {
      return ++lastId;
    }
  }

  /** Closes what is idle now, and what is in use when its call ends. */
  @Override
  public void close() {
    synchronized (idle) {
      closed = true;
      idle.forEach(FrameLine::close);
      idle.clear();
    }
  }
}

package dfs.protocol.frame;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.frame.Frame.Request;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.ByteBuffer;
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
 * time ends with its connection. When one takes long the server is asked on a connection of its own
 * whether it is there: a slow disk has its time, a process that is stopped has not; and so are the
 * other servers, which may be stopped as well, before anybody has to wait for them. One timer looks
 * after all of them, while there are any: it costs a request nothing, and one that is late ends up
 * to {@link #LOOK_NANOS} later. Thread-safe.
 */
final class FramePool implements AutoCloseable {
  static final int CONNECTIONS_MAX = 8;
  static final String PROBE_THREAD = "dfs-frames probe";
  static final long LOOK_NANOS = 100_000_000L;

  /** A server that has said nothing for longer is not in use. */
  private static final long USED_NANOS = 60_000_000_000L;

  /**
   * Who is silent for so long when it is asked whether it is there had better not be asked more.
   */
  private static final long HINT_NANOS = Limits.SILENCE_NANOS / 2;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Path path;
  private final Time time;
  private final Runnable doubted;
  private final Semaphore permits = new Semaphore(CONNECTIONS_MAX, true);
  private final Set<FrameLine> busy = ConcurrentHashMap.newKeySet();

  /** Guarded by itself, as are the fields below it. */
  private final Deque<FrameLine> idle = new ArrayDeque<>();

  private boolean closed;
  private boolean looking;
  private long lastId;
  private boolean suspect;
  private long lateNanos;

  /** When the server last said anything. */
  private long heardNanos;

  /** The connection on which it is being asked whether it is there, and since when. */
  private @Nullable FrameLine probe;

  private long probedNanos;

  /**
   * @param doubted is run when the server is asked whether it is there
   */
  FramePool(Path path, Time time, Runnable doubted) {
    this.path = path;
    this.time = time;
    this.doubted = doubted;
    this.heardNanos = time.monotonicNanos();
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

  /**
   * From now on the line's call is ended when its time is over.
   *
   * @param hurried or sooner, if the server is silent
   */
  void watch(FrameLine line, long deadlineNanos, boolean hurried) {
    line.asked(time.monotonicNanos(), deadlineNanos, hurried);
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
    boolean silent = isSilent(now);
    boolean doubtful = false;
    for (FrameLine line : busy) {
      line.endIfLate(now, silent);
      doubtful |= line.isDoubtful(now - Limits.DOUBT_NANOS);
    }
    FrameLine asking = null;
    synchronized (idle) {
      if (silent && probe != null) {
        probe.close();
        probe = null;
        suspect = true;
        lateNanos = now;
      } else if (doubtful && probe == null && now - heardNanos >= Limits.DOUBT_NANOS && !closed) {
        asking = newProbe(now);
      }
      looking = !busy.isEmpty() || probe != null;
      if (looking) {
        lookLater();
      }
    }
    if (asking != null) {
      ask(asking);
      doubted.run();
    }
  }

  private void ask(FrameLine line) {
    time.thread(PROBE_THREAD, () -> probe(line)).start();
  }

  /** Another server is asked whether it is there: so is this one, if it was in use of late. */
  void ask() {
    FrameLine asking = null;
    long now = time.monotonicNanos();
    synchronized (idle) {
      if (probe == null && !closed && now - heardNanos < USED_NANOS) {
        asking = newProbe(now);
      }
      if (asking != null && !looking) {
        looking = true;
        lookLater();
      }
    }
    if (asking != null) {
      ask(asking);
    }
  }

  private @Nullable FrameLine newProbe(long nowNanos) {
    try {
      probe = open();
      probedNanos = nowNanos;
      return probe;
    } catch (IOException e) {
      return null;
    }
  }

  /** Whether it was asked whether it is there, and has not answered anybody for long. */
  private boolean isSilent(long nowNanos) {
    synchronized (idle) {
      return probe != null
          && nowNanos - probedNanos >= Limits.SILENCE_NANOS
          && nowNanos - heardNanos >= Limits.SILENCE_NANOS;
    }
  }

  /** Whatever comes back says that somebody is there, the end of the connection too. */
  private void probe(FrameLine line) {
    Request ping = new Request(Frame.Kind.PING, false, false, nextId(), 0, 0, 0, 0, 0, 0, 0);
    try {
      line.send(ping, ByteString.EMPTY, null, NOTHING);
      var _ = line.receive(ping, NOTHING);
    } catch (IOException e) {
      // of an earlier version, which does not know the question, or with too many connections
    }
    synchronized (idle) {
      if (probe == line) {
        probe = null;
        heardNanos = time.monotonicNanos();
      }
    }
    line.close();
  }

  /**
   * Whether it left a request without an answer lately, and answered none since; or has been asked
   * for a while whether it is there.
   */
  boolean isSuspect() {
    long now = time.monotonicNanos();
    synchronized (idle) {
      return (suspect && now - lateNanos < Limits.SUSPECT_NANOS)
          || (probe != null && now - probedNanos >= HINT_NANOS && now - heardNanos >= HINT_NANOS);
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
    boolean usable = !line.wasLate() && line.isOpen();
    synchronized (idle) {
      suspect = false;
      heardNanos = time.monotonicNanos();
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
      if (probe != null) {
        probe.close();
      }
    }
  }
}

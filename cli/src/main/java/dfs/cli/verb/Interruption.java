package dfs.cli.verb;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.FileSystem;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The end of a verb that a signal asks for. {@link #end} runs on the thread of the signal, and the
 * process ends when it returns: the verb is told, what must not be cut is waited for, and the
 * sessions are closed, which ends whatever the verb does else. All of it takes two seconds at most,
 * even when a server does not answer. Thread-safe.
 */
public final class Interruption {
  /** So long may what must not be cut take. */
  private static final long WHOLE_NANOS = TimeUnit.MILLISECONDS.toNanos(1500);

  /** All together. */
  private static final long END_NANOS = TimeUnit.MILLISECONDS.toNanos(2000);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition left = lock.newCondition();
  private final Set<FileSystem> open = ConcurrentHashMap.newKeySet();
  private volatile boolean asked;

  /** Under the lock. */
  private int inside;

  private volatile @Nullable Thread verb;
  private volatile @Nullable Progress progress;

  /** What was to be done is not: the process ends. */
  static final class EndedException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;
  }

  /** Something that must not be cut; its end. */
  interface Whole extends AutoCloseable {
    @Override
    void close();
  }

  /** This thread does the verb. */
  void begin() {
    verb = Thread.currentThread();
  }

  /** Whether the verb is to end. */
  boolean isAsked() {
    return asked;
  }

  /**
   * Nothing further is begun once the verb is to end.
   *
   * @throws EndedException if it is
   */
  void check() {
    if (asked) {
      throw new EndedException();
    }
  }

  /**
   * Begins what must not be cut: its end is waited for.
   *
   * @throws EndedException if the verb is to end
   */
  Whole enter() {
    lock.lock();
    try {
      check();
      inside++;
    } finally {
      lock.unlock();
    }
    return this::leave;
  }

  /** As {@link #enter}, for what is part of ending. */
  Whole closing() {
    lock.lock();
    try {
      inside++;
    } finally {
      lock.unlock();
    }
    return this::leave;
  }

  private void leave() {
    lock.lock();
    try {
      inside--;
      left.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** A file system is open that has a session. */
  void opened(FileSystem files) {
    open.add(files);
  }

  /** A line is drawn that has to go. */
  void drawn(Progress line) {
    progress = line;
  }

  /** Ends the verb. */
  public void end() {
    long since = System.nanoTime();
    asked = true;
    Thread doing = verb;
    if (doing != null) {
      doing.interrupt();
    }
    await(since + WHOLE_NANOS);
    Thread closing = Thread.ofPlatform().daemon().name("end").start(this::closeAll);
    try {
      long rest = since + END_NANOS - System.nanoTime();
      var _ = closing.join(Duration.ofNanos(Math.max(1, rest)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // The verb may have been the one that closes.
    await(since + END_NANOS);
    Progress line = progress;
    if (line != null) {
      line.end();
    }
  }

  private void closeAll() {
    for (FileSystem files : open) {
      try {
        files.close();
      } catch (IOException | RuntimeException e) {
        // The server ends the session when it hears no more of it.
      }
    }
  }

  private void await(long untilNanos) {
    lock.lock();
    try {
      long rest = untilNanos - System.nanoTime();
      while (inside > 0 && rest > 0) {
        rest = left.awaitNanos(rest);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }
}

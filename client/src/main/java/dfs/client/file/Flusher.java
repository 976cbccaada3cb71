package dfs.client.file;

import dfs.protocol.seam.Time;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes files back before they are a second old, and bounds the memory of what is not written.
 * Wakes up only while something is dirty. Many small files are written back side by side, so that
 * they share flushes and log entries.
 */
final class Flusher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Flusher.class);
  private static final long AGE_MILLIS = 500;

  /** A closed file waits this long for others, so that many small ones share log entries. */
  private static final long GATHER_MILLIS = 20;

  private static final long IDLE_SEAL_NANOS = 60_000_000_000L;
  private static final long DIRTY_BYTES_MAX = 256L << 20;
  private static final int AT_ONCE_MAX = 32;

  private final OpenFiles files;
  private final Time time;
  private final Set<FileState> dirty = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean armed = new AtomicBoolean();
  private final Set<FileState> due = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean gathering = new AtomicBoolean();
  private final AtomicLong written = new AtomicLong();
  private final Semaphore slots = new Semaphore(AT_ONCE_MAX);
  private final ExecutorService threads;

  private volatile boolean closed;
  private Time.@Nullable Timer sealTimer;

  Flusher(OpenFiles files, Time time) {
    this.files = files;
    this.time = time;
    this.threads = Executors.newThreadPerTaskExecutor(task -> time.lightThread("write-back", task));
  }

  /** Waits until this many more bytes may be held in memory. */
  void reserve(long bytes) {
    if (written.addAndGet(bytes) < DIRTY_BYTES_MAX) {
      return;
    }
    written.set(files.bytesInMemory() + bytes);
    if (written.get() >= DIRTY_BYTES_MAX) {
      try {
        writeBackAll(List.copyOf(dirty));
      } catch (IOException e) {
        // Whoever uses that file hears of it; this write is perhaps another's.
        LOG.warn("making room failed for some file: {}", e.getMessage());
      }
      written.set(files.bytesInMemory() + bytes);
    }
  }

  /** The file has something to write; it will be, within a second. */
  void dirty(FileState file) {
    dirty.add(file);
    if (!closed && armed.compareAndSet(false, true)) {
      Time.Timer timer = time.after(AGE_MILLIS, TimeUnit.MILLISECONDS, this::onAge);
      if (closed) {
        timer.cancel();
      }
    }
  }

  /** The file is to be written back at once, by another thread, with others that are. */
  void soon(FileState file) {
    if (!closed) {
      dirty.add(file);
      due.add(file);
      if (gathering.compareAndSet(false, true)) {
        time.after(GATHER_MILLIS, TimeUnit.MILLISECONDS, this::onGathered);
      }
    }
  }

  private void onGathered() {
    gathering.set(false);
    due.removeIf(
        file -> {
          threads.execute(() -> writeBack(file));
          return true;
        });
  }

  private void onAge() {
    armed.set(false);
    long before = time.monotonicNanos() - TimeUnit.MILLISECONDS.toNanos(AGE_MILLIS);
    boolean younger = false;
    for (FileState file : dirty) {
      boolean old;
      file.lock.lock();
      try {
        old = file.dirtySinceNanos() <= before;
      } finally {
        file.lock.unlock();
      }
      if (old) {
        soon(file);
      } else {
        younger = true;
        dirty(file);
      }
    }
    if (!younger) {
      armSeal();
    }
  }

  /** Some time after the last write the shared blocks are sealed. */
  private synchronized void armSeal() {
    if (sealTimer != null) {
      sealTimer.cancel();
    }
    long idleSince = time.monotonicNanos();
    sealTimer =
        time.after(
            IDLE_SEAL_NANOS,
            TimeUnit.NANOSECONDS,
            () -> threads.execute(() -> sealIdle(idleSince)));
  }

  private void sealIdle(long idleSince) {
    try {
      files.sealIdle(idleSince);
    } catch (IOException e) {
      LOG.warn("sealing idle blocks failed", e);
    }
  }

  private void writeBack(FileState file) {
    slots.acquireUninterruptibly();
    try {
      dirty.remove(file);
      files.writeBack(file);
    } catch (IOException e) {
      LOG.warn("writing inode {} back failed: {}", file.ino, e.getMessage());
    } finally {
      slots.release();
    }
  }

  /** Writes these files back, side by side; returns when all are, and throws the first error. */
  void writeBackAll(List<FileState> these) throws IOException {
    List<Future<?>> results = new ArrayList<>();
    for (FileState file : these) {
      results.add(
          threads.submit(
              () -> {
                slots.acquire();
                try {
                  files.writeBack(file);
                } finally {
                  slots.release();
                }
                return null;
              }));
    }
    IOException first = null;
    for (Future<?> result : results) {
      try {
        result.get();
      } catch (ExecutionException e) {
        first = first == null ? new IOException(e.getCause()) : first;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while writing back", e);
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /** Starts nothing any more by itself; {@link #writeBackAll} still works. */
  @Override
  public synchronized void close() {
    closed = true;
    if (sealTimer != null) {
      sealTimer.cancel();
    }
  }
}

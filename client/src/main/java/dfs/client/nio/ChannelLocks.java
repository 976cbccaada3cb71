package dfs.client.nio;

import dfs.client.path.OpenFile;
import dfs.protocol.session.ClientMessage.Locked;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The locks of a channel: in this program, and with the servers. A lock that nobody waits for any
 * more when it is given is freed at once. Called by the channel. Thread-safe.
 */
final class ChannelLocks {
  private final DfsFileChannel channel;
  private final OpenFile file;
  private final Calls calls;
  private final LockedRegions.Of key;
  private final Set<DfsFileLock> locks = ConcurrentHashMap.newKeySet();

  ChannelLocks(DfsFileChannel channel, OpenFile file, Calls calls) {
    this.channel = channel;
    this.file = file;
    this.calls = calls;
    this.key = new LockedRegions.Of(file.cluster(), file.ino());
  }

  /** Whether the session is over, and the locks with it. */
  boolean isLost() {
    return file.isOver();
  }

  /** Up to the largest offset if the size is 0 (FileChannel.lock). */
  private DfsFileLock wanted(long position, long size, boolean shared) {
    if (position < 0 || size < 0 || position > Long.MAX_VALUE - size) {
      throw new IllegalArgumentException("a lock of " + size + " bytes at " + position);
    }
    long length = size == 0 ? Math.max(1, Long.MAX_VALUE - position) : size;
    Locked range = file.newLock(Math.min(position, Long.MAX_VALUE - length), length, !shared);
    DfsFileLock lock = new DfsFileLock(this, channel, range, position, size == 0 ? length : size);
    LockedRegions.OF_ALL.add(key, lock);
    return lock;
  }

  /** Before the channel can be let go of: what is given is freed then. */
  private boolean given(DfsFileLock lock, boolean locked) {
    return locked && locks.add(lock);
  }

  private void forget(DfsFileLock lock) {
    locks.remove(lock);
    LockedRegions.OF_ALL.remove(key, lock);
  }

  /** Waits until it is given, this is closed, or the thread is interrupted. */
  FileLock lock(long position, long size, boolean shared, CompletableFuture<?> closing)
      throws IOException {
    DfsFileLock lock = wanted(position, size, shared);
    CompletableFuture<Boolean> givesUp = new CompletableFuture<>();
    @Nullable CompletableFuture<Boolean> asked = null;
    boolean locked = false;
    try {
      if (Thread.currentThread().isInterrupted()) {
        throw interrupted();
      }
      asked = channel.begin(() -> given(lock, file.lock(lock.locked(), givesUp)));
      locked = calls.awaitUnless(asked, closing);
      if (!locked) {
        throw new IOException("the lock was given up");
      }
      return lock;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    } catch (Calls.LeftException e) {
      throw new AsynchronousCloseException();
    } finally {
      givesUp.complete(true);
      if (!locked) {
        notLocked(lock, asked);
      }
    }
  }

  private IOException interrupted() throws IOException {
    channel.end();
    return new FileLockInterruptionException();
  }

  /** Null if others have some of it. */
  @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
    DfsFileLock lock = wanted(position, size, shared);
    @Nullable CompletableFuture<Boolean> asked = null;
    boolean locked = false;
    try {
      asked = channel.begin(() -> given(lock, file.tryLock(lock.locked())));
      locked = calls.await(asked);
      return locked ? lock : null;
    } finally {
      if (!locked) {
        notLocked(lock, asked);
      }
    }
  }

  private void notLocked(DfsFileLock lock, @Nullable CompletableFuture<Boolean> asked) {
    forget(lock);
    if (asked != null) {
      var _ =
          asked.thenAccept(
              late -> {
                if (late) {
                  var _ = calls.beginEnd(() -> unlock(lock));
                }
              });
    }
  }

  private boolean unlock(DfsFileLock lock) throws IOException {
    file.unlock(lock.locked());
    return true;
  }

  void release(DfsFileLock lock) throws IOException {
    try {
      var _ = calls.await(calls.beginEnd(() -> unlock(lock)));
    } finally {
      forget(lock);
    }
  }

  /** The channel is closed: all are free when this returns; on a thread of the calls. */
  void end() throws IOException {
    IOException first = null;
    for (DfsFileLock lock : locks) {
      try {
        file.unlock(lock.locked());
      } catch (IOException e) {
        first = first == null ? e : first;
      } finally {
        forget(lock);
      }
    }
    if (first != null) {
      throw first;
    }
  }
}

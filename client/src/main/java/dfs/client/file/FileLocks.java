package dfs.client.file;

import dfs.client.metadata.MetadataSession;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.ClientMessage.Locked;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Locks of ranges of files that a session has, or waits for. Who waits asks again when the server
 * says that it is worth it. Held are those that the server gave and that it is told of again after
 * a restart. Called by {@code path} and by who listens to the session. Thread-safe.
 */
public final class FileLocks {
  private final MetadataSession session;
  private final AtomicLong owners = new AtomicLong();
  private final ReentrantLock guard = new ReentrantLock();

  // All below: guarded.
  private final List<Locked> held = new ArrayList<>();
  private final Map<Long, Set<Wait>> waiting = new HashMap<>();

  /** Grows with each {@link #claimed}: what was given meanwhile is not part of that. */
  private long claims;

  /** Somebody waits until a lock may be had. */
  private static final class Wait {
    final CompletableFuture<Boolean> freed = new CompletableFuture<>();
  }

  FileLocks(MetadataSession session) {
    this.session = session;
  }

  /** A number for who locks, which nobody else in this session has. */
  public long newOwner() {
    return owners.incrementAndGet();
  }

  /**
   * Locks a range, unless others have some of it; whether it is locked. Waits, for some seconds at
   * most, while a server that was started again does not know yet.
   */
  public boolean tryLock(Locked wanted) throws IOException {
    return obtain(wanted, false, new CompletableFuture<>());
  }

  /**
   * Locks a range, and waits until it can.
   *
   * @param givesUp ends the wait; that it does may be noticed too late
   * @return whether it is locked
   */
  public boolean lock(Locked wanted, CompletableFuture<?> givesUp) throws IOException {
    return obtain(wanted, true, givesUp);
  }

  private boolean obtain(Locked wanted, boolean waits, CompletableFuture<?> givesUp)
      throws IOException {
    while (!givesUp.isDone()) {
      // Before it asks: what is freed after that is not missed.
      Wait wait = beginWait(wanted.ino());
      try {
        Errno answer = ask(wanted, waits);
        if (answer == Errno.OK) {
          return true;
        }
        if (answer == Errno.EAGAIN && !waits) {
          return false;
        }
        var _ = CompletableFuture.anyOf(wait.freed, givesUp).get();
      } catch (ExecutionException e) {
        throw new IOException(e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while waiting for a lock", e);
      } finally {
        endWait(wanted.ino(), wait);
      }
    }
    return false;
  }

  private Wait beginWait(long ino) {
    Wait wait = new Wait();
    guard.lock();
    try {
      waiting.computeIfAbsent(ino, i -> new HashSet<>()).add(wait);
      return wait;
    } finally {
      guard.unlock();
    }
  }

  private void endWait(long ino, Wait wait) {
    guard.lock();
    try {
      Set<Wait> those = waiting.get(ino);
      if (those != null && those.remove(wait) && those.isEmpty()) {
        waiting.remove(ino);
      }
    } finally {
      guard.unlock();
    }
  }

  /** Inodes for which somebody waits. */
  int waitingFor() {
    guard.lock();
    try {
      return waiting.size();
    } finally {
      guard.unlock();
    }
  }

  /**
   * OK, EAGAIN or EBUSY. What is given while all that is held is claimed again is asked for once
   * more.
   */
  private Errno ask(Locked wanted, boolean waits) throws IOException {
    while (true) {
      long before = claims();
      Reply reply =
          session.call(
              Caller.ROOT,
              new Query.Lock(
                  wanted.ino(),
                  wanted.owner(),
                  wanted.offset(),
                  wanted.lengthBytes(),
                  wanted.exclusive(),
                  waits));
      if (reply instanceof Reply.Refused refused
          && (refused.errno() == Errno.EAGAIN || refused.errno() == Errno.EBUSY)) {
        return refused.errno();
      }
      if (!(reply instanceof Reply.Done)) {
        throw Refusals.exception("a lock of inode " + wanted.ino(), reply);
      }
      if (isHeld(wanted, before)) {
        return Errno.OK;
      }
    }
  }

  private long claims() {
    guard.lock();
    try {
      return claims;
    } finally {
      guard.unlock();
    }
  }

  private boolean isHeld(Locked given, long before) {
    guard.lock();
    try {
      return claims == before && held.add(given);
    } finally {
      guard.unlock();
    }
  }

  /** Frees what was locked so. */
  public void unlock(Locked locked) throws IOException {
    guard.lock();
    try {
      held.remove(locked);
    } finally {
      guard.unlock();
    }
    Reply reply =
        session.call(
            Caller.ROOT,
            new Query.Unlock(locked.ino(), locked.owner(), locked.offset(), locked.lengthBytes()));
    if (!(reply instanceof Reply.Done)) {
      throw Refusals.exception("the end of a lock of inode " + locked.ino(), reply);
    }
  }

  /** All that is held, for a server that may have been started again. */
  public List<Locked> claimed() {
    guard.lock();
    try {
      claims++;
      return List.copyOf(held);
    } finally {
      guard.unlock();
    }
  }

  /**
   * Locks that were refused may be had.
   *
   * @param ino of this inode; 0: of any
   */
  public void freed(long ino) {
    List<Wait> those = new ArrayList<>();
    guard.lock();
    try {
      if (ino == 0) {
        waiting.values().forEach(those::addAll);
        waiting.clear();
      } else {
        those.addAll(Objects.requireNonNullElse(waiting.remove(ino), Set.of()));
      }
    } finally {
      guard.unlock();
    }
    those.forEach(wait -> wait.freed.complete(true));
  }
}

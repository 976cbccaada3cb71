package dfs.metadata.gateway;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.seam.Link;
import dfs.protocol.seam.Time;
import dfs.protocol.session.LeaseMode;
import dfs.protocol.session.ServerMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lease on the volume. At most one session holds it EXCLUSIVE, and then nobody else holds
 * anything; any number hold it SHARED. A read of one session brings an exclusive holder down to
 * SHARED, a change brings everybody else down to NONE; who is asked acknowledges when its caches
 * follow. What a session that owes an acknowledgement asks for never waits for others, or two of
 * them could wait for each other. Thread-safe; completes futures outside its lock.
 */
final class VolumeLease {
  /** What an operation needs of the other sessions. */
  enum Need {
    NOTHING,
    /** Nobody else has anything that is not committed. */
    READ,
    /** Nobody else relies on what is to change. */
    CHANGE
  }

  private static final Logger LOG = LoggerFactory.getLogger(VolumeLease.class);
  private static final CompletableFuture<Boolean> CLEAR = CompletableFuture.completedFuture(true);

  private final Time time;
  private final Consumer<LiveSession> fence;
  private final Map<Long, LiveSession> sessions = new ConcurrentHashMap<>();
  private long nextRecall = 1;
  private long nextLease;
  private long recallsSent;

  /**
   * @param term term of the leader: lease numbers of another one can't be mistaken for its own
   * @param fence called outside the lock with a session that did not answer in time
   */
  VolumeLease(Time time, long term, Consumer<LiveSession> fence) {
    this.time = time;
    this.nextLease = (term << 32) + 1;
    this.fence = fence;
  }

  Collection<LiveSession> sessions() {
    return sessions.values();
  }

  synchronized long recallsSent() {
    return recallsSent;
  }

  /**
   * A session is here, new or again. It keeps what it held before if nobody else holds what
   * excludes it, or gets the volume for itself if it is the only one.
   *
   * @param unclaimed sessions of before that have not come back: until they have, or are dead,
   *     nobody gets anything new
   * @param welcome tells the session, before it can be asked for anything; must not block
   */
  synchronized void join(LiveSession session, LeaseMode held, boolean unclaimed, Runnable welcome) {
    sessions.put(session.id, session);
    LeaseMode mode = LeaseMode.NONE;
    if (session.mount) {
      if (held != LeaseMode.NONE && mayHold(session, held)) {
        mode = held;
      } else if (!unclaimed && mayHold(session, LeaseMode.EXCLUSIVE) && isAlone(session)) {
        mode = LeaseMode.EXCLUSIVE;
      }
    }
    session.mode = mode;
    session.leaseNumber = nextLease++;
    welcome.run();
  }

  /**
   * A session has a new stream: it is welcomed there, then gets again what it has not acknowledged.
   * What is recalled meanwhile comes after the welcome, which would grant it again.
   *
   * @param welcome as in {@link #join}
   */
  synchronized void rejoin(LiveSession session, Link<ServerMessage> link, Runnable welcome) {
    session.link(link);
    welcome.run();
    session.recalls.values().forEach(recall -> session.send(recall.message()));
  }

  private boolean isAlone(LiveSession session) {
    return sessions.values().stream().noneMatch(other -> other != session && other.mount);
  }

  private boolean mayHold(LiveSession session, LeaseMode mode) {
    for (LiveSession other : sessions.values()) {
      boolean excludes =
          mode == LeaseMode.EXCLUSIVE
              ? other.mode != LeaseMode.NONE
              : mode == LeaseMode.SHARED && other.mode == LeaseMode.EXCLUSIVE;
      if (other != session && (excludes || isGoingDown(other) || other.changesInFlight > 0)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isGoingDown(LiveSession session) {
    return session.recalls.values().stream().anyMatch(recall -> recall.to() != null);
  }

  /** The session is over: whatever waited for it need not any more. */
  void leave(LiveSession session) {
    List<Recall> open;
    synchronized (this) {
      sessions.remove(session.id, session);
      session.mode = LeaseMode.NONE;
      open = List.copyOf(session.recalls.values());
      session.recalls.clear();
    }
    open.forEach(recall -> recall.done().complete(false));
  }

  /** Runs something when the future is done, at once if it is. */
  static void after(CompletableFuture<?> future, Runnable then) {
    if (future.isDone()) {
      then.run();
    } else {
      var _ =
          future
              .thenRun(then)
              .exceptionally(
                  failure -> {
                    LOG.error("what waited for other sessions failed", failure);
                    return null;
                  });
    }
  }

  /**
   * Whether what a session claimed after a restart says that nobody who is still absent holds what
   * is in the way of an operation. So the holder's own flush never waits.
   */
  synchronized boolean excludesAbsent(LiveSession by, Need need) {
    return switch (need) {
      case NOTHING -> true;
      case READ -> by.mode != LeaseMode.NONE;
      case CHANGE -> by.mode == LeaseMode.EXCLUSIVE;
    };
  }

  /**
   * Completes when the other sessions let the operation run; done at once in the usual case. A
   * change must be followed by {@link #changed}.
   */
  CompletableFuture<Boolean> clear(LiveSession by, Need need) {
    if (need == Need.NOTHING) {
      return CLEAR;
    }
    List<CompletableFuture<Boolean>> waiting = new ArrayList<>();
    List<LiveSession> dead = new ArrayList<>();
    synchronized (this) {
      long now = time.monotonicNanos();
      by.operationNanos = now;
      if (need == Need.CHANGE) {
        by.changeNanos = now;
        by.changesInFlight++;
      }
      if (by.mode == LeaseMode.EXCLUSIVE && !isGoingDown(by)) {
        return CLEAR;
      }
      boolean owes = isGoingDown(by);
      LeaseMode most = need == Need.READ ? LeaseMode.SHARED : LeaseMode.NONE;
      for (LiveSession other : sessions.values()) {
        if (other != by && (other.mode.compareTo(most) > 0 || isGoingDown(other))) {
          if (other.silentNanos(now) > Limits.LEASE_SERVER_NANOS) {
            dead.add(other);
          } else {
            CompletableFuture<Boolean> done = recall(other, most);
            if (!owes) {
              waiting.add(done);
            }
          }
        }
      }
    }
    dead.forEach(fence);
    return waiting.isEmpty()
        ? CLEAR
        : CompletableFuture.allOf(waiting.toArray(CompletableFuture<?>[]::new))
            .thenApply(nothing -> true);
  }

  /** A change has been applied, or refused. */
  synchronized void changed(LiveSession by) {
    by.changesInFlight--;
    by.changeNanos = time.monotonicNanos();
  }

  /** Asks a session to go down, or gives the recall under way that goes as far. */
  private CompletableFuture<Boolean> recall(LiveSession session, LeaseMode to) {
    for (Recall known : session.recalls.values()) {
      if (known.to() != null && known.to().compareTo(to) <= 0) {
        return known.done();
      }
    }
    if (session.mode.compareTo(to) <= 0) {
      // It is on its way to where it may stay.
      return CompletableFuture.allOf(
              session.recalls.values().stream()
                  .filter(recall -> recall.to() != null)
                  .map(Recall::done)
                  .toArray(CompletableFuture<?>[]::new))
          .thenApply(nothing -> true);
    }
    recallsSent++;
    return send(session, to, true, id -> new ServerMessage.Recall(id, to));
  }

  private CompletableFuture<Boolean> send(
      LiveSession session,
      @Nullable LeaseMode to,
      boolean blocking,
      LongFunction<ServerMessage> message) {
    long id = nextRecall++;
    Recall recall =
        new Recall(
            id, to, message.apply(id), blocking, time.monotonicNanos(), new CompletableFuture<>());
    session.recalls.put(id, recall);
    session.send(recall.message());
    return recall.done();
  }

  /**
   * Makes sessions that have an inode open forget what their kernels know of it; completes when all
   * have. Sessions that hold a lease never see a change without a recall, and need no telling.
   */
  CompletableFuture<Boolean> invalidate(LiveSession by, long ino, long fromOffset) {
    List<CompletableFuture<Boolean>> waiting = new ArrayList<>();
    synchronized (this) {
      for (LiveSession other : sessions.values()) {
        if (other != by && other.mount && other.holds(ino)) {
          CompletableFuture<Boolean> forgotten =
              send(
                  other,
                  null,
                  true,
                  id ->
                      new ServerMessage.Invalidate(
                          id, ino, fromOffset, 0, ByteString.EMPTY, false));
          if (!isGoingDown(by)) {
            waiting.add(forgotten);
          }
        }
      }
    }
    return waiting.isEmpty()
        ? CLEAR
        : CompletableFuture.allOf(waiting.toArray(CompletableFuture<?>[]::new))
            .thenApply(nothing -> true);
  }

  /** Asks a session whether it still holds an inode. */
  synchronized CompletableFuture<Boolean> askInUse(LiveSession session, long ino) {
    return send(session, null, false, id -> new ServerMessage.AskInUse(id, ino));
  }

  /** A session did what it was asked. */
  void acknowledged(LiveSession session, long id, boolean inUse) {
    Recall recall;
    synchronized (this) {
      recall = session.recalls.remove(id);
      if (recall != null && recall.to() != null && session.mode.compareTo(recall.to()) > 0) {
        session.mode = recall.to();
      }
    }
    if (recall != null) {
      recall.done().complete(inUse);
    }
  }

  /**
   * At each heartbeat: a session may get more. SHARED when nobody else has changed anything for a
   * while; EXCLUSIVE when it is at work and all others have been idle for as long, or are no
   * mounts.
   */
  void reconsider(LiveSession session, boolean unclaimed) {
    synchronized (this) {
      if (!session.mount
          || unclaimed
          || session.isFenced()
          || session.mode == LeaseMode.EXCLUSIVE
          || !session.recalls.isEmpty()) {
        return;
      }
      long now = time.monotonicNanos();
      boolean quiet = true;
      boolean idle = true;
      for (LiveSession other : sessions.values()) {
        if (other != session) {
          quiet &= now - other.changeNanos > Limits.LEASE_RETURN_NANOS;
          idle &= now - other.operationNanos > Limits.LEASE_RETURN_NANOS;
        }
      }
      boolean active = now - session.operationNanos < Limits.LEASE_RETURN_NANOS;
      if (quiet
          && (isAlone(session) || (active && idle))
          && mayHold(session, LeaseMode.EXCLUSIVE)) {
        grant(session, LeaseMode.EXCLUSIVE);
      } else if (quiet && session.mode == LeaseMode.NONE && mayHold(session, LeaseMode.SHARED)) {
        grant(session, LeaseMode.SHARED);
      }
    }
  }

  private void grant(LiveSession session, LeaseMode mode) {
    session.mode = mode;
    session.leaseNumber = nextLease++;
    session.send(new ServerMessage.Grant(mode, session.leaseNumber));
  }

  /** Sessions that have not done for too long what they were asked. */
  synchronized List<LiveSession> overdue() {
    long now = time.monotonicNanos();
    return sessions.values().stream()
        .filter(
            session ->
                session.recalls.values().stream()
                    .anyMatch(
                        recall ->
                            recall.blocking()
                                && (now - recall.sentNanos() > Limits.RECALL_NANOS
                                    || session.silentNanos(now) > Limits.LEASE_SERVER_NANOS)))
        .toList();
  }
}

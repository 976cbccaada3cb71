package dfs.metadata.gateway;

import dfs.protocol.Limits;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.ServerMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Locks of ranges of files, in the leader's memory. Ranges of one owner never overlap: a lock takes
 * the place of what the owner had there, and an unlock of a part leaves the rest (fcntl(2)). Who is
 * refused and waits is told when something of the file is freed, and asks again: of several that
 * wait the fastest is served. Thread-safe.
 */
final class LockTable {
  private final ReentrantLock guard = new ReentrantLock();

  // All below: guarded.
  private final Map<Long, List<Range>> held = new HashMap<>();
  private final Map<Long, Set<LiveSession>> waiting = new HashMap<>();
  private final Map<LiveSession, Integer> counts = new HashMap<>();
  private final Map<LiveSession, Integer> waits = new HashMap<>();

  /** Such sessions may come back with locks: nothing new is given. */
  private boolean claiming;

  /**
   * @param claiming begin with {@link #claimed} to come
   */
  LockTable(boolean claiming) {
    this.claiming = claiming;
  }

  /** Bytes [from, to) that an owner in a session has locked. */
  private record Range(LiveSession session, long owner, long from, long to, boolean exclusive) {
    boolean overlaps(Range other) {
      return from < other.to && other.from < to;
    }

    boolean isOf(Range other) {
      return owner == other.owner && session.equals(other.session);
    }

    boolean excludes(Range other) {
      return overlaps(other) && !isOf(other) && (exclusive || other.exclusive);
    }

    Range part(long low, long high) {
      return new Range(session, owner, low, high, exclusive);
    }
  }

  /** OK, or as {@link Query.Lock} says. */
  Errno lock(LiveSession session, Query.Lock order) {
    Range wanted =
        new Range(
            session,
            order.owner(),
            order.offset(),
            order.offset() + order.lengthBytes(),
            order.exclusive());
    guard.lock();
    try {
      if (session.isFenced()) {
        return Errno.ESTALE;
      }
      if (claiming) {
        return await(session, order.ino()) ? Errno.EBUSY : Errno.ENOLCK;
      }
      if (excluded(order.ino(), wanted)) {
        return order.waits() && !await(session, order.ino()) ? Errno.ENOLCK : Errno.EAGAIN;
      }
      if (!fits(order.ino(), wanted, true)) {
        return Errno.ENOLCK;
      }
      boolean freed = cut(order.ino(), wanted, true);
      put(order.ino(), wanted);
      if (freed) {
        free(order.ino());
      }
      return Errno.OK;
    } finally {
      guard.unlock();
    }
  }

  private boolean excluded(long ino, Range wanted) {
    return held.getOrDefault(ino, List.of()).stream().anyMatch(range -> range.excludes(wanted));
  }

  /** False when the session waits for too many files. */
  private boolean await(LiveSession session, long ino) {
    Set<LiveSession> those = waiting.computeIfAbsent(ino, i -> new HashSet<>());
    if (those.contains(session)) {
      return true;
    }
    if (waits.getOrDefault(session, 0) >= Limits.SESSION_LOCKS) {
      return false;
    }
    waits.merge(session, 1, Integer::sum);
    return those.add(session);
  }

  private void put(long ino, Range range) {
    held.computeIfAbsent(ino, i -> new ArrayList<>()).add(range);
    counts.merge(range.session(), 1, Integer::sum);
  }

  private static void less(Map<LiveSession, Integer> numbers, LiveSession session) {
    numbers.computeIfPresent(session, (s, known) -> known == 1 ? null : known - 1);
  }

  /**
   * Whether a session has not too many ranges when this one is cut out of its owner's.
   *
   * @param replaced it has the range itself then
   */
  private boolean fits(long ino, Range away, boolean replaced) {
    int count = counts.getOrDefault(away.session(), 0) + (replaced ? 1 : 0);
    for (Range range : held.getOrDefault(ino, List.of())) {
      if (range.isOf(away) && range.overlaps(away)) {
        count += (range.from() < away.from() ? 1 : 0) + (away.to() < range.to() ? 1 : 0) - 1;
      }
    }
    return count <= Limits.SESSION_LOCKS;
  }

  /** Takes a range from its owner; whether there was anything. */
  private boolean cut(long ino, Range away, boolean replaced) {
    List<Range> ranges = held.get(ino);
    if (ranges == null) {
      return false;
    }
    List<Range> cut =
        ranges.stream().filter(range -> range.isOf(away) && range.overlaps(away)).toList();
    ranges.removeAll(cut);
    for (Range range : cut) {
      less(counts, range.session());
      if (range.from() < away.from()) {
        put(ino, range.part(range.from(), away.from()));
      }
      if (away.to() < range.to()) {
        put(ino, range.part(away.to(), range.to()));
      }
    }
    if (ranges.isEmpty() && !replaced) {
      held.remove(ino);
    }
    return !cut.isEmpty();
  }

  /** Whoever waits for this file asks again. */
  private void free(long ino) {
    Set<LiveSession> those = waiting.remove(ino);
    if (those != null) {
      for (LiveSession session : those) {
        less(waits, session);
        session.send(new ServerMessage.LockFree(ino));
      }
    }
  }

  /** OK, or ENOLCK if the rests of what was locked are too many: then all is as it was. */
  Errno unlock(LiveSession session, Query.Unlock order) {
    long to = order.offset() + order.lengthBytes();
    Range away = new Range(session, order.owner(), order.offset(), to, false);
    guard.lock();
    try {
      if (!fits(order.ino(), away, false)) {
        return Errno.ENOLCK;
      }
      if (cut(order.ino(), away, false)) {
        free(order.ino());
      }
      return Errno.OK;
    } finally {
      guard.unlock();
    }
  }

  /**
   * A session is back after a restart with the locks that it had. Each is as strong as one that it
   * might take now: of a file that is closed to it there is none, and one that it can only read is
   * locked shared.
   *
   * @return false if somebody has one of them by now: then it has none
   */
  boolean claim(LiveSession session, Collection<ClientMessage.Locked> locks) {
    guard.lock();
    try {
      if (locks.size() > Limits.SESSION_LOCKS) {
        return false;
      }
      List<Claim> claims = claims(session, locks);
      for (Claim claim : claims) {
        if (excluded(claim.ino(), claim.range())) {
          return false;
        }
      }
      for (Claim claim : claims) {
        if (!fits(claim.ino(), claim.range(), true)) {
          dropAll(session);
          return false;
        }
        var _ = cut(claim.ino(), claim.range(), true);
        put(claim.ino(), claim.range());
      }
      return true;
    } finally {
      guard.unlock();
    }
  }

  private record Claim(long ino, Range range) {}

  private static List<Claim> claims(LiveSession session, Collection<ClientMessage.Locked> locks) {
    List<Claim> claims = new ArrayList<>(locks.size());
    for (ClientMessage.Locked lock : locks) {
      boolean exclusive = lock.exclusive() && Entitlement.mayLock(session, lock.ino(), true);
      if (exclusive || Entitlement.mayLock(session, lock.ino(), false)) {
        long to = lock.offset() + lock.lengthBytes();
        Range range = new Range(session, lock.owner(), lock.offset(), to, exclusive);
        claims.add(new Claim(lock.ino(), range));
      }
    }
    return claims;
  }

  /** All that may come back after a restart has: locks are given from now on. */
  void claimed() {
    guard.lock();
    try {
      if (claiming) {
        claiming = false;
        List.copyOf(waiting.keySet()).forEach(this::free);
      }
    } finally {
      guard.unlock();
    }
  }

  /** The session is over, and was fenced before. */
  void leave(LiveSession session) {
    guard.lock();
    try {
      for (long ino : List.copyOf(waiting.keySet())) {
        Set<LiveSession> those = waiting.getOrDefault(ino, Set.of());
        if (those.remove(session) && those.isEmpty()) {
          waiting.remove(ino);
        }
      }
      waits.remove(session);
      dropAll(session);
    } finally {
      guard.unlock();
    }
  }

  private void dropAll(LiveSession session) {
    if (counts.remove(session) != null) {
      for (long ino : List.copyOf(held.keySet())) {
        List<Range> ranges = held.getOrDefault(ino, List.of());
        if (ranges.removeIf(range -> range.session().equals(session))) {
          free(ino);
        }
        if (ranges.isEmpty()) {
          held.remove(ino);
        }
      }
    }
  }

  /** Ranges that are locked now. */
  int size() {
    guard.lock();
    try {
      return held.values().stream().mapToInt(List::size).sum();
    } finally {
      guard.unlock();
    }
  }
}

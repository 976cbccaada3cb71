package dfs.metadata.gateway;

import dfs.metadata.keeper.ClusterKey;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Caller;
import dfs.protocol.session.ClientMessage;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Sessions of tools that have only asked until now: the log does not know of them. Each number is
 * given once, since it begins with the term, and its epoch is a seal that only who has the cluster
 * key can make: so after a restart who comes back with one had it, and was the same user. Owned by
 * {@link SessionGateway}. Thread-safe.
 */
final class UnloggedSessions {
  private final ClusterKey key;
  private final long term;
  private final AtomicLong last;

  UnloggedSessions(ClusterKey key, long term) {
    this.key = key;
    this.term = term;
    this.last = new AtomicLong(term * Limits.SESSION_OF_TERM);
  }

  /** A session with a new number. */
  LiveSession open(ClientMessage.Hello hello, @Nullable Caller identity, long nowNanos) {
    long id = last.incrementAndGet();
    return new LiveSession(id, seal(id, identity), hello.host(), false, identity, nowNanos);
  }

  /** Whether somebody has as many as are kept in memory alone. */
  static boolean areTooMany(Collection<LiveSession> sessions, @Nullable Caller identity) {
    return sessions.stream()
            .filter(session -> !session.isLogged() && session.speaksFor(identity))
            .count()
        >= Limits.SESSIONS_UNLOGGED;
  }

  /** Whether somebody was given the session that he says he has, and has not changed anything. */
  boolean isGiven(ClientMessage.Hello hello, @Nullable Caller identity) {
    return hello.epoch() < 0 && hello.epoch() == seal(hello.session(), identity);
  }

  /** Whether it was given before the server was started again, which nobody remembers. */
  boolean isOfBefore(long id) {
    return id / Limits.SESSION_OF_TERM < term;
  }

  private long seal(long id, @Nullable Caller identity) {
    String whose = identity == null ? "the key" : "uid " + identity.uid();
    long seal =
        key.derive("session %d of %s".formatted(id, whose)).asReadOnlyByteBuffer().getLong();
    return seal | Long.MIN_VALUE;
  }
}

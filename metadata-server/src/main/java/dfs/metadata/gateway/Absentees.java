package dfs.metadata.gateway;

import dfs.metadata.namespace.Survey;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sessions of before a restart that have not come back yet. What they hold only they know: until
 * each is here again, or over, others must take it that a mount among them holds the volume. Owned
 * by {@link SessionGateway}, asked by {@link Operations}. Thread-safe.
 */
final class Absentees {
  /** By session, whether it is a mount. */
  private final Map<Long, Boolean> absent = new ConcurrentHashMap<>();

  private final CompletableFuture<Boolean> mountsAreBack = new CompletableFuture<>();

  Absentees(Collection<Survey.Session> before) {
    before.forEach(session -> absent.put(session.id(), session.mount()));
    settle();
  }

  boolean isEmpty() {
    return absent.isEmpty();
  }

  Set<Long> sessions() {
    return Set.copyOf(absent.keySet());
  }

  boolean hasMounts() {
    return absent.containsValue(true);
  }

  /** Whether mounts are absent that are not this session. */
  boolean hasMountsBut(long session) {
    return absent.entrySet().stream().anyMatch(a -> a.getValue() && a.getKey() != session);
  }

  /**
   * A session is here again, or over; {@link #settle} is to follow.
   *
   * @return whether it was the last
   */
  boolean back(long session) {
    return absent.remove(session) != null && absent.isEmpty();
  }

  /**
   * Lets go on what waited for the mounts, on this thread, if they are back; to be called without a
   * lock.
   */
  void settle() {
    if (!hasMounts()) {
      mountsAreBack.complete(true);
    }
  }

  /** Done when no mount is absent any more. */
  CompletableFuture<Boolean> mountsAreBack() {
    return mountsAreBack;
  }
}

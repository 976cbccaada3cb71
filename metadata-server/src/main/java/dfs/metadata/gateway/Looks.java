package dfs.metadata.gateway;

import dfs.metadata.namespace.Survey;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ClientMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * At which instants of the past sessions look: what is kept for that is not trimmed. Made by {@link
 * SessionGateway}, asked by that and {@link Operations}; calls the state. Thread-safe.
 */
final class Looks {
  private final Survey survey;
  private final VolumeLease lease;
  private final BooleanSupplier isEverybodyKnown;
  private final Time time;

  /** Sessions of mounts that were ended: the mount goes on with another one, in a moment. */
  private final Queue<Ended> ended = new ConcurrentLinkedQueue<>();

  private record Ended(LiveSession session, long nanos) {}

  /**
   * Of the sessions that have, or may have, a lease.
   *
   * @param isEverybodyKnown no session of before a restart may still say at what it looks
   */
  Looks(Survey survey, VolumeLease lease, BooleanSupplier isEverybodyKnown, Time time) {
    this.survey = survey;
    this.lease = lease;
    this.isEverybodyKnown = isEverybodyKnown;
    this.time = time;
  }

  /** A session is over, and not of its own will. */
  void ended(LiveSession session) {
    if (session.mount) {
      ended.add(new Ended(session, time.monotonicNanos()));
    }
    dropEnded();
  }

  private void dropEnded() {
    long now = time.monotonicNanos();
    ended.removeIf(over -> now - over.nanos > LiveSession.LOOKED_NANOS);
  }

  private List<LiveSession> sessions() {
    dropEnded();
    // In the opposite order of what happens at an end.
    List<LiveSession> sessions = new ArrayList<>(lease.sessions());
    ended.forEach(over -> sessions.add(over.session));
    return sessions;
  }

  /** At which sessions look, of too many {@link #of} those; empty: that is not known yet. */
  Optional<List<Long>> all() {
    // In this order: who has come back by then is among the sessions.
    return isEverybodyKnown.getAsBoolean() ? Optional.of(of(sessions())) : Optional.empty();
  }

  /**
   * At which the sessions look. Of too many those at which mounts do, then tools that have the key,
   * then others; of these each mount, tool and user has as many as the others, the last ones, so
   * that nobody takes from anybody by looking at more.
   */
  static List<Long> of(Collection<LiveSession> sessions) {
    Set<Long> chosen = new TreeSet<>();
    share(sessions.stream().filter(session -> session.mount), session -> session.id, chosen);
    share(
        sessions.stream().filter(session -> !session.mount && session.isTrusted()),
        session -> session.id,
        chosen);
    share(
        sessions.stream().filter(session -> !session.isTrusted()),
        session -> session.callerOf(Caller.ROOT).uid(),
        chosen);
    return List.copyOf(chosen);
  }

  private static void share(
      Stream<LiveSession> sessions, ToLongFunction<LiveSession> whose, Set<Long> chosen) {
    Map<Long, Map<Long, Long>> last = new HashMap<>();
    sessions.forEach(
        session -> {
          Map<Long, Long> own =
              last.computeIfAbsent(whose.applyAsLong(session), owner -> new HashMap<>());
          session.looked().forEach((instant, nanos) -> own.merge(instant, nanos, Math::max));
        });
    Queue<Iterator<Long>> turns = new ArrayDeque<>();
    last.values().forEach(own -> turns.add(lastFirst(own)));
    while (!turns.isEmpty() && chosen.size() < Limits.LOOKED_INSTANTS) {
      Iterator<Long> next = turns.remove();
      if (next.hasNext()) {
        chosen.add(next.next());
        turns.add(next);
      }
    }
  }

  private static Iterator<Long> lastFirst(Map<Long, Long> looked) {
    return looked.entrySet().stream()
        .sorted(Map.Entry.<Long, Long>comparingByValue().reversed())
        .map(Map.Entry::getKey)
        .iterator();
  }

  /**
   * What the log is to hear before it hears that a snapshot is removed, or who looks at it would
   * have nothing any more; null: nothing. As long as it is not known who looks somebody may.
   */
  @Nullable Upkeep keeping(Caller caller, Change.RemoveSnapshot removal) {
    Reply.Snapshot snapshot = survey.snapshot(removal.name());
    if (snapshot == null || (!caller.isRoot() && caller.uid() != snapshot.uid())) {
      return null;
    }
    long instant = snapshot.instantNanos();
    boolean isLookedAt =
        !isEverybodyKnown.getAsBoolean()
            || sessions().stream().anyMatch(session -> session.looked().containsKey(instant));
    return isLookedAt && !survey.viewed().contains(instant)
        ? new Upkeep.KeepInstant(instant)
        : null;
  }

  /** The instant that a session looked at with this; 0: at the present. */
  static long at(ClientMessage.Request request, Reply reply) {
    if (reply instanceof Reply.Refused) {
      return 0;
    }
    return switch (request.operation()) {
      case Change.CopyPast c -> c.asOfNanos();
      case Change.CopyExtents c -> c.asOfNanos();
      case Change.Restore c -> c.asOfNanos();
      default ->
          request.asOfNanos() != 0 && reply instanceof Reply.Instant kept
              ? kept.nanos()
              : request.asOfNanos();
    };
  }
}

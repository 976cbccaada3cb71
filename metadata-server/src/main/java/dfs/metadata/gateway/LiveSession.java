package dfs.metadata.gateway;

import dfs.protocol.Limits;
import dfs.protocol.metadata.Caller;
import dfs.protocol.seam.Link;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.LeaseMode;
import dfs.protocol.session.ServerMessage;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A session as the leader's memory has it; gone with a restart, and claimed again by the client.
 * The lease fields belong to {@link VolumeLease}, under its lock.
 */
final class LiveSession {
  /** Who asked as of an instant, and does not say that it looks at it, may ask again so long. */
  static final long LOOKED_NANOS = 60_000_000_000L;

  final long id;
  final String host;

  /** It keeps leases and inodes that its kernel knows; a tool has no more than what it opened. */
  final boolean mount;

  /** On whose behalf it speaks, whatever it says; null: it is trusted to speak for others. */
  private final @Nullable Caller identity;

  private final Map<Long, Opened> opens = new ConcurrentHashMap<>();

  /** By slot, the last operation that changed what is open: sent again, it does so no more. */
  private final Map<Integer, Long> counted = new ConcurrentHashMap<>();

  /** Instants of the past at which it looks, and when it did last. */
  private final Map<Long, Long> looked = new ConcurrentHashMap<>();

  private final AtomicReference<@Nullable Link<ServerMessage>> link = new AtomicReference<>();
  private volatile long heardNanos;

  /** Below 0 as long as the log does not know of it. */
  private volatile long epoch;

  /** The log is being told of it. */
  private final AtomicBoolean beginning = new AtomicBoolean();

  /**
   * What the session has open of one inode.
   *
   * @param opens how often
   * @param access 4 read, 2 write, 1 execute: what these opens were given, all together, until the
   *     last of them ends, for which of them ended is not said. 0: it is held, and nothing more
   */
  private record Opened(int opens, int access) {
    Opened and(Opened other) {
      long sum = (long) opens + other.opens;
      return new Opened((int) Math.min(sum, Integer.MAX_VALUE), access | other.access);
    }
  }

  LeaseMode mode = LeaseMode.NONE;
  long leaseNumber;
  long operationNanos;
  long changeNanos;
  int changesInFlight;
  final Map<Long, Recall> recalls = new TreeMap<>();
  private volatile boolean fenced;

  LiveSession(
      long id, long epoch, String host, boolean mount, @Nullable Caller identity, long nowNanos) {
    this.id = id;
    this.epoch = epoch;
    this.host = host;
    this.mount = mount;
    this.identity = identity;
    this.heardNanos = nowNanos;
    this.operationNanos = nowNanos;
    this.changeNanos = nowNanos - Long.MAX_VALUE / 2;
  }

  /** The caller that counts. */
  Caller callerOf(Caller claimed) {
    Caller known = identity;
    return known == null ? claimed : known;
  }

  boolean isTrusted() {
    return identity == null;
  }

  /** Whether it speaks for the same user, or for all. */
  boolean speaksFor(@Nullable Caller other) {
    Caller known = identity;
    return known == null ? other == null : other != null && known.uid() == other.uid();
  }

  long epoch() {
    return epoch;
  }

  /** Whether the log knows of it. */
  boolean isLogged() {
    return epoch > 0;
  }

  /** Whether the log is to be told of it now, and not by somebody else already. */
  boolean begins() {
    return beginning.compareAndSet(false, true);
  }

  /** The log was not told of it. */
  void beginsNot() {
    beginning.set(false);
  }

  /** The log knows of it from now on. */
  void logged(long since) {
    epoch = since;
  }

  @Nullable Link<ServerMessage> link() {
    return link.get();
  }

  void link(Link<ServerMessage> connected) {
    link.set(connected);
  }

  /** A stream has ended; whether it was still the session's. */
  boolean unlink(Link<ServerMessage> ended) {
    return link.compareAndSet(ended, null);
  }

  boolean isConnected() {
    return link.get() != null;
  }

  void send(ServerMessage message) {
    Link<ServerMessage> connected = link.get();
    if (connected != null) {
      connected.send(message);
    }
  }

  void heard(long nowNanos) {
    heardNanos = nowNanos;
  }

  long silentNanos(long nowNanos) {
    return nowNanos - heardNanos;
  }

  void fence() {
    fenced = true;
  }

  boolean isFenced() {
    return fenced;
  }

  /** The session comes back with what it had open, and would be given this access. */
  void claims(long ino, int count, int access) {
    opens.merge(ino, new Opened(count, access), Opened::and);
  }

  /** The session opened an inode and was given this access. */
  void opened(ClientMessage.Request request, long ino, int access) {
    if (isFirst(request)) {
      opens.merge(ino, new Opened(1, access), Opened::and);
    }
  }

  /** An open was refused: if the same was answered over a stream that broke, it is taken back. */
  void refused(ClientMessage.Request request, long ino) {
    if (counted.remove(request.slot(), request.sequence())) {
      release(ino, 1);
    }
  }

  void released(ClientMessage.Request request, long ino, int count) {
    if (isFirst(request)) {
      release(ino, count);
    }
  }

  private boolean isFirst(ClientMessage.Request request) {
    boolean[] first = {false};
    counted.compute(
        request.slot(),
        (slot, last) -> {
          if (last != null && last >= request.sequence()) {
            return last;
          }
          first[0] = true;
          return request.sequence();
        });
    return first[0];
  }

  private void release(long ino, int count) {
    opens.computeIfPresent(
        ino,
        (i, known) ->
            known.opens() <= count ? null : new Opened(known.opens() - count, known.access()));
  }

  /** It asks as of an instant, or says that it goes on looking at it. */
  void looks(long instantNanos, long nowNanos) {
    looked.merge(instantNanos, nowNanos, Math::max);
    while (looked.size() > Limits.SESSION_INSTANTS) {
      looked.entrySet().stream()
          .min(Map.Entry.comparingByValue())
          .ifPresent(oldest -> looked.remove(oldest.getKey(), oldest.getValue()));
    }
  }

  /**
   * It says at which instants it looks: what it asked for a while ago and does not name goes.
   *
   * @param instants at the end the one that was used last
   */
  void looksAt(List<Long> instants, long nowNanos) {
    for (int i = 0; i < instants.size(); i++) {
      looks(instants.get(i), nowNanos - instants.size() + i);
    }
    looked.values().removeIf(last -> nowNanos - last > LOOKED_NANOS);
  }

  /** Instants at which it looks, and when it did last. */
  Map<Long, Long> looked() {
    return looked;
  }

  /** Whether it may not open another inode; who is trusted counts for itself. */
  boolean hasTooManyOpen(long ino) {
    return !isTrusted() && opens.size() >= Limits.SESSION_OPEN_INODES && !opens.containsKey(ino);
  }

  boolean holds(long ino) {
    return opens.containsKey(ino);
  }

  /** What it may do with an inode that it has open; 0 with one that it has not. */
  int access(long ino) {
    Opened known = opens.get(ino);
    return known == null ? 0 : known.access();
  }
}

package dfs.metadata.state;

import java.util.Collection;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Which instants are kept: each full second, each full minute, and pinned ones. A before-image that
 * was valid over [w, s) is kept if and only if a kept instant lies in it.
 */
public final class Instants {
  public static final long SECOND = 1_000_000_000L;
  public static final long MINUTE = 60 * SECOND;

  /**
   * How many names each pinned instant has. Written by the applying thread, read by any; a pin is
   * here before the batch that holds it is, which nobody can tell who was not answered yet.
   */
  private final ConcurrentSkipListMap<Long, Integer> pins = new ConcurrentSkipListMap<>();

  public Instants(Collection<Long> pins) {
    pins.forEach(this::pin);
  }

  /** Whether a multiple of {@code grain} lies in [from, to). */
  static boolean holdsMultiple(long from, long to, long grain) {
    return Math.floorDiv(from - 1, grain) != Math.floorDiv(to - 1, grain);
  }

  /** Whether a pin lies in [from, to). */
  boolean isPinned(long from, long to) {
    Long pin = pins.ceilingKey(from);
    return pin != null && pin < to;
  }

  public void pin(long nanos) {
    pins.merge(nanos, 1, Integer::sum);
  }

  public void unpin(long nanos) {
    pins.computeIfPresent(nanos, (instant, names) -> names == 1 ? null : names - 1);
  }

  /** The kept instant at or before a time; 0 if none is left. */
  public long kept(NamespaceReader reader, long nanos) {
    long second = Math.floorDiv(nanos, SECOND) * SECOND;
    long minute = Math.floorDiv(nanos, MINUTE) * MINUTE;
    Long pin = pins.floorKey(nanos);
    long best = pin == null ? 0 : pin;
    if (second >= reader.number(State.SECONDS_FLOOR)) {
      best = Math.max(best, second);
    } else if (minute >= reader.number(State.MINUTES_FLOOR)) {
      best = Math.max(best, minute);
    }
    return best;
  }

  /** The oldest instant that can be read; 0: only the present. */
  long oldest(NamespaceReader reader, long lastStampNanos) {
    long second = Math.ceilDiv(reader.number(State.SECONDS_FLOOR), SECOND) * SECOND;
    long minute = Math.ceilDiv(reader.number(State.MINUTES_FLOOR), MINUTE) * MINUTE;
    long oldest = Math.min(second, minute);
    if (!pins.isEmpty()) {
      oldest = Math.min(oldest, pins.firstKey());
    }
    return oldest > lastStampNanos ? 0 : oldest;
  }
}

package dfs.metadata.state;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;

/**
 * Which instants are kept: each full second, each full minute, pinned ones, and those at which
 * somebody looks. A before-image that was valid over [w, s) is kept if and only if a kept instant
 * lies in it.
 */
public final class Instants {
  public static final long SECOND = 1_000_000_000L;
  public static final long MINUTE = 60 * SECOND;

  /**
   * How many names each pinned instant has. Written by the applying thread, read by any; a pin is
   * here before the batch that holds it is, which nobody can tell who was not answered yet.
   */
  private final ConcurrentSkipListMap<Long, Integer> pins = new ConcurrentSkipListMap<>();

  /**
   * Seconds, minutes and pins at which somebody looked when their time was over, or their name
   * went; written like pins.
   */
  private final ConcurrentSkipListSet<Long> views = new ConcurrentSkipListSet<>();

  public Instants(Collection<Long> pins, Collection<Long> views) {
    pins.forEach(this::pin);
    this.views.addAll(views);
  }

  /** Whether a multiple of {@code grain} lies in [from, to). */
  static boolean holdsMultiple(long from, long to, long grain) {
    return Math.floorDiv(from - 1, grain) != Math.floorDiv(to - 1, grain);
  }

  /** Whether a pin, or an instant at which somebody looks, lies in [from, to). */
  boolean isPinned(long from, long to) {
    Long pin = pins.ceilingKey(from);
    Long view = views.ceiling(from);
    return (pin != null && pin < to) || (view != null && view < to);
  }

  void view(long nanos) {
    views.add(nanos);
  }

  void unview(long nanos) {
    views.remove(nanos);
  }

  boolean hasName(long nanos) {
    return pins.containsKey(nanos);
  }

  boolean isViewed(long nanos) {
    return views.contains(nanos);
  }

  List<Long> viewed() {
    return List.copyOf(views);
  }

  public void pin(long nanos) {
    pins.merge(nanos, 1, Integer::sum);
  }

  public void unpin(long nanos) {
    pins.computeIfPresent(nanos, (instant, names) -> names == 1 ? null : names - 1);
  }

  /**
   * The kept instant at or before a time; 0 if none is left. At an instant that is kept for others
   * who look at it only who means just that arrives.
   */
  public long kept(NamespaceReader reader, long nanos) {
    if (views.contains(nanos)) {
      return nanos;
    }
    long second = Math.floorDiv(nanos, SECOND) * SECOND;
    long minute = Math.floorDiv(nanos, MINUTE) * MINUTE;
    Long pin = pins.floorKey(nanos);
    long best = pin == null ? 0 : pin;
    if (second >= reader.number(State.SECONDS_FLOOR) || views.contains(second)) {
      best = Math.max(best, second);
    } else if (minute >= reader.number(State.MINUTES_FLOOR) || views.contains(minute)) {
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

package dfs.metadata.state;

import java.util.Collection;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which instants are kept: each full second, each full minute, and pinned ones. A before-image that
 * was valid over [w, s) is kept if and only if a kept instant lies in it.
 */
public final class Instants {
  public static final long SECOND = 1_000_000_000L;
  public static final long MINUTE = 60 * SECOND;
  private final TreeSet<Long> pins;

  public Instants(Collection<Long> pins) {
    this.pins = new TreeSet<>(pins);
  }

  /** Whether a multiple of {@code grain} lies in [from, to). */
  static boolean holdsMultiple(long from, long to, long grain) {
    return Math.floorDiv(from - 1, grain) != Math.floorDiv(to - 1, grain);
  }

  /** Whether an image valid over [written, superseded) can be read at a full second or a pin. */
  boolean keeps(long written, long superseded) {
    return holdsMultiple(written, superseded, SECOND) || isPinned(written, superseded);
  }

  /** Whether a pin lies in [from, to). */
  boolean isPinned(long from, long to) {
    Long pin = pins.ceiling(from);
    return pin != null && pin < to;
  }

  public void pin(long nanos) {
    pins.add(nanos);
  }

  public void unpin(long nanos) {
    pins.remove(nanos);
  }

  /** The latest pin at or before this time. */
  @Nullable Long pinAtOrBefore(long nanos) {
    return pins.floor(nanos);
  }

  /** The first pin. */
  @Nullable Long firstPin() {
    return pins.isEmpty() ? null : pins.first();
  }
}

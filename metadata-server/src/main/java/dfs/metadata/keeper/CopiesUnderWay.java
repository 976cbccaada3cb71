package dfs.metadata.keeper;

import dfs.protocol.seam.Time;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Copies that were ordered and are not there yet, and those that failed lately. Thread-safe. */
final class CopiesUnderWay {
  /** A copy that takes longer than this will not come. */
  private static final long COPYING_NANOS = 600_000_000_000L;

  /** A copy that failed is not ordered again of the same server before this time. */
  private static final long AGAIN_NANOS = 10_000_000_000L;

  /** The same, of what would be put together from damaged ones: some of it may be lost. */
  private static final long RESCUE_AGAIN_NANOS = 600_000_000_000L;

  private final Time time;
  private final Map<Long, Copy> copies = new ConcurrentHashMap<>();

  /** When a server may be asked again that said that it cannot make a copy. */
  private final Map<Target, Long> restingUntil = new ConcurrentHashMap<>();

  /**
   * A copy that was ordered.
   *
   * @param instead the member whose place it takes; 0: it is one more
   * @param rescue whether it is put together from damaged ones
   */
  record Copy(long block, long server, long instead, boolean rescue, long sinceNanos) {}

  private record Target(long server, long block) {}

  CopiesUnderWay(Time time) {
    this.time = time;
  }

  void begin(long block, long server, long instead, boolean rescue) {
    copies.put(block, new Copy(block, server, instead, rescue, time.monotonicNanos()));
  }

  /** The order did not arrive. */
  void cancel(long block) {
    copies.remove(block);
  }

  /** The target says that it cannot make it. */
  void failed(long server, long block) {
    Copy known = copies.get(block);
    if (known != null && known.server() == server && copies.remove(block, known)) {
      long rest = known.rescue() ? RESCUE_AGAIN_NANOS : AGAIN_NANOS;
      restingUntil.put(new Target(server, block), time.monotonicNanos() + rest);
    }
  }

  /** Those that a server was making are not to be expected any more. */
  void gone(long server) {
    copies.values().removeIf(known -> known.server() == server);
  }

  interface Ended {
    /** Whether this copy is not to be waited for any more. */
    boolean test(Copy copy);
  }

  /** Forgets those that are there or will not come. */
  void forget(Ended ended) {
    long now = time.monotonicNanos();
    copies.forEach(
        (block, copy) -> {
          if (ended.test(copy) || now - copy.sinceNanos() > COPYING_NANOS) {
            copies.remove(block, copy);
          }
        });
    restingUntil.values().removeIf(until -> now - until > 0);
  }

  /** Whether a copy of this block is on its way. */
  boolean isOf(long block) {
    return copies.containsKey(block);
  }

  /** Whether a copy of this block is on its way to this server. */
  boolean isOf(long block, long server) {
    Copy known = copies.get(block);
    return known != null && known.server() == server;
  }

  boolean isEmpty() {
    return copies.isEmpty();
  }

  long countTo(long server) {
    return copies.values().stream().filter(copy -> copy.server() == server).count();
  }

  /** Whether a server said lately that it cannot make a copy of the block. */
  boolean isResting(long server, long block) {
    Long until = restingUntil.get(new Target(server, block));
    return until != null && time.monotonicNanos() - until <= 0;
  }
}

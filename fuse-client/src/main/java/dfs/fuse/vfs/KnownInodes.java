package dfs.fuse.vfs;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Inodes that the kernel has a reference to. The epoch grows whenever the right to cache is lost or
 * comes back: pages of an inode that was last opened in an earlier one may be old. Thread-safe.
 */
final class KnownInodes {
  private final Map<Long, Known> known = new ConcurrentHashMap<>();
  private final Map<Long, Integer> writable = new ConcurrentHashMap<>();
  private final AtomicLong epoch = new AtomicLong(1);

  private record Known(long references, long openedEpoch) {}

  void remember(long ino, long references) {
    known.merge(
        ino,
        new Known(references, 0),
        (old, more) -> new Known(old.references() + more.references(), old.openedEpoch()));
  }

  void forget(long ino, long references) {
    known.computeIfPresent(
        ino,
        (i, old) ->
            old.references() <= references
                ? null
                : new Known(old.references() - references, old.openedEpoch()));
  }

  boolean isKnown(long ino) {
    return known.containsKey(ino);
  }

  Set<Long> all() {
    return known.keySet();
  }

  long epoch() {
    return epoch.get();
  }

  void nextEpoch() {
    epoch.incrementAndGet();
  }

  /** Notes that the inode is opened now; whether it was opened in this epoch before. */
  boolean openedIn(long ino, long now) {
    boolean[] before = {false};
    known.computeIfPresent(
        ino,
        (i, old) -> {
          before[0] = old.openedEpoch() == now;
          return new Known(old.references(), now);
        });
    return before[0];
  }

  /** Counts handles that may have written to a mapping. */
  void writable(long ino, int more) {
    writable.merge(ino, more, (old, delta) -> old + delta == 0 ? null : old + delta);
  }

  Set<Long> writable() {
    return Set.copyOf(writable.keySet());
  }
}

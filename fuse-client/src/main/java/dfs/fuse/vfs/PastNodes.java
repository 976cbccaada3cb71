package dfs.fuse.vfs;

import dfs.protocol.Limits;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Inode numbers of the past. An inode of some time has another number than it has now, and than it
 * has of another time: for cp(1) and tar(1) they are other files. Numbers are of this mount, never
 * given twice, and kept while the kernel knows them; of those that it let go of the last ones are
 * kept, too, so that an inode that is looked up again has its number again. Thread-safe.
 */
final class PastNodes {
  /** The shard of numbers that no server gives. */
  private static final long FIRST = 0x7FFFL << 48;

  private static final int IDLE_MAX = 100_000;

  /**
   * Something of the past, or where it begins.
   *
   * @param number of this mount
   * @param asOfNanos time, since 1970; 0: the directory {@code .dfs} in which times are looked up
   * @param ino inode number of the volume; of {@code .dfs}, of the directory that it is in
   */
  record Node(long number, long asOfNanos, long ino) {
    boolean isGate() {
      return asOfNanos == 0;
    }
  }

  private record Place(long asOfNanos, long ino) {}

  private static final class Known {
    final Node node;
    long references;

    Known(Node node) {
      this.node = node;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Place, Known> byPlace = new HashMap<>();
  private final Map<Long, Known> byNumber = new HashMap<>();

  /** By instant, the one that was used last at the end, how many inodes of it the kernel knows. */
  private final Map<Long, Integer> referred = new LinkedHashMap<>();

  /** Those to which the kernel has no reference, the longest known first. */
  private final Map<Long, Known> idle = new LinkedHashMap<>();

  private long last = FIRST;

  /** Whether a number is one of the past. */
  static boolean isPast(long number) {
    return number > FIRST;
  }

  /** The number of an inode as of a time. */
  long number(long asOfNanos, long ino) {
    lock.lock();
    try {
      Place place = new Place(asOfNanos, ino);
      Known known = byPlace.get(place);
      if (known == null) {
        known = new Known(new Node(++last, asOfNanos, ino));
        byPlace.put(place, known);
        byNumber.put(known.node.number, known);
        letGo(known);
      }
      return known.node.number;
    } finally {
      lock.unlock();
    }
  }

  /** What has this number; null if that is not known any more. */
  @Nullable Node get(long number) {
    lock.lock();
    try {
      Known known = byNumber.get(number);
      if (known != null) {
        used(known.node.asOfNanos);
      }
      return known == null ? null : known.node;
    } finally {
      lock.unlock();
    }
  }

  /** The kernel has so many more references. */
  void remember(long number, long references) {
    lock.lock();
    try {
      Known known = byNumber.get(number);
      if (known != null) {
        if (known.references == 0 && references > 0 && !known.node.isGate()) {
          referred.merge(known.node.asOfNanos, 1, Integer::sum);
        }
        known.references += references;
        idle.remove(number);
        used(known.node.asOfNanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The kernel has so many less. */
  void forget(long number, long references) {
    lock.lock();
    try {
      Known known = byNumber.get(number);
      if (known != null) {
        boolean wasReferred = known.references > 0;
        known.references = Math.max(0, known.references - references);
        if (known.references == 0) {
          letGo(known);
          if (wasReferred) {
            referred.computeIfPresent(
                known.node.asOfNanos, (instant, inodes) -> inodes == 1 ? null : inodes - 1);
          }
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void used(long instant) {
    Integer inodes = referred.remove(instant);
    if (inodes != null) {
      referred.put(instant, inodes);
    }
  }

  /** The instants of which the kernel knows something; of too many those that were used last. */
  List<Long> instants() {
    lock.lock();
    try {
      return referred.keySet().stream()
          .skip(Math.max(0, referred.size() - Limits.SESSION_INSTANTS))
          .toList();
    } finally {
      lock.unlock();
    }
  }

  private void letGo(Known known) {
    idle.put(known.node.number, known);
    if (idle.size() > IDLE_MAX) {
      Iterator<Known> eldest = idle.values().iterator();
      Node gone = eldest.next().node;
      eldest.remove();
      byNumber.remove(gone.number);
      byPlace.remove(new Place(gone.asOfNanos, gone.ino));
    }
  }
}

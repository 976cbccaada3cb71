package dfs.client.nio;

import com.google.protobuf.ByteString;
import java.nio.channels.OverlappingFileLockException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What this program has locked, or is about to lock: a lock is held on behalf of all of it ({@link
 * java.nio.channels.FileLock}), whatever file systems it opened. Thread-safe.
 */
final class LockedRegions {
  /** Those of the whole program. */
  static final LockedRegions OF_ALL = new LockedRegions();

  private final ReentrantLock guard = new ReentrantLock();
  private final Map<Of, List<DfsFileLock>> locks = new HashMap<>();

  private LockedRegions() {}

  /** A file. */
  record Of(ByteString cluster, long ino) {}

  /**
   * A region is locked, or is about to be.
   *
   * @throws OverlappingFileLockException if some of it is already
   */
  void add(Of file, DfsFileLock lock) {
    guard.lock();
    try {
      List<DfsFileLock> those = locks.computeIfAbsent(file, f -> new ArrayList<>());
      if (those.stream().anyMatch(other -> other.overlaps(lock.position(), lock.size()))) {
        throw new OverlappingFileLockException();
      }
      those.add(lock);
    } finally {
      guard.unlock();
    }
  }

  void remove(Of file, DfsFileLock lock) {
    guard.lock();
    try {
      locks.computeIfPresent(
          file, (f, those) -> those.remove(lock) && those.isEmpty() ? null : those);
    } finally {
      guard.unlock();
    }
  }
}

package dfs.metadata.store;

import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waiting for a full disk. When a compaction has found it full RocksDB does nothing more until it
 * has looked at the disk again, which is waited for. What is not flushed is in the replicated log
 * meanwhile.
 */
public final class Room {
  private static final Logger LOG = LoggerFactory.getLogger(Room.class);

  /** RocksDB looks each five seconds whether there is room again. */
  private static final long RECOVERY_NANOS = 30_000_000_000L;

  private static final long RECOVERY_LOOK_NANOS = 200_000_000L;

  private Room() {}

  /**
   * Does something when the store has room for it. Between two attempts it holds no lock that the
   * step takes.
   *
   * @throws StoreFailure when there is none within thirty seconds
   */
  public static void await(Runnable step) {
    long since = System.nanoTime();
    boolean said = false;
    while (true) {
      try {
        step.run();
        return;
      } catch (NoRoomException e) {
        if (System.nanoTime() - since > RECOVERY_NANOS) {
          throw new StoreFailure(e.getMessage() + ", for thirty seconds", e);
        }
        if (!said) {
          said = true;
          LOG.warn("the metadata store waits for room: {}", e.getMessage());
        }
      }
      LockSupport.parkNanos(RECOVERY_LOOK_NANOS);
    }
  }
}

package dfs.fuse.driver.kernel;

import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Between deciding how long the kernel may keep an answer and giving it the answer no recall may
 * slip in. Readers pass in that short stretch, which waits for nobody; a recall first withdraws the
 * permission to cache, then waits here until what was decided before has been given out.
 */
final class Gate {
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

  /** From here until {@link #leave} this thread must not wait for anything. */
  void enter() {
    lock.readLock().lock();
  }

  void leave() {
    lock.readLock().unlock();
  }

  /** Whether this thread has entered and has to leave once its answer is written. */
  boolean leaveLater() {
    return lock.getReadHoldCount() > 0;
  }

  /** Returns when everybody who had entered before the call has left. */
  @SuppressWarnings("LockNotBeforeTry") // to have had the lock is all that is wanted
  void settle() {
    lock.writeLock().lock();
    lock.writeLock().unlock();
  }
}

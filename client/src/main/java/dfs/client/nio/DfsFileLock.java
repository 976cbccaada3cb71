package dfs.client.nio;

import dfs.protocol.session.ClientMessage.Locked;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileLock;
import java.util.concurrent.atomic.AtomicBoolean;

/** A range of a file that is locked, against whoever uses the volume. Thread-safe. */
final class DfsFileLock extends FileLock {
  private final ChannelLocks locks;
  private final Locked locked;
  private final AtomicBoolean released = new AtomicBoolean();

  DfsFileLock(ChannelLocks locks, DfsFileChannel channel, Locked locked, long position, long size) {
    super(channel, position, size, !locked.exclusive());
    this.locks = locks;
    this.locked = locked;
  }

  Locked locked() {
    return locked;
  }

  @Override
  public boolean isValid() {
    return !released.get() && acquiredBy().isOpen() && !locks.isLost();
  }

  @Override
  public void release() throws IOException {
    if (!acquiredBy().isOpen()) {
      throw new ClosedChannelException();
    }
    if (released.compareAndSet(false, true)) {
      locks.release(this);
    }
  }
}

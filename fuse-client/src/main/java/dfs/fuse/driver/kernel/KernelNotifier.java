package dfs.fuse.driver.kernel;

import com.google.protobuf.ByteString;
import dfs.fuse.nativecalls.Libc;
import dfs.fuse.nativecalls.NativeBuffer;
import dfs.fuse.nativecalls.SystemCallException;
import dfs.fuse.vfs.KernelCaches;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the kernel forget, by notifications: fuse_out_header with the code as error and unique 0,
 * then the body. Runs on the caller's thread, which may wait for requests in flight.
 */
final class KernelNotifier implements KernelCaches {
  private static final Logger LOG = LoggerFactory.getLogger(KernelNotifier.class);
  private static final int INVAL_INODE = 2;
  private static final int INVAL_ENTRY = 3;
  private static final int DELETE = 6;
  private static final int INC_EPOCH = 8;
  private static final int INC_EPOCH_SINCE_MINOR = 44;
  private static final int EXPIRE_ONLY = 1;

  /** A directory that is to go still has cached children; they go by notifications of their own. */
  private static final int ENOTEMPTY = 39;

  private static final int NOTIFICATION_BYTES_MAX = 512;

  private final int descriptor;
  private final Gate gate;
  private final IntSupplier protocolMinor;
  private final Path mountPoint;

  private final ReentrantReadWriteLock closing = new ReentrantReadWriteLock();
  private boolean closed;

  KernelNotifier(int descriptor, Gate gate, IntSupplier protocolMinor, Path mountPoint) {
    this.descriptor = descriptor;
    this.gate = gate;
    this.protocolMinor = protocolMinor;
    this.mountPoint = mountPoint;
  }

  /** struct fuse_notify_inval_inode_out: ino u64 | off i64 | len i64. */
  @Override
  public void forgetInode(long ino, long fromOffset) {
    try (NativeBuffer buffer = new NativeBuffer(NOTIFICATION_BYTES_MAX)) {
      start(buffer).putLong(ino).putLong(fromOffset < 0 ? -1 : fromOffset & -4096L).putLong(0);
      send(buffer, INVAL_INODE);
    }
  }

  /**
   * struct fuse_notify_inval_entry_out: parent u64 | namelen u32 | flags u32 | name NUL; or
   * fuse_notify_delete_out: parent u64 | child u64 | namelen u32 | padding u32 | name NUL.
   */
  @Override
  public void forgetName(long parent, ByteString name, boolean gone, long ino) {
    try (NativeBuffer buffer = new NativeBuffer(NOTIFICATION_BYTES_MAX)) {
      ByteBuffer body = start(buffer).putLong(parent);
      if (gone && ino != 0) {
        body.putLong(ino).putInt(name.size()).putInt(0);
      } else {
        body.putInt(name.size()).putInt(gone ? 0 : EXPIRE_ONLY);
      }
      name.copyTo(body);
      body.put((byte) 0);
      send(buffer, gone && ino != 0 ? DELETE : INVAL_ENTRY);
    }
  }

  @Override
  public void forgetNames() {
    try (NativeBuffer buffer = new NativeBuffer(NOTIFICATION_BYTES_MAX)) {
      start(buffer);
      send(buffer, INC_EPOCH);
    }
  }

  @Override
  public boolean canForgetNames() {
    return protocolMinor.getAsInt() >= INC_EPOCH_SINCE_MINOR && !somethingIsMountedBelow();
  }

  /** INC_EPOCH would unmount it. */
  private boolean somethingIsMountedBelow() {
    try {
      String below = " " + mountPoint.toString().replace(" ", "\\040") + "/";
      return Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1)
          .contains(below);
    } catch (IOException e) {
      LOG.warn("cannot read /proc/self/mountinfo", e);
      return true;
    }
  }

  @Override
  public void settle() {
    gate.settle();
  }

  private static ByteBuffer start(NativeBuffer buffer) {
    return buffer.bytes().clear().position(Answer.HEADER_BYTES);
  }

  /** ENOENT: the kernel did not know it, which is as good. */
  private void send(NativeBuffer buffer, int code) {
    int length = buffer.bytes().position();
    buffer.bytes().putInt(0, length).putInt(4, code).putLong(8, 0);
    if (!closing.readLock().tryLock()) {
      return;
    }
    try {
      if (closed) {
        return;
      }
      Libc.write(descriptor, buffer, length);
    } catch (SystemCallException e) {
      if (e.errno() != Libc.ENOENT && e.errno() != Libc.ENODEV && e.errno() != ENOTEMPTY) {
        LOG.warn("notification {} failed", code, e);
      }
    } finally {
      closing.readLock().unlock();
    }
  }

  /** Nothing is sent any more: the number of the descriptor may soon mean another file. */
  void close() {
    closing.writeLock().lock();
    try {
      closed = true;
    } finally {
      closing.writeLock().unlock();
    }
  }
}

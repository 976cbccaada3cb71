package dfs.fuse.driver.kernel;

import dfs.fuse.nativecalls.Libc;
import dfs.fuse.nativecalls.NativeBuffer;
import dfs.fuse.nativecalls.SystemCallException;
import dfs.fuse.vfs.Vfs;
import dfs.protocol.metadata.Errno;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves a {@link Vfs} to the kernel through /dev/fuse. A reader thread takes a request, does the
 * work and answers, without a hand-off; when the last idle reader takes one, another is started
 * first, so that somebody always reads however long the work takes. Called by whoever mounts; calls
 * the Vfs.
 */
public final class KernelDriver implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KernelDriver.class);
  private static final int WRITE_BYTES_MAX = 1 << 20;
  private static final int REQUEST_BYTES_MAX = WRITE_BYTES_MAX + (64 << 10);
  private static final int READERS_AT_START = 2;
  static final int READERS_IDLE_MAX = 24;
  private static final int READERS_MAX = 256;

  private final MountPoint mount;
  private final int descriptor;
  private final Gate gate = new Gate();
  private final Requests requests;
  private final AtomicInteger idle = new AtomicInteger();
  private final AtomicInteger readers = new AtomicInteger();
  private final AtomicLong served = new AtomicLong();
  private final CountDownLatch unmounted = new CountDownLatch(1);
  private final KernelNotifier notifier;

  private KernelDriver(MountPoint mount, Vfs vfs) {
    this.mount = mount;
    this.descriptor = mount.descriptor();
    this.requests = new Requests(vfs, gate);
    this.notifier = new KernelNotifier(descriptor, gate, requests::protocolMinor, mount.path());
    vfs.attach(notifier);
  }

  /** Mounts and serves until unmounted. Returns once the kernel has agreed on the protocol. */
  public static KernelDriver mount(Vfs vfs, MountOptions options) throws IOException {
    MountPoint mount = MountPoint.mount(options);
    KernelDriver driver = new KernelDriver(mount, vfs);
    for (int i = 0; i < READERS_AT_START; i++) {
      driver.startReader();
    }
    try {
      driver.requests.awaitAgreement();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      driver.unmount(true);
      throw new IOException("interrupted while mounting", e);
    } catch (IOException e) {
      driver.unmount(true);
      throw e;
    }
    mount.raiseReadAhead();
    return driver;
  }

  /** Requests answered so far. */
  public long served() {
    return served.get();
  }

  /** Readers that wait for a request or work on one. */
  int readers() {
    return readers.get();
  }

  /** Waits until the mount is gone, by whomever. */
  public void awaitUnmounted() throws InterruptedException {
    unmounted.await();
  }

  public boolean isMounted() {
    return unmounted.getCount() > 0;
  }

  /**
   * Takes the mount away.
   *
   * @param force also when it is in use
   * @throws IOException when it is busy
   */
  public void unmount(boolean force) throws IOException {
    if (isMounted()) {
      mount.unmount(force);
    }
  }

  @Override
  public void close() throws IOException {
    unmount(true);
  }

  private void startReader() {
    readers.incrementAndGet();
    idle.incrementAndGet();
    Thread thread = new Thread(this::serve, "fuse-reader");
    thread.setDaemon(true);
    try {
      thread.start();
    } catch (OutOfMemoryError e) {
      // The system gives no more threads: those that are there go on.
      LOG.error("no further reader can be started", e);
      idle.decrementAndGet();
      readers.decrementAndGet();
    }
  }

  private void serve() {
    boolean waiting = true;
    try (NativeBuffer in = new NativeBuffer(REQUEST_BYTES_MAX);
        NativeBuffer out = new NativeBuffer(REQUEST_BYTES_MAX)) {
      Request request = new Request(in.bytes());
      Answer answer = new Answer(out.bytes());
      while (waiting) {
        int length = Libc.read(descriptor, in);
        waiting = false;
        if (idle.decrementAndGet() == 0 && readers.get() < READERS_MAX) {
          startReader();
        }
        if (request.take(length)) {
          answer(request, answer, out);
        } else {
          LOG.warn("the kernel gave a torn request of {} bytes", length);
        }
        waiting = waitAgain();
      }
    } catch (SystemCallException e) {
      if (e.errno() != Libc.ENODEV) {
        LOG.error("reading requests failed", e);
      }
      requests.connectionLost(e);
    } finally {
      if (waiting) {
        idle.decrementAndGet();
      }
      if (readers.decrementAndGet() == 0) {
        closeDescriptor();
        unmounted.countDown();
      }
    }
  }

  /**
   * Whether this reader is to wait for another request: not when enough others do, who must not
   * leave at the same time.
   */
  private boolean waitAgain() {
    return idle.getAndUpdate(now -> now < READERS_IDLE_MAX ? now + 1 : now) < READERS_IDLE_MAX;
  }

  private void answer(Request request, Answer answer, NativeBuffer out) {
    long unique = request.unique();
    boolean gated = false;
    try {
      int length;
      try {
        length = requests.answer(request, answer);
        gated = gate.leaveLater();
      } catch (RuntimeException e) {
        gated = gate.leaveLater();
        LOG.error("request {} on inode {} failed", request.opcode(), request.node(), e);
        length = answer.fail(unique, Errno.EIO);
      }
      served.incrementAndGet();
      if (length > 0) {
        Libc.write(descriptor, out, length);
      }
    } catch (SystemCallException e) {
      if (e.errno() != Libc.ENOENT && e.errno() != Libc.ENODEV) {
        LOG.error("answering request {} of inode {} failed", unique, request.node(), e);
      }
    } finally {
      if (gated) {
        gate.leave();
      }
    }
  }

  private void closeDescriptor() {
    notifier.close();
    try {
      Libc.close(descriptor);
    } catch (SystemCallException e) {
      LOG.warn("closing /dev/fuse failed", e);
    }
  }
}

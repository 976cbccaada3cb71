package dfs.fuse;

import dfs.fuse.driver.kernel.KernelDriver;
import dfs.fuse.driver.kernel.MountOptions;
import dfs.fuse.vfs.RenewedVfs;
import dfs.fuse.vfs.Sessions;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/** A mounted volume: the files of a session, and of those after it, served to the kernel. */
public final class Mount {
  private final KernelDriver driver;
  private final RenewedVfs vfs;

  private Mount(KernelDriver driver, RenewedVfs vfs) {
    this.driver = driver;
    this.vfs = vfs;
  }

  /**
   * Mounts a volume; files can be used when this returns.
   *
   * @param source what /proc/mounts shows as the device
   * @param sessions are opened and closed by the mount, one at a time
   * @param problem hears what keeps the mount from working while it is mounted, and an empty text
   *     when it works again
   */
  public static Mount start(
      Path mountPoint, String source, Sessions sessions, Time time, Consumer<String> problem)
      throws IOException {
    RenewedVfs vfs = RenewedVfs.open(sessions, time, problem);
    boolean mounted = false;
    try {
      KernelDriver driver = KernelDriver.mount(vfs, new MountOptions(mountPoint, source));
      mounted = true;
      return new Mount(driver, vfs);
    } finally {
      if (!mounted) {
        vfs.close();
      }
    }
  }

  /** Waits until the mount is gone, by whomever. */
  public void awaitUnmounted() throws InterruptedException {
    driver.awaitUnmounted();
  }

  /** Requests of the kernel answered so far. */
  public long served() {
    return driver.served();
  }

  /**
   * Writes everything back, takes the mount away and ends the session.
   *
   * @param force also when it is in use: who uses it gets errors from now on
   * @throws IOException when it is busy, and nothing but the flush has happened; or when something
   *     could not be written, and the mount is gone
   */
  public void close(boolean force) throws IOException {
    if (!force) {
      vfs.syncAll();
    }
    driver.unmount(force);
    if (!force) {
      try {
        driver.awaitUnmounted();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while unmounting", e);
      }
    }
    vfs.close();
  }
}

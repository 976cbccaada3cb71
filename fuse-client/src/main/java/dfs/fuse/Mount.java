package dfs.fuse;

import dfs.client.block.BlockStore;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.MetadataSession;
import dfs.fuse.driver.kernel.KernelDriver;
import dfs.fuse.driver.kernel.MountOptions;
import dfs.fuse.vfs.VolumeVfs;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.file.Path;

/** A mounted volume: a session's files, served to the kernel. */
public final class Mount {
  private final KernelDriver driver;
  private final OpenFiles files;

  private Mount(KernelDriver driver, OpenFiles files) {
    this.driver = driver;
    this.files = files;
  }

  /**
   * Mounts the volume of a session; files can be used when this returns. The session must hear
   * nobody else yet, and stays the caller's to close, after the mount.
   *
   * @param source what /proc/mounts shows as the device
   */
  public static Mount start(
      Path mountPoint, String source, MetadataSession session, BlockStore blocks, Time time)
      throws IOException {
    OpenFiles files = new OpenFiles(session, blocks, time);
    VolumeVfs vfs = new VolumeVfs(session, files);
    return new Mount(KernelDriver.mount(vfs, new MountOptions(mountPoint, source)), files);
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
   * Writes everything back and takes the mount away.
   *
   * @param force also when it is in use: who uses it gets errors from now on
   * @throws IOException when it is busy, and nothing but the flush has happened; or when something
   *     could not be written, and the mount is gone
   */
  public void close(boolean force) throws IOException {
    if (!force) {
      files.syncAll();
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
    files.close();
  }
}

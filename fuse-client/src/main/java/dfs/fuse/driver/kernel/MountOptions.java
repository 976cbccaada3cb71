package dfs.fuse.driver.kernel;

import java.nio.file.Path;

/**
 * How to mount.
 *
 * @param mountPoint an existing directory
 * @param source what {@code /proc/mounts} shows as the device
 */
public record MountOptions(Path mountPoint, String source) {
  public MountOptions {
    mountPoint = mountPoint.toAbsolutePath().normalize();
    if (source.isEmpty() || source.indexOf(',') >= 0) {
      throw new IllegalArgumentException("mount source \"" + source + "\"");
    }
  }
}

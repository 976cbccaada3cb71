package dfs.system;

import java.nio.file.Path;

/**
 * An ext4 file system of its own in a file, mounted over a directory. Needs root.
 *
 * @param scratch has the image
 * @param at the directory, made if missing
 */
record LoopDisk(Path scratch, String name, Path at) {
  static LoopDisk make(Path scratch, String name, Path at, int mebibytes) throws Exception {
    Shell.run(
        scratch,
        "mkdir -p %1$s; truncate -s %2$dM %3$s.image; mkfs.ext4 -q -F %3$s.image; mount -o loop %3$s.image %1$s"
            .formatted(at, mebibytes, name));
    return new LoopDisk(scratch, name, at);
  }

  /** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: from now on all of it is EIO. */
  void shutDown() throws Exception {
    Shell.run(
        scratch,
        "python3 -c \"import fcntl, os, struct; fcntl.ioctl(os.open('%s', os.O_RDONLY), 0x8004587d, struct.pack('I', 2))\""
            .formatted(at));
  }

  void unmount() throws Exception {
    Shell.quietly("umount", "-l", at.toString());
  }
}

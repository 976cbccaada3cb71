package dfs.fuse.driver.kernel;

import dfs.fuse.nativecalls.DescriptorPassing;
import dfs.fuse.nativecalls.Libc;
import dfs.fuse.nativecalls.SystemCallException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a /dev/fuse connection onto a directory and takes it away: mount(2) as root, fusermount3
 * otherwise.
 */
final class MountPoint {
  private static final Logger LOG = LoggerFactory.getLogger(MountPoint.class);
  private static final String DEVICE = "/dev/fuse";
  private static final String READ_AHEAD_KIB = "1024";
  private static final int MOUNTINFO_DEVICE = 2;
  private static final int MOUNTINFO_PATH = 4;
  private static final int S_IFDIR = 0040000;

  private final Path path;
  private final boolean root;
  private final int descriptor;

  private MountPoint(Path path, boolean root, int descriptor) {
    this.path = path;
    this.root = root;
    this.descriptor = descriptor;
  }

  /** Mounts; a dead mount that a killed client left there is taken away first. */
  static MountPoint mount(MountOptions options) throws IOException {
    Path path = options.mountPoint();
    boolean root = Libc.geteuid() == 0;
    removeDead(path, root);
    if (!Files.isDirectory(path)) {
      throw new IOException(path + " is not a directory: create it first");
    }
    return root ? asRoot(path, options.source()) : asUser(path, options.source());
  }

  private static MountPoint asRoot(Path path, String source) throws IOException {
    int descriptor = Libc.open(DEVICE, Libc.O_RDWR);
    try {
      String data =
          "fd=%d,rootmode=%o,user_id=0,group_id=0,default_permissions,allow_other"
              .formatted(descriptor, S_IFDIR);
      Libc.mount(source, path.toString(), "fuse.dfs", Libc.MS_NOSUID | Libc.MS_NODEV, data);
    } catch (IOException e) {
      Libc.close(descriptor);
      throw e;
    }
    return new MountPoint(path, true, descriptor);
  }

  private static MountPoint asUser(Path path, String source) throws IOException {
    String options = "rw,nosuid,nodev,default_permissions,subtype=dfs,fsname=" + source;
    int descriptor =
        DescriptorPassing.run(
            List.of("fusermount3", "-o", options, "--", path.toString()), "_FUSE_COMMFD");
    return new MountPoint(path, false, descriptor);
  }

  /** A mount whose server is gone answers ENOTCONN; nothing can be lost by removing it. */
  private static void removeDead(Path path, boolean root) throws IOException {
    try {
      int descriptor = Libc.open(path.toString(), 0);
      Libc.close(descriptor);
    } catch (SystemCallException e) {
      if (e.errno() == Libc.ENOTCONN) {
        LOG.info("removing the dead mount at {}", path);
        unmount(path, root, true);
      }
    }
  }

  int descriptor() {
    return descriptor;
  }

  Path path() {
    return path;
  }

  /** The kernel reads 128 KiB ahead unless told otherwise, which only root may. */
  void raiseReadAhead() {
    if (!root) {
      return;
    }
    try {
      for (String line :
          Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1)) {
        List<String> fields = List.of(line.split(" ", -1));
        if (fields.get(MOUNTINFO_PATH).equals(path.toString().replace(" ", "\\040"))) {
          Path setting = Path.of("/sys/class/bdi", fields.get(MOUNTINFO_DEVICE), "read_ahead_kb");
          Files.writeString(setting, READ_AHEAD_KIB);
        }
      }
    } catch (IOException e) {
      LOG.info("read-ahead stays at the kernel's default: {}", e.getMessage());
    }
  }

  /**
   * Takes the mount away.
   *
   * @param detach also when files on it are in use: it vanishes from the tree now and for its users
   *     when they let go
   * @throws IOException when it is busy
   */
  void unmount(boolean detach) throws IOException {
    unmount(path, root, detach);
  }

  private static void unmount(Path path, boolean root, boolean detach) throws IOException {
    if (root) {
      Libc.umount2(path.toString(), detach ? Libc.MNT_DETACH : 0);
      return;
    }
    List<String> command =
        detach
            ? List.of("fusermount3", "-u", "-z", "--", path.toString())
            : List.of("fusermount3", "-u", "--", path.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(said.strip());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while unmounting " + path, e);
    }
  }
}

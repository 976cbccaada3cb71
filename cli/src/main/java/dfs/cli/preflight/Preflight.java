package dfs.cli.preflight;

import dfs.cli.data.DataDirectory;
import dfs.cli.preflight.MountTable.Mount;
import dfs.fuse.nativecalls.Libc;
import dfs.fuse.nativecalls.SystemCallException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Asks for everything that a start needs and changes nothing, so that a person hears of all that is
 * missing at once and a refused start leaves no trace. What is asked may change before it is used:
 * the start itself reports it then.
 */
public final class Preflight {
  private static final int PORT_MAX = 65_535;

  private final Surroundings here;
  private final List<Problem> problems = new ArrayList<>();

  /**
   * What is to be started.
   *
   * @param mountPoint where to mount, if at all
   * @param port TCP port of the metadata server on the loopback interface, if any
   */
  public record Request(DataDirectory data, Optional<Path> mountPoint, Optional<Integer> port) {
    public Request {
      mountPoint = mountPoint.map(path -> path.toAbsolutePath().normalize());
    }
  }

  private Preflight(Surroundings here) {
    this.here = here;
  }

  /** All that is in the way; empty if nothing is. */
  public static List<Problem> check(Request request, Surroundings here) throws IOException {
    Preflight preflight = new Preflight(here);
    MountTable table = MountTable.read(here.mountInfo());
    if (request.mountPoint().isPresent()) {
      preflight.fuse();
      preflight.mountPoint(request.mountPoint().get(), table);
      preflight.apart(request.data().root(), request.mountPoint().get());
    }
    preflight.data(request.data(), table);
    request.port().ifPresent(preflight::port);
    return List.copyOf(preflight.problems);
  }

  private void problem(Object subject, String reason, String remedy) {
    problems.add(new Problem(String.valueOf(subject), reason, remedy));
  }

  private void fuse() {
    Path device = here.fuseDevice();
    if (!Files.exists(device)) {
      problem(
          device,
          "does not exist",
          "load the kernel module with: modprobe fuse (start a container with --device /dev/fuse"
              + " --cap-add SYS_ADMIN), or use --no-mount");
    } else {
      try {
        // That it can be opened is the answer: permission bits do not tell of a container's rules.
        FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE).close();
      } catch (IOException e) {
        problem(
            device,
            "cannot be opened: " + reason(e),
            "make it accessible with: chmod 666 /dev/fuse (start a container with --device"
                + " /dev/fuse), or use --no-mount");
      }
    }
    if (here.root()) {
      if (!here.mayMount()) {
        problem(
            "mount",
            "this root may not mount",
            "give it CAP_SYS_ADMIN (start a container with --cap-add SYS_ADMIN), or use"
                + " --no-mount");
      }
    } else if (here.searchPath().stream()
        .noneMatch(directory -> Files.isExecutable(directory.resolve("fusermount3")))) {
      problem(
          "fusermount3",
          "is not installed, and an ordinary user needs it to mount",
          "install it with: apt install fuse3, or use --no-mount");
    }
  }

  private static String reason(IOException e) {
    return e instanceof AccessDeniedException
        ? "permission denied"
        : e instanceof FileSystemException f && f.getReason() != null
            ? f.getReason()
            : String.valueOf(e.getMessage());
  }

  private void mountPoint(Path path, MountTable table) throws IOException {
    Optional<Mount> mounted = table.at(path);
    if (mounted.isPresent()) {
      if (!mounted.get().isDfs() || !isDead(path)) {
        problem(
            path,
            "has a file system of type " + mounted.get().type() + " mounted on it",
            "unmount it with: umount " + path + ", or choose another mount point");
      }
      return;
    }
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      creatable(path, "the mount point");
    } else if (!Files.isDirectory(path)) {
      problem(path, "is not a directory", "choose an empty directory to mount on");
    } else if (!Files.isReadable(path)) {
      problem(path, "cannot be read", "choose a mount point of your own");
    } else if (!isEmpty(path)) {
      problem(
          path,
          "is not empty: mounting would hide what is in it",
          "choose an empty directory to mount on, or one that does not exist yet");
    } else if (!Files.isWritable(path)) {
      problem(
          path,
          "is not writable for you, and an ordinary user mounts only on what is",
          "choose a mount point of your own");
    }
  }

  /** A dead mount of ours is in nobody's way: mounting takes it away first. */
  private static boolean isDead(Path path) {
    try {
      Libc.close(Libc.open(path.toString(), 0));
      return false;
    } catch (SystemCallException e) {
      return e.errno() == Libc.ENOTCONN;
    }
  }

  private static boolean isEmpty(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.findAny().isEmpty();
    }
  }

  private void creatable(Path path, String what) {
    Path ancestor = existingAncestor(path);
    if (!Files.isDirectory(ancestor)) {
      problem(
          path,
          what + " cannot be made: " + ancestor + " is not a directory",
          "choose another place");
    } else if (!Files.isWritable(ancestor)) {
      problem(
          path,
          what + " cannot be made: " + ancestor + " is not writable for you",
          "make it as root and give it to yourself with: install -d -o $(id -un) "
              + path
              + ", or choose another place");
    }
  }

  /** The nearest of its ancestors, or it itself, that exists. */
  private static Path existingAncestor(Path path) {
    Path ancestor = path;
    while (!Files.exists(ancestor) && ancestor.getParent() != null) {
      ancestor = ancestor.getParent();
    }
    return ancestor;
  }

  private void apart(Path data, Path mountPoint) throws IOException {
    Path realData = real(data);
    Path realMount = real(mountPoint);
    if (realData.startsWith(realMount)) {
      problem(
          data,
          "lies below the mount point "
              + mountPoint
              + ": the file system would be stored in itself",
          "choose another data directory with --data, or another mount point");
    } else if (realMount.startsWith(realData)) {
      problem(
          mountPoint,
          "lies in the data directory " + data,
          "choose another mount point, or another data directory with --data");
    }
  }

  /** Without symbolic links, as far as it exists. A mount itself is not entered: it may be dead. */
  private static Path real(Path path) throws IOException {
    Path parent = path.getParent();
    if (parent == null) {
      return path;
    }
    Path ancestor = existingAncestor(parent);
    return ancestor.toRealPath().resolve(ancestor.relativize(path));
  }

  private void data(DataDirectory data, MountTable table) throws IOException {
    Path root = data.root();
    if (!data.isShortEnough()) {
      problem(
          root,
          "is too long a path for the sockets in it",
          "choose a data directory of at most 80 bytes with --data");
    }
    if (Files.exists(root) && !Files.isDirectory(root)) {
      problem(root, "is not a directory", "choose another data directory with --data");
      return;
    }
    Path ancestor = existingAncestor(root);
    Optional<Mount> below = table.of(ancestor.toRealPath());
    if (below.isPresent() && below.get().readOnly()) {
      problem(
          root,
          "lies on a file system that is mounted read-only (" + below.get().path() + ")",
          "make it writable with: mount -o remount,rw "
              + below.get().path()
              + ", or choose another data directory with --data");
    } else if (!ancestor.equals(root)) {
      creatable(root, "the data directory");
    } else if (!Files.isWritable(root) || !Files.isExecutable(root)) {
      problem(
          root,
          "is not writable for you",
          "give it to yourself as root with: chown $(id -un) "
              + root
              + ", or choose another data directory with --data");
    } else if (data.isForeign()) {
      problem(
          root,
          "has files in it that are not of dfs",
          "choose an empty data directory with --data, or one that does not exist yet");
    } else if (data.hasLostKey()) {
      problem(
          data.clusterKey(),
          "is missing, and " + root + " has data that belongs to it",
          "restore it from a backup, or choose another data directory with --data");
    }
    if (below.isPresent() && below.get().isRemote()) {
      problem(
          root,
          "lies on a file system of type " + below.get().type() + " (" + below.get().path() + ")",
          "choose a data directory on a local disk with --data: flushes and locks must be real");
    }
  }

  /** What is wrong with a port on any machine. */
  public static Optional<Problem> noSuchPort(int port) {
    return port < 1 || port > PORT_MAX
        ? Optional.of(
            new Problem(
                "port " + port, "there is no such port", "choose one from 1 to " + PORT_MAX))
        : Optional.empty();
  }

  private void port(int port) {
    Optional<Problem> impossible = noSuchPort(port);
    if (impossible.isPresent()) {
      problems.add(impossible.get());
      return;
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (IOException e) {
      problem(
          "port " + port,
          "cannot be used: " + e.getMessage(),
          "choose another with --port, or find who has it with: ss -ltnp 'sport = :" + port + "'");
    }
  }
}

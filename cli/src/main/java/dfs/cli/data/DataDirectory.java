package dfs.cli.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The data directory: where everything lies.
 *
 * <pre>
 *   lock                who runs here ({@link DirectoryLock})
 *   cluster.key         32 random bytes in hexadecimal, 0600 ({@link ClusterKeyFile})
 *   metadata/           the metadata server's
 *   chunk/              the chunk server's
 *   mount/NAME/         session of the mount at one mount point
 *   run/                pid, metadata.pid, chunk.pid, mount-NAME.pid; metadata.sock, chunk.sock;
 *                       addresses
 *   log/                dfs.log and its predecessors, one set for each kind of process
 * </pre>
 *
 * Others may reach the sockets, which know who they are, and nothing else.
 *
 * @param root absolute and normal
 */
public record DataDirectory(Path root) {
  /** Longest path of a Unix socket: sockaddr_un has 108 bytes with the 0 at the end. */
  private static final int SOCKET_PATH_BYTES_MAX = 107;

  private static final Set<String> OWN_NAMES =
      Set.of("lock", "run", "log", "metadata", "chunk", "mount", "cluster.key.new", "lost+found");
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> REACHABLE =
      PosixFilePermissions.fromString("rwxr-xr-x");

  public DataDirectory {
    root = root.toAbsolutePath().normalize();
  }

  public Path lock() {
    return root.resolve("lock");
  }

  public Path clusterKey() {
    return root.resolve("cluster.key");
  }

  public Path metadata() {
    return root.resolve("metadata");
  }

  public Path chunk() {
    return root.resolve("chunk");
  }

  /** State of the session of the mount at this mount point. */
  public Path mountState(Path mountPoint) {
    return root.resolve("mount").resolve(mountName(mountPoint));
  }

  public Path run() {
    return root.resolve("run");
  }

  public Path log() {
    return root.resolve("log");
  }

  /** Addresses on which the processes of this directory serve, one a line. */
  public Path addresses() {
    return run().resolve("addresses");
  }

  public Path metadataSocket() {
    return run().resolve("metadata.sock");
  }

  public Path chunkSocket() {
    return run().resolve("chunk.sock");
  }

  /** A short name for a mount point, the same each time. */
  static String mountName(Path mountPoint) {
    byte[] path =
        mountPoint.toAbsolutePath().normalize().toString().getBytes(StandardCharsets.UTF_8);
    return HexFormat.of().toHexDigits(fnv(path));
  }

  /** FNV-1a of 64 bits: a name, not a secret. */
  private static long fnv(byte[] bytes) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : bytes) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return hash;
  }

  /** Whether dfs has been started here before. */
  public boolean isFormatted() {
    return Files.exists(clusterKey(), LinkOption.NOFOLLOW_LINKS);
  }

  /** Whether something lies here that is not ours. */
  public boolean isForeign() throws IOException {
    if (isFormatted() || !Files.isDirectory(root)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(root)) {
      return entries.anyMatch(entry -> !OWN_NAMES.contains(String.valueOf(entry.getFileName())));
    }
  }

  /** Whether servers have data here and the key that goes with it is gone. */
  public boolean hasLostKey() throws IOException {
    return !isFormatted() && (hasEntries(metadata()) || hasEntries(chunk()));
  }

  private static boolean hasEntries(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.findAny().isPresent();
    }
  }

  /** Whether the sockets' paths are short enough for the kernel. */
  public boolean isShortEnough() {
    return metadataSocket().toString().getBytes(StandardCharsets.UTF_8).length
        <= SOCKET_PATH_BYTES_MAX;
  }

  /** Makes what is missing of the directories. */
  public void create() throws IOException {
    directory(root, REACHABLE);
    directory(run(), REACHABLE);
    directory(log(), PRIVATE);
    directory(root.resolve("mount"), PRIVATE);
    directory(metadata(), PRIVATE);
    directory(chunk(), PRIVATE);
  }

  private static void directory(Path path, Set<PosixFilePermission> permissions)
      throws IOException {
    if (Files.isDirectory(path)) {
      return;
    }
    Files.createDirectories(path);
    Files.setPosixFilePermissions(path, permissions);
  }
}

package dfs.cli.data;

import dfs.client.volume.Entrance;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The data directory: where everything lies.
 *
 * <pre>
 *   lock                who runs here ({@link DirectoryLock})
 *   cluster.key         32 random bytes in hexadecimal, 0600 ({@link OwnKey})
 *   metadata/           the metadata server's
 *   chunk/              the chunk server's; chunk-2/, chunk-3/ those of more of them
 *   mount/NAME/         session of the mount at one mount point
 *   run/                pid, metadata.pid, chunk.pid, chunk-2.pid, mount-NAME.pid; metadata.sock,
 *                       chunk.sock, chunk-2.sock; addresses
 *   known/NAME          which directory was where ({@link KnownDirectories})
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

  /** So many chunk servers can one directory have. */
  public static final int CHUNK_SERVERS_MAX = Entrance.CHUNK_SERVERS_MAX;

  /** Every ext4 has one at its root. */
  private static final String LOST_FOUND = "lost+found";

  /** With what the names of processes begin whose chunk servers a file names. */
  static final String SERVER = "server-";

  private static final Set<String> OWN_NAMES =
      Set.of("lock", "run", "log", "known", "metadata", "mount", "cluster.key.new", LOST_FOUND);
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> REACHABLE =
      PosixFilePermissions.fromString("rwxr-xr-x");

  public DataDirectory {
    root = root.toAbsolutePath().normalize();
  }

  /** What clients use of it. */
  public Entrance entrance() {
    return new Entrance(root);
  }

  public Path lock() {
    return root.resolve("lock");
  }

  public Path clusterKey() {
    return entrance().clusterKey();
  }

  public Path metadata() {
    return root.resolve("metadata");
  }

  /**
   * What a chunk server's directory, socket, record and log are called after.
   *
   * @param number from 1 on
   */
  public static String chunkName(int number) {
    return Entrance.chunkName(number);
  }

  public Path chunk(int number) {
    return root.resolve(chunkName(number));
  }

  /** Numbers of the chunk servers that have a directory here, in order. */
  public List<Integer> chunkServers() {
    return chunkNumbers().filter(number -> Files.isDirectory(chunk(number))).boxed().toList();
  }

  private static IntStream chunkNumbers() {
    return IntStream.rangeClosed(1, CHUNK_SERVERS_MAX);
  }

  /** State of the session of the mount at this mount point. */
  public Path mountState(Path mountPoint) {
    return root.resolve("mount").resolve(mountName(mountPoint));
  }

  public Path run() {
    return entrance().run();
  }

  public Path log() {
    return root.resolve("log");
  }

  /** Addresses on which the processes of this directory serve, one a line. */
  public Path addresses() {
    return entrance().addresses();
  }

  public Path metadataSocket() {
    return entrance().metadataSocket();
  }

  public Path chunkSocket(int number) {
    return entrance().chunkSocket(number);
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
      return entries.anyMatch(entry -> !isOwn(String.valueOf(entry.getFileName())));
    }
  }

  private static boolean isOwn(String name) {
    return OWN_NAMES.contains(name)
        || chunkNumbers().anyMatch(number -> chunkName(number).equals(name));
  }

  /** Whether servers have data here and the key that goes with it is gone. */
  public boolean hasLostKey() throws IOException {
    if (isFormatted()) {
      return false;
    }
    boolean lost = hasEntries(metadata());
    for (int number : chunkServers()) {
      lost |= hasEntries(chunk(number));
    }
    return lost;
  }

  private static boolean hasEntries(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.anyMatch(entry -> !entry.endsWith(LOST_FOUND));
    }
  }

  /** Whether the sockets' paths are short enough for the kernel. */
  public boolean isShortEnough() {
    return metadataSocket().toString().getBytes(StandardCharsets.UTF_8).length
        <= SOCKET_PATH_BYTES_MAX;
  }

  /** What the files of a process with chunk servers that a file names are called after. */
  public static String serverName(String name) {
    return SERVER + name;
  }

  /** What the chunk servers of a process keep in mind. */
  public Path known(String processName) {
    return root.resolve("known").resolve(processName);
  }

  /** Makes what is missing of the directories that each process needs. */
  public void createRuntime() throws IOException {
    directory(root, REACHABLE);
    directory(run(), REACHABLE);
    directory(log(), PRIVATE);
    directory(root.resolve("known"), PRIVATE);
  }

  /** Makes what is missing of the directories that all processes of a cluster share. */
  public void create() throws IOException {
    createRuntime();
    directory(root.resolve("mount"), PRIVATE);
    directory(metadata(), PRIVATE);
  }

  /** Makes the directory of a chunk server, if it is missing. */
  public void createChunk(int number) throws IOException {
    directory(chunk(number), PRIVATE);
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

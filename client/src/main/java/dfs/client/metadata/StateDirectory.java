package dfs.client.metadata;

import dfs.protocol.seam.DiskFile;
import dfs.protocol.seam.RealDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a client remembers of its session, and the proof that it lives: a file lock, which the
 * kernel lets go when the process dies, however it dies. Who gets the lock knows that the process
 * of the remembered session is dead. The file stays also when a session ends in good order: whether
 * the server heard of that, one never knows, and to end a session twice does no harm.
 *
 * <p>File {@code session}, 32 bytes, little-endian:
 *
 * <pre>
 *   0  8  magic "dfs-ses1"
 *   8  8  session
 *  16  8  epoch
 *  24  4  0
 *  28  4  CRC32C of the bytes before
 * </pre>
 */
final class StateDirectory implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StateDirectory.class);
  private static final Path SESSION = Path.of("session");
  private static final Path FRESH = Path.of("session.new");
  private static final String LOCK = "session.lock";
  private static final int FILE_BYTES = 32;
  private static final int CHECKED_BYTES = 28;
  private static final int OWNER_BYTES_MAX = 20;
  private static final long MAGIC =
      ByteBuffer.wrap("dfs-ses1".getBytes(StandardCharsets.US_ASCII))
          .order(ByteOrder.LITTLE_ENDIAN)
          .getLong();

  /**
   * Directories that this process has. The kernel lets go of all locks that a process has on a file
   * as soon as the process closes that file once, on any descriptor: so one that is ours must not
   * even be opened again.
   */
  private static final Set<Path> TAKEN = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final RealDisk disk;
  private final FileChannel lockFile;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** A session as it was written down. */
  record Remembered(long session, long epoch) {}

  private StateDirectory(Path directory, FileChannel lockFile) {
    this.directory = directory;
    this.disk = new RealDisk(directory);
    this.lockFile = lockFile;
  }

  /** Takes the directory, made if missing; fails if a living process has it. */
  static StateDirectory take(Path path) throws IOException {
    Files.createDirectories(path);
    Path directory = path.toRealPath();
    if (!TAKEN.add(directory)) {
      throw inUse(directory, Long.toString(ProcessHandle.current().pid()));
    }
    FileChannel lockFile = null;
    try {
      lockFile = lock(directory);
      return new StateDirectory(directory, lockFile);
    } finally {
      if (lockFile == null) {
        TAKEN.remove(directory);
      }
    }
  }

  private static IOException inUse(Path directory, String process) {
    return new IOException("state directory " + directory + " is in use by process " + process);
  }

  /** The lock file, locked, with our process number for those who come too late. */
  private static FileChannel lock(Path directory) throws IOException {
    FileChannel channel =
        FileChannel.open(
            directory.resolve(LOCK),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    boolean locked = false;
    try {
      FileLock lock = channel.tryLock();
      if (lock == null) {
        throw inUse(directory, owner(channel));
      }
      byte[] process =
          Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII);
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(process), 0);
      locked = true;
      return channel;
    } finally {
      if (!locked) {
        channel.close();
      }
    }
  }

  private static String owner(FileChannel channel) throws IOException {
    ByteBuffer owner = ByteBuffer.allocate(OWNER_BYTES_MAX);
    channel.read(owner, 0);
    return new String(owner.array(), 0, owner.position(), StandardCharsets.US_ASCII);
  }

  /** The session of the process that had this directory before, if it did not end in good order. */
  Optional<Remembered> remembered() throws IOException {
    if (!disk.exists(SESSION)) {
      return Optional.empty();
    }
    ByteBuffer bytes = ByteBuffer.allocate(FILE_BYTES + 1).order(ByteOrder.LITTLE_ENDIAN);
    try (DiskFile file = disk.open(SESSION, false)) {
      while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {}
    }
    bytes.flip();
    if (bytes.remaining() != FILE_BYTES
        || bytes.getLong(0) != MAGIC
        || bytes.getInt(CHECKED_BYTES) != checksum(bytes)) {
      // Its session ends by itself when its time is over: slower, and as safe.
      LOG.warn("the session file is damaged: the session before this one is not known");
      return Optional.empty();
    }
    return Optional.of(new Remembered(bytes.getLong(8), bytes.getLong(16)));
  }

  /** Writes down the present session, durably. */
  void remember(long session, long epoch) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(FILE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(0, MAGIC).putLong(8, session).putLong(16, epoch);
    bytes.putInt(CHECKED_BYTES, checksum(bytes));
    try (DiskFile file = disk.open(FRESH, true)) {
      file.truncate(0);
      file.write(bytes, 0);
      file.sync(true);
    }
    disk.rename(FRESH, SESSION);
    disk.syncDirectory(Path.of(""));
  }

  private static int checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(0, CHECKED_BYTES));
    return (int) crc.getValue();
  }

  /** Lets go of the directory. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      // Somebody else may have it by now.
      return;
    }
    try {
      lockFile.close();
    } catch (IOException e) {
      LOG.warn("the lock of a state directory could not be closed", e);
    } finally {
      TAKEN.remove(directory);
    }
  }
}

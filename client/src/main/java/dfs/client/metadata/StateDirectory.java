package dfs.client.metadata;

import dfs.protocol.seam.DiskFile;
import dfs.protocol.seam.RealDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a client remembers of its session, and the proof that it lives: a file lock, which the
 * kernel lets go when the process dies, however it dies. Who gets the lock knows that the process
 * of the remembered session is dead.
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

  private final RealDisk disk;
  private final FileChannel lockFile;

  /** A session as it was written down. */
  record Remembered(long session, long epoch) {}

  private StateDirectory(Path directory, FileChannel lockFile) {
    this.disk = new RealDisk(directory);
    this.lockFile = lockFile;
  }

  /** Takes the directory, made if missing; fails if a living process has it. */
  static StateDirectory take(Path directory) throws IOException {
    Files.createDirectories(directory);
    FileChannel channel =
        FileChannel.open(
            directory.resolve(LOCK),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    boolean taken = false;
    try {
      if (!lock(channel)) {
        throw new IOException(
            "state directory " + directory + " is in use by process " + owner(channel));
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)),
          0);
      taken = true;
      return new StateDirectory(directory, channel);
    } finally {
      if (!taken) {
        channel.close();
      }
    }
  }

  private static boolean lock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
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

  /** The session ended in good order: there is nothing to replace. */
  void forget() throws IOException {
    disk.delete(SESSION);
  }

  /** Lets go of the directory. */
  @Override
  public void close() throws IOException {
    lockFile.close();
  }
}

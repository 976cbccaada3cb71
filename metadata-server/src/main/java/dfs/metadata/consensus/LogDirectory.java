package dfs.metadata.consensus;

import com.google.protobuf.ByteString;
import dfs.protocol.seam.Disk;
import dfs.protocol.wire.RecordCodec;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The directory of one log, held by one process at a time.
 *
 * <pre>
 *   lock        held while a process has the log
 *   formatting  there while the directory is being made; what lies beside it is nothing yet
 *   identity    cluster and node, written last when the directory is made
 *   vote        term and vote
 *   mark        how far the log reached
 *   ballast     space that can be given up
 *   log/        the entries, a RocksDB
 *   snapshot/   how far the state itself is enough
 * </pre>
 */
final class LogDirectory implements AutoCloseable {
  static final String REMEDY =
      "this server would forget what it acknowledged and does not start: put the file back, or wipe"
          + " the directories of its log and its store and let it join again under a new identity"
          + " (the only server of a volume: 'dfs rescue')";
  static final Path IDENTITY = Path.of("identity");
  static final Path LOG = Path.of("log");
  static final Path SNAPSHOT = Path.of("snapshot");
  private static final Path LOCK = Path.of("lock");
  private static final Path FORMATTING = Path.of("formatting");
  private static final RecordCodec<Identity> CODEC = RecordCodec.of(Identity.class);
  private static final int ID_BYTES = 16;
  private static final List<Path> CONTENTS =
      List.of(VoteFile.NAME, HighWaterMark.NAME, LOG, SNAPSHOT, SpaceAlarm.BALLAST);

  /** Whose log this is: {@value #ID_BYTES} random bytes each. */
  public record Identity(ByteString cluster, ByteString node) {}

  private final Path root;
  private final Disk disk;
  private final FileChannel lock;
  private final Identity identity;
  private final boolean fresh;

  private LogDirectory(Path root, Disk disk, FileChannel lock, Identity identity, boolean fresh) {
    this.root = root;
    this.disk = disk;
    this.lock = lock;
    this.identity = identity;
    this.fresh = fresh;
  }

  /** Takes the directory; makes a new log if there is nothing in it. */
  static LogDirectory open(Path root, Disk disk, RandomGenerator random) throws IOException {
    Files.createDirectories(root);
    FileChannel lock = lock(root);
    try {
      @Nullable Identity known = identity(disk);
      if (known != null) {
        disk.delete(FORMATTING);
        return new LogDirectory(root, disk, lock, known, false);
      }
      for (Path left : CONTENTS) {
        delete(root.resolve(left));
      }
      disk.open(FORMATTING, true).close();
      disk.syncDirectory(Path.of(""));
      Identity made = new Identity(randomId(random), randomId(random));
      return new LogDirectory(root, disk, lock, made, true);
    } catch (IOException | RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  private static FileChannel lock(Path root) throws IOException {
    FileChannel channel =
        FileChannel.open(root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    @Nullable FileLock held;
    try {
      held = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      held = null;
    }
    if (held == null) {
      channel.close();
      throw new IOException("another process has the log in " + root + " open");
    }
    return channel;
  }

  private static @Nullable Identity identity(Disk disk) throws IOException {
    if (disk.exists(IDENTITY)) {
      return CheckedFile.read(disk, IDENTITY, CODEC, REMEDY);
    }
    if (!disk.exists(FORMATTING)) {
      for (Path content : CONTENTS) {
        if (disk.exists(content)) {
          throw new DamagedLogException(
              "the file identity is missing, but there is " + content + "; " + REMEDY);
        }
      }
    }
    return null;
  }

  private static void delete(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(path)) {
      for (Path each : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  private static ByteString randomId(RandomGenerator random) {
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    return ByteString.copyFrom(id);
  }

  /** From now on the directory is a log; what is in it must not get lost. */
  void keep() throws IOException {
    CheckedFile.write(disk, IDENTITY, CODEC, identity);
    disk.delete(FORMATTING);
  }

  /** Whether the directory was empty. */
  boolean fresh() {
    return fresh;
  }

  Identity identity() {
    return identity;
  }

  Path root() {
    return root;
  }

  Disk disk() {
    return disk;
  }

  /** Bytes of the files of the log's store. */
  long logBytes() throws IOException {
    long bytes = 0;
    for (String name : disk.list(LOG)) {
      Path file = root.resolve(LOG).resolve(name);
      // A file may go while we look: the store deletes what is obsolete.
      bytes += Files.exists(file) ? file.toFile().length() : 0;
    }
    return bytes;
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}

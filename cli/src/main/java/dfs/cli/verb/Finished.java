package dfs.cli.verb;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Which files of a tree were copied whole, and from which version of their source: kept while the
 * tree is copied, in a file in the directory that all goes to, so that the next run need not read
 * them again. It goes when the copying has ended. Any thread may add and ask; one ends it.
 *
 * <pre>
 *   .dfs-part-done-TOP-RANDOM, records of 16 bytes:
 *     COPY    8 bytes of the SHA-256 of the name below the top, and of inode number, size
 *             and mtime of the copy
 *     SOURCE  8 bytes of that of inode number, size and mtime of what was copied
 *   TOP       8 bytes of that of the path of the directory that is copied, in 16 digits
 * </pre>
 *
 * What is said here of a file holds as long as nobody has changed it: a copy that was written to or
 * replaced is another one. What is not said here has to be compared.
 */
final class Finished {
  /** What is known of a file that is there. */
  enum Verdict {
    /** Nothing. */
    UNKNOWN,
    /** It is a copy of the source as it is. */
    SAME,
    /** It is a copy of the source as it was. */
    OUTDATED
  }

  private static final String PREFIX = Leftovers.PREFIX + "done-";
  private static final int RECORD_BYTES = 16;

  /** More are not remembered, and are compared: 32 MiB of memory. */
  private static final int RECORDS_MAX = (1 << 20) - 2;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path path;
  private final List<Path> earlier;

  /** Open addressing, half full at most: a copy and its source behind it; 0 is no copy. */
  private final long[] known;

  /** Over what is below. */
  private final ReentrantLock lock = new ReentrantLock();

  private @Nullable IOException failure;
  private @Nullable FileChannel channel;

  private Finished(Path path, List<Path> earlier, long[] known) {
    this.path = path;
    this.earlier = earlier;
    this.known = known;
    try {
      channel =
          FileChannel.open(
              path,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              FileCopy.permissions(0600));
    } catch (IOException e) {
      failure = e;
    }
  }

  /** Whether a directory is what another one was copied to when that was cut. */
  static boolean isOf(Path source, Path directory) throws IOException {
    return !Leftovers.in(directory).beginning(prefix(source)).isEmpty();
  }

  private static String prefix(Path source) {
    byte[] path = ByteText.bytes(ByteText.of(source.toAbsolutePath().normalize()));
    return PREFIX + HexFormat.of().toHexDigits(hash(path)) + "-";
  }

  /**
   * Begins a record; what earlier runs recorded is known if it is among the leftovers.
   *
   * @param source the directory that is copied
   */
  static Finished in(Path directory, Leftovers left, Path source) throws IOException {
    List<Path> earlier = left.beginning(prefix(source));
    long records = 0;
    for (Path file : earlier) {
      records += Files.size(file) / RECORD_BYTES;
    }
    int kept = (int) Math.min(records, RECORDS_MAX);
    long[] known = new long[8 * Integer.highestOneBit(kept + 1)];
    for (Path file : earlier) {
      kept -= load(file, known, kept);
    }
    String random = HexFormat.of().toHexDigits(RANDOM.nextLong());
    return new Finished(directory.resolve(prefix(source) + random), earlier, known);
  }

  private static int load(Path file, long[] known, int most) throws IOException {
    byte[] record = new byte[RECORD_BYTES];
    int loaded = 0;
    try (InputStream in = Files.newInputStream(file)) {
      while (loaded < most && in.readNBytes(record, 0, RECORD_BYTES) == RECORD_BYTES) {
        ByteBuffer numbers = ByteBuffer.wrap(record);
        long copy = numbers.getLong();
        if (copy != 0) {
          // The last that was said counts.
          int slot = slot(known, copy);
          known[slot] = copy;
          known[slot + 1] = numbers.getLong();
          loaded++;
        }
      }
    }
    return loaded;
  }

  /** Where a copy stands, or would. */
  private static int slot(long[] known, long copy) {
    int slot = ((int) copy << 1) & (known.length - 1);
    while (known[slot] != 0 && known[slot] != copy) {
      slot = (slot + 2) & (known.length - 1);
    }
    return slot;
  }

  /**
   * What earlier runs recorded.
   *
   * @param name below the top
   * @param copy what is there
   */
  Verdict of(String name, Stat copy, Stat source) {
    long key = key(name, copy);
    int slot = slot(known, key);
    if (known[slot] != key) {
      return Verdict.UNKNOWN;
    }
    return known[slot + 1] == version(source) ? Verdict.SAME : Verdict.OUTDATED;
  }

  /**
   * A file is there, under its name. What cannot be written down is told at the end: nothing but
   * time is lost with it.
   */
  void add(String name, Stat copy, Stat source) {
    ByteBuffer record =
        ByteBuffer.allocate(RECORD_BYTES).putLong(key(name, copy)).putLong(version(source)).flip();
    lock.lock();
    try {
      while (channel != null && failure == null && record.hasRemaining()) {
        channel.write(record);
      }
    } catch (IOException e) {
      failure = e;
    } finally {
      lock.unlock();
    }
  }

  /** The copying has ended; why not all was written down, if it was not. */
  @Nullable IOException end() throws IOException {
    FileChannel out = channel;
    if (out != null) {
      channel = null;
      out.close();
    }
    return failure;
  }

  /** There is nothing to go on with. */
  void delete() throws IOException {
    List<Path> all = new ArrayList<>(earlier);
    all.add(path);
    for (Path file : all) {
      Files.deleteIfExists(file);
    }
  }

  private static long key(String name, Stat copy) {
    byte[] bytes = ByteText.bytes(name);
    ByteBuffer text =
        ByteBuffer.allocate(bytes.length + 3 * Long.BYTES)
            .put(bytes)
            .putLong(copy.ino())
            .putLong(copy.sizeBytes())
            .putLong(copy.modified().to(TimeUnit.NANOSECONDS));
    return Math.max(1, hash(text.array()) >>> 1);
  }

  private static long version(Stat source) {
    ByteBuffer text =
        ByteBuffer.allocate(3 * Long.BYTES)
            .putLong(source.ino())
            .putLong(source.sizeBytes())
            .putLong(source.modified().to(TimeUnit.NANOSECONDS));
    return hash(text.array());
  }

  private static long hash(byte[] text) {
    try {
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(text)).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}

package dfs.cli.verb;

import dfs.client.volume.Credentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where a file is written before it has its name: beside it, under a name that knows which version
 * of the source it is of.
 *
 * <pre>
 *   .dfs-part-HASH-SIZE-MTIME-SOURCE-RANDOM
 *     HASH    of the final name, 16 digits
 *     SIZE    of the source, bytes
 *     MTIME   of the source, nanoseconds since 1970
 *     SOURCE  of its path and inode number, 16 digits
 *     RANDOM  16 digits: each run has a name of its own
 * </pre>
 */
final class PartFile {
  private static final SecureRandom RANDOM = new SecureRandom();

  private static final Set<OpenOption> CREATE =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  private static final Set<OpenOption> GO_ON =
      Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);

  /** What its owner may do with it while it is written, whatever it is going to be. */
  static final int OWNERS = 0600;

  private final Path path;

  /** What an earlier run left. */
  private final @Nullable Stat left;

  private final boolean outdated;

  private PartFile(Path path, @Nullable Stat left, boolean outdated) {
    this.path = path;
    this.left = left;
    this.outdated = outdated;
  }

  Path path() {
    return path;
  }

  /** Whether there was one of another version of the source. */
  boolean isOutdated() {
    return outdated;
  }

  /** A new one. */
  static PartFile fresh(Path target, Path from, Stat source) {
    return new PartFile(place(target, version(from, source)), null, false);
  }

  /**
   * What an earlier run left, under a new name, so that nobody else goes on with it; a new one if
   * there is none. What is of another version, or of another source, is deleted.
   *
   * @param from where the source lies
   * @param left in the directory of the target
   * @param owned whether it may belong to the owner of the source, for root
   */
  static PartFile continued(Path target, Path from, Stat source, Leftovers left, boolean owned)
      throws IOException {
    String version = version(from, source);
    Path best = null;
    boolean outdated = false;
    String prefix = prefix(target);
    for (Path entry : owned ? left.beginning(prefix, source.uid()) : left.beginning(prefix)) {
      if (ByteText.nameOf(entry).startsWith(prefix + version)) {
        best = longer(best, entry);
      } else {
        outdated = true;
        Files.deleteIfExists(entry);
      }
    }
    Path path = place(target, version);
    if (best == null) {
      return new PartFile(path, null, outdated);
    }
    try {
      Files.move(best, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      // Another run goes on with it.
      return new PartFile(path, null, false);
    }
    Stat stat = Leftovers.single(path);
    int self = Credentials.ofThisProcess().uid();
    if (stat == null || (stat.uid() != self && !(owned && stat.uid() == source.uid()))) {
      // Somebody who may write the directory has changed it since it was listed.
      return new PartFile(place(target, version), null, false);
    }
    return new PartFile(path, stat, false);
  }

  /**
   * Opens it to be written, at its end; what an earlier run has closed to its owner is opened.
   *
   * @param mode of what is to be made, before the umask
   * @throws RefusedException if something else lies there by now
   */
  FileChannel open(int mode) throws IOException {
    Stat before = left;
    if (before == null) {
      return FileChannel.open(path, CREATE, FileCopy.permissions(mode | OWNERS));
    }
    check(before);
    if ((before.permissions() & OWNERS) != OWNERS) {
      Files.setAttribute(
          path, "unix:mode", before.permissions() | OWNERS, LinkOption.NOFOLLOW_LINKS);
    }
    FileChannel channel = FileChannel.open(path, GO_ON);
    try {
      check(before);
      return channel.position(channel.size());
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void check(Stat before) throws IOException {
    Stat now = Leftovers.single(path);
    if (now == null || !now.isSame(before) || now.uid() != before.uid()) {
      throw new RefusedException("the part of it that is here is another file by now");
    }
  }

  private static @Nullable Path longer(@Nullable Path best, Path entry) throws IOException {
    try {
      return best == null || Files.size(entry) > Files.size(best) ? entry : best;
    } catch (NoSuchFileException e) {
      // Another run goes on with it.
      return best;
    }
  }

  private static Path place(Path target, String version) {
    String random = HexFormat.of().toHexDigits(RANDOM.nextLong());
    return target.resolveSibling(prefix(target) + version + random);
  }

  private static String prefix(Path target) {
    return Leftovers.PREFIX
        + HexFormat.of().toHexDigits(hash(ByteText.bytes(ByteText.nameOf(target))))
        + "-";
  }

  private static String version(Path from, Stat source) {
    byte[] path = ByteText.bytes(ByteText.of(from.toAbsolutePath().normalize()));
    byte[] both =
        ByteBuffer.allocate(path.length + Long.BYTES).put(path).putLong(source.ino()).array();
    return "%d-%d-%s-"
        .formatted(
            source.sizeBytes(),
            source.modified().to(TimeUnit.NANOSECONDS),
            HexFormat.of().toHexDigits(hash(both)));
  }

  /** FNV-1a of 64 bits: a name, not a secret. */
  private static long hash(byte[] bytes) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : bytes) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return hash;
  }
}

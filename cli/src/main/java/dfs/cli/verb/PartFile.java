package dfs.cli.verb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.HexFormat;
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

  private final Path path;
  private final boolean continued;
  private final boolean outdated;

  private PartFile(Path path, boolean continued, boolean outdated) {
    this.path = path;
    this.continued = continued;
    this.outdated = outdated;
  }

  Path path() {
    return path;
  }

  /** Whether it is there already, with the beginning of the source. */
  boolean isContinued() {
    return continued;
  }

  /** Whether there was one of another version of the source. */
  boolean isOutdated() {
    return outdated;
  }

  /**
   * A new one.
   *
   * @param from where the source lies
   */
  static PartFile fresh(Path target, Path from, Stat source) {
    return new PartFile(place(target, version(from, source)), false, false);
  }

  /**
   * What an earlier run left, under a new name, so that nobody else goes on with it; a new one if
   * there is none. What is of another version, or of another source, is deleted.
   *
   * @param from where the source lies
   * @param left in the directory of the target
   */
  static PartFile continued(Path target, Path from, Stat source, Leftovers left)
      throws IOException {
    String version = version(from, source);
    Path best = null;
    boolean outdated = false;
    for (Path entry : left.beginning(prefix(target))) {
      if (ByteText.nameOf(entry).startsWith(prefix(target) + version)) {
        best = longer(best, entry);
      } else {
        outdated = true;
        Files.deleteIfExists(entry);
      }
    }
    Path path = place(target, version);
    if (best == null) {
      return new PartFile(path, false, outdated);
    }
    try {
      Files.move(best, path, StandardCopyOption.ATOMIC_MOVE);
      if (!Leftovers.isOurs(path)) {
        // Somebody who may write the directory has changed it since it was listed.
        return new PartFile(place(target, version), false, false);
      }
      return new PartFile(path, true, false);
    } catch (NoSuchFileException e) {
      // Another run goes on with it.
      return new PartFile(path, false, false);
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

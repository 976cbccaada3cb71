package dfs.cli.verb;

import dfs.client.volume.Credentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where a file is written before it has its name: beside it, under a name that knows which version
 * of the source it is of. On this machine who writes it has it locked, which ends with the process:
 * nobody goes on with the part of a run that is alive. A volume keeps the locks of who was killed
 * for minutes; there, who finds that its part has another name ends.
 *
 * <pre>
 *   .dfs-part-HASH-SIZE-MTIME-SOURCE-BOOT-RANDOM
 *     HASH    of the final name, 16 digits
 *     SIZE    of the source, bytes
 *     MTIME   of the source, nanoseconds since 1970
 *     SOURCE  of its path and inode number, 16 digits
 *     BOOT    of this machine, 16 digits: the length of what was written before a power cut says
 *             nothing of its contents; 0 in a volume
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

  private static final String REPLACED = "the part of it that is here is another file by now";
  private static final String TAKEN = "another run goes on with the part of it";
  private static final String CHANGED =
      "the source has changed since: it was copied from the start";
  private static final String REBOOTED =
      "this machine was started again since: it was copied from the start";

  private static final String BOOT = boot();

  private final Path path;

  /** What an earlier run left. */
  private final @Nullable Stat left;

  /** Of that, with the lock. */
  private final @Nullable FileChannel held;

  private final @Nullable String outdated;

  /** What it was when it was opened; null: nobody asked. */
  private @Nullable Stat opened;

  private PartFile(
      Path path, @Nullable Stat left, @Nullable FileChannel held, @Nullable String outdated) {
    this.path = path;
    this.left = left;
    this.held = held;
    this.outdated = outdated;
  }

  Path path() {
    return path;
  }

  /** Why one that was left is of no use; null: there was none. */
  @Nullable String outdated() {
    return outdated;
  }

  /** Whether it is what an earlier run left. */
  boolean isContinued() {
    return left != null;
  }

  /** A new one. */
  static PartFile fresh(Path target, Path from, Stat source) {
    return fresh(target, from, source, null);
  }

  private static PartFile fresh(Path target, Path from, Stat source, @Nullable String outdated) {
    return new PartFile(
        target.resolveSibling(nameOf(target, from, source, bootOf(target))), null, null, outdated);
  }

  /**
   * What an earlier run left, under a new name, so that nobody else goes on with it; a new one if
   * there is none. What is of another version, or of another source, is deleted, unless it is just
   * being written.
   *
   * @param from where the source lies
   * @param left in the directory of the target
   * @param owned whether it may belong to the owner of the source, for root
   */
  static PartFile continued(Path target, Path from, Stat source, Leftovers left, boolean owned)
      throws IOException {
    String prefix = prefix(target);
    String version = prefix + version(from, source);
    String fit = version + bootOf(target);
    String outdated = null;
    List<Path> parts = new ArrayList<>();
    for (Path entry : owned ? left.beginning(prefix, source.uid()) : left.beginning(prefix)) {
      String name = ByteText.nameOf(entry);
      if (name.startsWith(fit)) {
        parts.add(entry);
      } else if (isDiscarded(entry)) {
        outdated = name.startsWith(version) ? REBOOTED : CHANGED;
      }
    }
    while (!parts.isEmpty()) {
      Path longest = longest(parts);
      parts.remove(longest);
      Path path = target.resolveSibling(nameOf(target, from, source, bootOf(target)));
      PartFile taken = taken(longest, path, owned ? source.uid() : self());
      if (taken != null) {
        return taken;
      }
    }
    return fresh(target, from, source, outdated);
  }

  /** The names of a file that its part has still go; whether there were any. */
  static boolean dropSecondNames(Path target, Stat file, Leftovers left) throws IOException {
    return left.dropSecondNames(prefix(target), file);
  }

  private static int self() throws IOException {
    return Credentials.ofThisProcess().uid();
  }

  private static boolean isHere(Path path) {
    return path.getFileSystem().equals(FileSystems.getDefault());
  }

  /**
   * Goes on with one; null if it is another run's, or somebody who may write the directory has
   * changed it since that was listed.
   *
   * @param other who may have it, beside the caller
   */
  private static @Nullable PartFile taken(Path entry, Path path, int other) throws IOException {
    Stat before = ours(entry, other);
    FileChannel channel = before == null || !isHere(entry) ? null : locked(entry, before);
    boolean taken = false;
    try {
      if (before == null || (channel == null && isHere(entry))) {
        return null;
      }
      Files.move(entry, path, StandardCopyOption.ATOMIC_MOVE);
      Stat now = ours(path, other);
      taken = now != null && now.isSame(before);
      return taken ? new PartFile(path, now, channel, null) : null;
    } catch (NoSuchFileException e) {
      // Another run goes on with it.
      return null;
    } finally {
      if (!taken && channel != null) {
        channel.close();
      }
    }
  }

  private static @Nullable Stat ours(Path entry, int other) throws IOException {
    Stat stat = Leftovers.single(entry);
    return stat != null && (stat.uid() == self() || stat.uid() == other) ? stat : null;
  }

  /** Deletes one of another version; false if it is another run's. */
  private static boolean isDiscarded(Path entry) throws IOException {
    if (!isHere(entry)) {
      return Files.deleteIfExists(entry);
    }
    Stat stat = Leftovers.single(entry);
    try (FileChannel channel = stat == null ? null : locked(entry, stat)) {
      return channel != null && Files.deleteIfExists(entry);
    }
  }

  /** Opens one of this machine that nobody writes; null if somebody does. */
  @SuppressWarnings("StreamResourceLeak") // the caller keeps it
  private static @Nullable FileChannel locked(Path entry, Stat stat) throws IOException {
    FileChannel channel;
    try {
      openToOwner(entry, stat.permissions(), stat.permissions() | OWNERS);
      channel = FileChannel.open(entry, GO_ON);
    } catch (NoSuchFileException e) {
      return null;
    }
    if (isLocked(channel)) {
      return channel;
    }
    channel.close();
    return null;
  }

  private static void openToOwner(Path part, int mode, int wanted) throws IOException {
    if (mode != wanted) {
      Files.setAttribute(part, "unix:mode", wanted, LinkOption.NOFOLLOW_LINKS);
    }
  }

  /** Until it is closed, or the process ends. */
  private static boolean isLocked(FileChannel channel) {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      // There are file systems that have no locks.
      return true;
    }
  }

  /**
   * Opens it to be written, at its end; what an earlier run has closed to its owner is opened.
   *
   * @param mode of what is to be made, before the umask; what was left has no more than that
   * @param watched whether {@link #check} is going to ask what it was
   * @throws RefusedException if something else lies there by now
   */
  FileChannel open(int mode, boolean watched) throws IOException {
    Stat before = left;
    return before == null ? create(mode, watched) : goOn(before, mode);
  }

  private FileChannel create(int mode, boolean watched) throws IOException {
    FileChannel channel = FileChannel.open(path, CREATE, FileCopy.permissions(mode | OWNERS));
    boolean made = false;
    try {
      if (isHere(path) && !isLocked(channel)) {
        throw new RefusedException(TAKEN);
      }
      if (watched) {
        opened = Leftovers.single(path);
        if (opened == null) {
          throw new RefusedException(REPLACED);
        }
      }
      made = true;
      return channel;
    } finally {
      if (!made) {
        channel.close();
      }
    }
  }

  private FileChannel goOn(Stat before, int mode) throws IOException {
    same(before);
    openToOwner(path, before.permissions(), (before.permissions() & mode) | OWNERS);
    FileChannel channel = held == null ? FileChannel.open(path, GO_ON) : held;
    try {
      same(before);
      opened = before;
      return channel.position(channel.size());
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private Stat same(Stat before) throws IOException {
    Stat now = Leftovers.single(path);
    if (now == null || !now.isSame(before) || now.uid() != before.uid()) {
      throw new RefusedException(REPLACED);
    }
    return now;
  }

  /**
   * What it is, which is what was opened.
   *
   * @throws RefusedException if another file has its name
   */
  Stat check() throws IOException {
    return same(Objects.requireNonNull(opened));
  }

  /**
   * Says that no other run goes on with it.
   *
   * @throws RefusedException if one does
   */
  void checkOwn() throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new RefusedException(TAKEN);
    }
  }

  private static Path longest(List<Path> parts) throws IOException {
    Path longest = parts.getFirst();
    long bytes = -1;
    for (Path part : parts) {
      Stat stat = Leftovers.single(part);
      if (stat != null && stat.sizeBytes() > bytes) {
        longest = part;
        bytes = stat.sizeBytes();
      }
    }
    return longest;
  }

  /**
   * The name of a new one.
   *
   * @param boot as it stands in there
   */
  static String nameOf(Path target, Path from, Stat source, String boot) {
    String random = HexFormat.of().toHexDigits(RANDOM.nextLong());
    return prefix(target) + version(from, source) + boot + random;
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

  private static String bootOf(Path target) {
    return isHere(target) ? BOOT : "0-";
  }

  private static String boot() {
    try {
      byte[] id = Files.readAllBytes(Path.of("/proc/sys/kernel/random/boot_id"));
      return HexFormat.of().toHexDigits(hash(id)) + "-";
    } catch (IOException e) {
      // What is left is known for one process alone.
      return HexFormat.of().toHexDigits(RANDOM.nextLong()) + "-";
    }
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

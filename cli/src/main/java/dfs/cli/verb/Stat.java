package dfs.cli.verb;

import dfs.client.nio.DfsFileView;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What stat(2) says of a file.
 *
 * @param mode type and permission bits (inode(7))
 * @param sizeBytes bytes of the contents, or of a link's target
 * @param uid unsigned
 * @param gid unsigned
 */
record Stat(
    int mode,
    long ino,
    long dev,
    long rdev,
    int links,
    int uid,
    int gid,
    long sizeBytes,
    FileTime modified,
    FileTime accessed,
    FileTime changed) {
  private static final String NAMES =
      "unix:mode,ino,dev,rdev,nlink,uid,gid,size,lastModifiedTime,lastAccessTime,ctime";
  private static final int TYPE = 0170000;
  private static final int PERMISSIONS = 07777;
  private static final String TRIPLE = "rwxrwxrwx";

  /** Of what is at a path, or of what it leads to. */
  static Stat of(Path path, boolean follow) throws IOException {
    Map<String, Object> found =
        follow
            ? Files.readAttributes(path, NAMES)
            : Files.readAttributes(path, NAMES, LinkOption.NOFOLLOW_LINKS);
    return of(found);
  }

  /**
   * Whether something is there, as far as this caller may know; unlike {@link Files#exists} it does
   * not say so of what nobody answers for.
   */
  static boolean exists(Path path, LinkOption... options) throws IOException {
    return kind(path, options) != null;
  }

  /** Whether a directory is there; the rest as {@link #exists}. */
  static boolean isDirectory(Path path) throws IOException {
    BasicFileAttributes found = kind(path);
    return found != null && found.isDirectory();
  }

  private static @Nullable BasicFileAttributes kind(Path path, LinkOption... options)
      throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, options);
    } catch (FileSystemException e) {
      return null;
    }
  }

  /**
   * Of what lies in a directory that is open, wherever its name leads by now.
   *
   * @param path of it
   * @throws RefusedException if something else is at the path
   */
  static Stat in(SecureDirectoryStream<Path> directory, Path path) throws IOException {
    Path name = Objects.requireNonNull(path.getFileName());
    LinkOption itself = LinkOption.NOFOLLOW_LINKS;
    DfsFileView view = directory.getFileAttributeView(name, DfsFileView.class, itself);
    if (view != null) {
      return of(view.unix());
    }
    // Here a stream tells what it is, and not all that is known of it.
    Map<String, Object> found = Files.readAttributes(path, NAMES + ",fileKey", itself);
    Object key =
        directory
            .getFileAttributeView(name, BasicFileAttributeView.class, itself)
            .readAttributes()
            .fileKey();
    if (!Objects.equals(key, found.get("fileKey"))) {
      throw new RefusedException("is another file by now");
    }
    return of(found);
  }

  private static Stat of(Map<String, Object> found) {
    return new Stat(
        (int) number(found, "mode"),
        number(found, "ino"),
        number(found, "dev"),
        number(found, "rdev"),
        (int) number(found, "nlink"),
        (int) number(found, "uid"),
        (int) number(found, "gid"),
        number(found, "size"),
        time(found, "lastModifiedTime"),
        time(found, "lastAccessTime"),
        time(found, "ctime"));
  }

  private static long number(Map<String, Object> found, String name) {
    return found.get(name) instanceof Number number ? number.longValue() : 0;
  }

  private static FileTime time(Map<String, Object> found, String name) {
    return found.get(name) instanceof FileTime time ? time : FileTime.fromMillis(0);
  }

  boolean isDirectory() {
    return (mode & TYPE) == 0040000;
  }

  boolean isRegular() {
    return (mode & TYPE) == 0100000;
  }

  boolean isLink() {
    return (mode & TYPE) == 0120000;
  }

  /** Permission, set-id and sticky bits. */
  int permissions() {
    return mode & PERMISSIONS;
  }

  /** The letter of ls(1) and of {@code find -type}. */
  char letter() {
    return switch (mode & TYPE) {
      case 0040000 -> 'd';
      case 0120000 -> 'l';
      case 0010000 -> 'p';
      case 0140000 -> 's';
      case 0020000 -> 'c';
      case 0060000 -> 'b';
      default -> '-';
    };
  }

  /** The type in words, as {@code --json} has it. */
  String type() {
    return switch (letter()) {
      case 'd' -> "directory";
      case 'l' -> "symlink";
      case 'p' -> "fifo";
      case 's' -> "socket";
      case 'c' -> "character-device";
      case 'b' -> "block-device";
      default -> "file";
    };
  }

  /** As ls(1) writes it: type, three triples, set-id and sticky bits in the places of x. */
  String modeText() {
    StringBuilder text = new StringBuilder().append(letter());
    for (int i = 0; i < TRIPLE.length(); i++) {
      text.append((mode >> (TRIPLE.length() - 1 - i) & 1) == 1 ? TRIPLE.charAt(i) : '-');
    }
    special(text, 3, mode & 04000, 's');
    special(text, 6, mode & 02000, 's');
    special(text, 9, mode & 01000, 't');
    return text.toString();
  }

  private static void special(StringBuilder text, int position, int bit, char letter) {
    if (bit != 0) {
      boolean executable = text.charAt(position) == 'x';
      text.setCharAt(position, executable ? letter : Character.toUpperCase(letter));
    }
  }

  /** The permission bits in octal digits, four at least. */
  String octal() {
    String digits = Integer.toOctalString(permissions());
    return "0000".substring(Math.min(4, digits.length())) + digits;
  }

  /**
   * Whether both are the same file, although it was reached in two ways, as a file of a mount and
   * of the cluster that is mounted: devices tell nothing then. Both were looked at just now.
   */
  boolean isLikely(Stat other) {
    return ino == other.ino
        && mode == other.mode
        && sizeBytes == other.sizeBytes
        && changed.equals(other.changed);
  }

  /** Whether both are the same file. */
  boolean isSame(Stat other) {
    return ino == other.ino && dev == other.dev;
  }
}

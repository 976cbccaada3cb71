package dfs.client.nio;

import dfs.client.path.OpenMode;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/**
 * How a channel is opened.
 *
 * @param append each write goes to the end, wherever others have moved it
 * @param deleteOnClose the name is removed when the channel is closed
 * @param sync what was written is durable when a write returns
 */
record Options(OpenMode mode, boolean append, boolean deleteOnClose, boolean sync) {
  private static final int FILE_PERMISSIONS = 0666;

  /**
   * Reads the options as {@link java.nio.channels.FileChannel#open} documents them.
   *
   * @throws IllegalArgumentException for those that exclude each other
   * @throws UnsupportedOperationException for one that is not known
   */
  static Options of(Set<? extends OpenOption> options, FileAttribute<?>... attributes) {
    boolean follow = true;
    for (OpenOption option : options) {
      Objects.requireNonNull(option);
      if (option == LinkOption.NOFOLLOW_LINKS) {
        follow = false;
      } else if (!(option instanceof StandardOpenOption)) {
        throw new UnsupportedOperationException(option + " is not supported");
      }
    }
    boolean append = options.contains(StandardOpenOption.APPEND);
    boolean write = append || options.contains(StandardOpenOption.WRITE);
    boolean read = options.contains(StandardOpenOption.READ) || !write;
    boolean truncate = options.contains(StandardOpenOption.TRUNCATE_EXISTING);
    if (append && options.contains(StandardOpenOption.READ)) {
      throw new IllegalArgumentException("READ + APPEND not allowed");
    }
    if (append && truncate) {
      throw new IllegalArgumentException("APPEND + TRUNCATE_EXISTING not allowed");
    }
    OpenMode mode =
        new OpenMode(
            read,
            write,
            write && options.contains(StandardOpenOption.CREATE),
            write && options.contains(StandardOpenOption.CREATE_NEW),
            truncate,
            follow,
            permissions(FILE_PERMISSIONS, attributes),
            !write);
    return new Options(
        mode,
        append,
        options.contains(StandardOpenOption.DELETE_ON_CLOSE),
        options.contains(StandardOpenOption.SYNC) || options.contains(StandardOpenOption.DSYNC));
  }

  /** Whether a symbolic link under the last name is followed. */
  static boolean follow(LinkOption... options) {
    boolean follow = true;
    for (LinkOption option : options) {
      Objects.requireNonNull(option);
      follow = false;
    }
    return follow;
  }

  /**
   * Permissions of what is made.
   *
   * @param usual without an attribute that says otherwise
   * @throws UnsupportedOperationException for any other attribute
   */
  static int permissions(int usual, FileAttribute<?>... attributes) {
    int permissions = usual;
    for (FileAttribute<?> attribute : attributes) {
      String name = Objects.requireNonNull(attribute).name();
      if (!name.equals("posix:permissions") && !name.equals("unix:mode")) {
        throw new UnsupportedOperationException(
            "'" + name + "' not supported as initial attribute");
      }
      permissions = Permissions.bits((Set<?>) attribute.value());
    }
    return permissions;
  }

  /** The same, with these permissions for what is made. */
  Options withPermissions(int permissions) {
    OpenMode other =
        new OpenMode(
            mode.read(),
            mode.write(),
            mode.create(),
            mode.exclusive(),
            mode.truncate(),
            mode.follow(),
            permissions,
            mode.directory());
    return new Options(other, append, deleteOnClose, sync);
  }

  /** Whether this writes in any way. */
  boolean writes() {
    return mode.write();
  }

  /** Nine bits, and those who may. */
  static final class Permissions {
    private static final PosixFilePermission[] BITS = {
      PosixFilePermission.OTHERS_EXECUTE,
      PosixFilePermission.OTHERS_WRITE,
      PosixFilePermission.OTHERS_READ,
      PosixFilePermission.GROUP_EXECUTE,
      PosixFilePermission.GROUP_WRITE,
      PosixFilePermission.GROUP_READ,
      PosixFilePermission.OWNER_EXECUTE,
      PosixFilePermission.OWNER_WRITE,
      PosixFilePermission.OWNER_READ
    };

    private Permissions() {}

    static int bits(Set<?> permissions) {
      int bits = 0;
      for (Object permission : permissions) {
        if (!(Objects.requireNonNull(permission) instanceof PosixFilePermission posix)) {
          throw new ClassCastException(permission + " is no PosixFilePermission");
        }
        for (int i = 0; i < BITS.length; i++) {
          bits |= BITS[i] == posix ? 1 << i : 0;
        }
      }
      return bits;
    }

    static Set<PosixFilePermission> of(int bits) {
      Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
      for (int i = 0; i < BITS.length; i++) {
        if ((bits >> i & 1) == 1) {
          permissions.add(BITS[i]);
        }
      }
      return permissions;
    }
  }
}

package dfs.protocol.metadata;

/**
 * Types of inodes, with the bits of {@code S_IFMT} (stat(2)). Constants are only ever added at the
 * end.
 */
public enum FileType {
  REGULAR(0100000),
  DIRECTORY(0040000),
  SYMLINK(0120000),
  FIFO(0010000),
  SOCKET(0140000),
  CHARACTER_DEVICE(0020000),
  BLOCK_DEVICE(0060000);

  private final int modeBits;

  FileType(int modeBits) {
    this.modeBits = modeBits;
  }

  /** The file type part of {@code st_mode}. */
  public int modeBits() {
    return modeBits;
  }

  /** The type whose {@link #modeBits} are those of this mode, or null if there is none. */
  public static @org.jspecify.annotations.Nullable FileType ofMode(int mode) {
    for (FileType type : values()) {
      if (type.modeBits == (mode & 0170000)) {
        return type;
      }
    }
    return null;
  }
}

package dfs.protocol.metadata;

/**
 * What stat(2) tells of an inode, as of the last commit.
 *
 * @param ino inode number; the root is 1; never reused
 * @param mode permission bits with setuid, setgid and sticky (07777)
 * @param links number of names; of a directory 2 + its subdirectories
 * @param device device number of a device inode, else 0
 * @param sizeBytes length; of a symlink its target's; of a directory the number of entries
 * @param allocatedBytes bytes that extents or inline data occupy (st_blocks * 512, rounded up)
 * @param accessNanos times: signed nanoseconds since 1970-01-01T00:00Z
 * @param change change counter: grows with every change of the inode
 * @param map map id of a regular file: names its extents; another one after O_TRUNC
 * @param flags see {@code FLAG_*}
 */
public record Attributes(
    long ino,
    FileType type,
    int mode,
    int links,
    int uid,
    int gid,
    long device,
    long sizeBytes,
    long allocatedBytes,
    long accessNanos,
    long modifyNanos,
    long changeNanos,
    long birthNanos,
    long change,
    long map,
    int flags) {
  /** The data lies in the metadata, not in blocks. */
  public static final int FLAG_INLINE = 1;

  public static final int FLAG_IMMUTABLE = 2;
  public static final int FLAG_APPEND_ONLY = 4;

  /** The directory keeps no history, inherited. */
  public static final int FLAG_NO_HISTORY = 8;

  /** It may have extended attributes; without this it has none. */
  public static final int FLAG_XATTRS = 16;

  /** Most copies that can be asked for. */
  public static final int COPIES_MAX = 8;

  /** What one server has alone is gone with it. */
  private static final int COPIES_MIN_USUAL = 2;

  /** Four bits of the flags tell how many copies are kept. */
  private static final int COPIES_SHIFT = 24;

  private static final int COPIES_MASK = 0xf;

  /** And four how many there have to be for a write. */
  private static final int COPIES_MIN_SHIFT = 28;

  /** The bits of {@link #flags} that say so many copies, and so many at least. */
  public static int copiesFlags(int copies, int copiesMin) {
    return (copies & COPIES_MASK) << COPIES_SHIFT | (copiesMin & COPIES_MASK) << COPIES_MIN_SHIFT;
  }

  /** Below so many copies a write waits, then fails; 0: 2, or 1 of one copy. */
  public int copiesMin() {
    return flags >>> COPIES_MIN_SHIFT;
  }

  /** How many of so many copies a write needs, where nothing else is said. */
  public static int usualMin(int copies) {
    return Math.min(COPIES_MIN_USUAL, copies);
  }

  /** How many copies are kept of a file, or of what is made in a directory; 0: the volume's. */
  public int copies() {
    return (flags >>> COPIES_SHIFT) & COPIES_MASK;
  }

  /** The inode number of the root directory. */
  public static final long ROOT_INO = 1;

  public Attributes {
    if (ino <= 0 || links < 0 || sizeBytes < 0 || (mode & ~07777) != 0) {
      throw new IllegalArgumentException(
          "inode " + ino + " mode " + mode + " links " + links + " size " + sizeBytes);
    }
  }

  public boolean isDirectory() {
    return type == FileType.DIRECTORY;
  }

  public boolean isRegular() {
    return type == FileType.REGULAR;
  }

  public boolean isInline() {
    return (flags & FLAG_INLINE) != 0;
  }

  /** {@code st_mode}: type and permission bits. */
  public int statMode() {
    return type.modeBits() | mode;
  }
}

package dfs.acl;

/** The bits of a permission triple and of a mode. */
public final class Permissions {
  public static final int READ = 4;
  public static final int WRITE = 2;
  public static final int EXECUTE = 1;

  /** All three. */
  public static final int ALL = READ | WRITE | EXECUTE;

  /** {@code S_ISUID}. */
  public static final int SET_UID = 04000;

  /** {@code S_ISGID}. */
  public static final int SET_GID = 02000;

  /** {@code S_ISVTX}. */
  public static final int STICKY = 01000;

  /** {@code S_IXGRP}. */
  static final int GROUP_EXECUTE = 010;

  /** Any execute bit. */
  static final int ANY_EXECUTE = 0111;

  /** The nine bits of owner, group and others. */
  static final int CLASSES = 0777;

  private static final int MODE = 07777;

  private Permissions() {}

  /**
   * @throws IllegalArgumentException if a bit above 07777 is set
   */
  static int checkMode(int mode) {
    if ((mode & ~MODE) != 0) {
      throw new IllegalArgumentException("mode 0" + Integer.toOctalString(mode));
    }
    return mode;
  }
}

package dfs.acl;

/** The restricted deletion flag of directories. */
public final class Sticky {
  private Sticky() {}

  /**
   * Whether the sticky bit lets the subject remove or rename an entry ({@code check_sticky}): in a
   * directory that has it only the owner of the inode, the owner of the directory or root. Write
   * and search permission on the directory is another question. A refusal is EPERM.
   */
  public static boolean mayRemove(Subject subject, int dirMode, int dirUid, int inodeUid) {
    Permissions.checkMode(dirMode);
    return (dirMode & Permissions.STICKY) == 0
        || subject.isRoot()
        || subject.uid() == inodeUid
        || subject.uid() == dirUid;
  }
}

package dfs.acl;

/** What becomes of the setuid and setgid bits. */
public final class SetId {
  private SetId() {}

  /**
   * Group and mode of a new inode.
   *
   * @param mode with or without S_ISGID; otherwise as asked for
   */
  public record NewInode(int gid, int mode) {}

  /**
   * Group and mode of an inode made in a directory ({@code inode_init_owner}, {@code
   * mode_strip_sgid}). A setgid directory passes its group on, and the bit itself to
   * subdirectories. A group-executable setgid file there keeps its bit only if the maker is in that
   * group or root.
   *
   * @param mode as asked for; umask or default ACL may be applied before or after
   */
  public static NewInode ofNew(
      Subject maker, int dirMode, int dirGid, int mode, boolean isDirectory) {
    Permissions.checkMode(dirMode);
    Permissions.checkMode(mode);
    if ((dirMode & Permissions.SET_GID) == 0) {
      return new NewInode(maker.gid(), mode);
    }
    if (isDirectory) {
      return new NewInode(dirGid, mode | Permissions.SET_GID);
    }
    boolean keeps = (mode & Permissions.GROUP_EXECUTE) == 0 || maker.mayGiveGroup(dirGid);
    return new NewInode(dirGid, keeps ? mode : mode & ~Permissions.SET_GID);
  }

  /**
   * Mode of a regular file after a write, truncation or fallocate ({@code
   * setattr_should_drop_suidgid}): unless root wrote, S_ISUID goes, and S_ISGID if the file is
   * group-executable or the writer is not in its group. (Without group execution the bit once meant
   * mandatory locking, which is why members keep it.)
   */
  public static int afterWrite(Subject writer, int mode, int ownerGid) {
    Permissions.checkMode(mode);
    return writer.isRoot() ? mode : withoutSetId(writer, mode, ownerGid);
  }

  /**
   * Mode after chown or chgrp, also one that changes nothing ({@code chown_common}): of anything
   * but a directory S_ISUID goes, and S_ISGID as in {@link #afterWrite}; for root too.
   *
   * @param ownerGid the group before the change
   */
  public static int afterChown(Subject changer, int mode, int ownerGid, boolean isDirectory) {
    Permissions.checkMode(mode);
    return isDirectory ? mode : withoutSetId(changer, mode, ownerGid);
  }

  /**
   * The mode that chmod, or setting an access ACL, really gives ({@code setattr_prepare}, {@code
   * posix_acl_update_mode}): S_ISGID is cleared, silently, if the owner is not in the inode's
   * group.
   *
   * @param mode as asked for
   * @param ownerGid the group that the inode has after the call
   */
  public static int afterChmod(Subject changer, int mode, int ownerGid) {
    Permissions.checkMode(mode);
    return changer.mayGiveGroup(ownerGid) ? mode : mode & ~Permissions.SET_GID;
  }

  private static int withoutSetId(Subject subject, int mode, int ownerGid) {
    boolean keepsGroup = (mode & Permissions.GROUP_EXECUTE) == 0 && subject.mayGiveGroup(ownerGid);
    return mode & ~Permissions.SET_UID & ~(keepsGroup ? 0 : Permissions.SET_GID);
  }
}

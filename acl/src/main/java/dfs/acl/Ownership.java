package dfs.acl;

/**
 * Who may change the attributes of an inode ({@code setattr_prepare}; chmod(2), chown(2),
 * utimensat(2)).
 */
public final class Ownership {
  private Ownership() {}

  /**
   * Whether the subject is the owner or root ({@code inode_owner_or_capable}): who may chmod, set
   * an ACL and set explicit times. A refusal is EPERM.
   */
  public static boolean isOwner(Subject subject, int ownerUid) {
    return subject.isRoot() || subject.uid() == ownerUid;
  }

  /**
   * Whether the subject may give the inode this owner: root any, the owner only himself. A refusal
   * is EPERM.
   */
  public static boolean mayChown(Subject subject, int ownerUid, int newUid) {
    return subject.isRoot() || (subject.uid() == ownerUid && newUid == ownerUid);
  }

  /**
   * Whether the subject may give the inode this group: root any, the owner his own groups and the
   * one it has. A refusal is EPERM.
   */
  public static boolean mayChgrp(Subject subject, int ownerUid, int ownerGid, int newGid) {
    return subject.isRoot()
        || (subject.uid() == ownerUid && (newGid == ownerGid || subject.isIn(newGid)));
  }

  /**
   * Whether the subject may set access and modification time. Explicit times are for the owner and
   * root (a refusal is EPERM); both to now is also for who may write (a refusal is EACCES).
   *
   * @param toNow both times become the present time (UTIME_NOW twice, or no times at all)
   * @param mayWrite what {@link Access#permits} says to write
   */
  public static boolean mayChangeTimes(
      Subject subject, int ownerUid, boolean toNow, boolean mayWrite) {
    return isOwner(subject, ownerUid) || (toNow && mayWrite);
  }
}

package dfs.acl;

import org.jspecify.annotations.Nullable;

/** The access check: may somebody read, write or execute (search) an inode? */
public final class Access {
  private Access() {}

  /**
   * The algorithm of POSIX.1e draft 17, 23.1.5 ({@code posix_acl_permission}): the first class that
   * the subject belongs to decides - owner, named user, groups, others - except that any one of
   * several matching group entries may grant. Named users and groups, and the owning group beside a
   * mask, have at most what the mask grants. Without an ACL it is the check of the mode.
   *
   * <p>Root may do everything, but executes only what is a directory or executable by somebody
   * ({@code generic_permission} with CAP_DAC_OVERRIDE).
   *
   * <p>Linux in its path walk skips an ACL whose mask is empty and treats named users and groups as
   * others then, who may have more; the draft denies, and so does this.
   *
   * @param mode of the inode
   * @param access its access ACL, or null; where there is one, its owner, mask and others are
   *     authoritative over the mode's
   * @param wanted read 4, write 2, execute or search 1, combined; 0 is always granted
   */
  public static boolean permits(
      Subject subject,
      int mode,
      int ownerUid,
      int ownerGid,
      @Nullable Acl access,
      boolean isDirectory,
      int wanted) {
    Permissions.checkMode(mode);
    if ((wanted & ~Permissions.ALL) != 0) {
      throw new IllegalArgumentException("access " + wanted);
    }
    if (subject.isRoot()) {
      int modes = access == null ? mode : mode | access.modeBits();
      return isDirectory
          || (wanted & Permissions.EXECUTE) == 0
          || (modes & Permissions.ANY_EXECUTE) != 0;
    }
    if (access != null) {
      return permits(subject, ownerUid, ownerGid, access, wanted);
    }
    int granted;
    if (subject.uid() == ownerUid) {
      granted = mode >> 6;
    } else if (subject.isIn(ownerGid)) {
      granted = mode >> 3;
    } else {
      granted = mode;
    }
    return (granted & wanted) == wanted;
  }

  /** One pass: a valid ACL has its entries in the order in which the classes are asked. */
  private static boolean permits(
      Subject subject, int ownerUid, int ownerGid, Acl access, int wanted) {
    AclEntry mask = access.mask();
    boolean masked = mask == null || mask.grants(wanted);
    boolean inGroupClass = false;
    for (AclEntry entry : access.entries()) {
      switch (entry.tag()) {
        case USER_OBJ -> {
          if (subject.uid() == ownerUid) {
            return entry.grants(wanted);
          }
        }
        case USER -> {
          if (subject.uid() == entry.id()) {
            return masked && entry.grants(wanted);
          }
        }
        case GROUP_OBJ, GROUP -> {
          if (subject.isIn(entry.tag() == AclEntry.Tag.GROUP ? entry.id() : ownerGid)) {
            inGroupClass = true;
            if (entry.grants(wanted)) {
              return masked;
            }
          }
        }
        case MASK -> {}
        case OTHER -> {
          return !inGroupClass && entry.grants(wanted);
        }
      }
    }
    throw new AssertionError("valid ACL without an entry OTHER");
  }
}

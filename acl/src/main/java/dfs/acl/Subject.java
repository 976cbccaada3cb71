package dfs.acl;

import java.util.Set;

/**
 * Who asks: the ids that permission is decided on ({@code fsuid}, {@code fsgid} and the
 * supplementary groups of credentials(7)).
 *
 * @param uid user id; 0 is the superuser, with all capabilities
 * @param gid primary group
 * @param groups supplementary groups
 */
public record Subject(int uid, int gid, Set<Integer> groups) {
  /** The superuser. */
  public static final Subject ROOT = new Subject(0, 0, Set.of());

  public Subject {
    groups = Set.copyOf(groups);
  }

  public boolean isRoot() {
    return uid == 0;
  }

  /** Whether the group is the primary or a supplementary one ({@code in_group_p}). */
  public boolean isIn(int group) {
    return gid == group || groups.contains(group);
  }

  /** Whether a set-group-id bit for this group is the subject's to give. */
  boolean mayGiveGroup(int group) {
    return isRoot() || isIn(group);
  }
}

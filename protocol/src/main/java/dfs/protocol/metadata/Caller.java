package dfs.protocol.metadata;

import dfs.protocol.Limits;
import java.util.List;

/**
 * On whose behalf an operation runs.
 *
 * @param uid user id as an unsigned 32-bit number
 * @param gid primary group, likewise
 * @param groups supplementary groups, as far as the sender knows them
 */
public record Caller(int uid, int gid, List<Integer> groups) {
  /** The superuser, who is refused nothing that is possible. */
  public static final Caller ROOT = new Caller(0, 0, List.of());

  public Caller {
    groups = List.copyOf(groups);
    if (groups.size() > Limits.CALLER_GROUPS) {
      throw new IllegalArgumentException(groups.size() + " supplementary groups");
    }
  }

  public boolean isRoot() {
    return uid == 0;
  }

  public boolean isIn(int group) {
    return gid == group || groups.contains(group);
  }
}

package dfs.metadata.namespace;

import dfs.acl.Permissions;
import dfs.acl.Subject;
import dfs.metadata.records.Inode;
import dfs.metadata.state.NamespaceReader;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Query;
import java.util.ArrayList;
import java.util.List;

/**
 * Who may read the past: who might then, and may now. What was closed since stays closed: an inode
 * that is still there, and the directories that it is in now; of one that is gone, the nearest of
 * the directories that it was in then that is still there, and those above that.
 */
final class PastAccess {
  private PastAccess() {}

  /** Inodes from the one that a query is about to the root, as it was then. */
  static List<Long> way(NamespaceReader past, Query query) {
    List<Long> way = new ArrayList<>();
    for (long ino = about(query); ino != 0; ino = parent(past, ino)) {
      way.add(ino);
    }
    if (way.isEmpty() || way.getLast() != Attributes.ROOT_INO) {
      way.add(Attributes.ROOT_INO);
    }
    return way;
  }

  private static long parent(NamespaceReader reader, long ino) {
    Inode inode = reader.inode(ino);
    return inode == null ? 0 : inode.parent();
  }

  /**
   * Refuses with EACCES unless the directories that an inode was in then let it be looked up: who
   * asks may have come to it by the way that there is now.
   */
  static void checkThen(NamespaceReader past, Subject subject, List<Long> way) {
    for (long ino : way.subList(1, way.size())) {
      Inode inode = past.inode(ino);
      if (inode != null) {
        Permission.check(past, subject, ino, inode, Permissions.EXECUTE);
      }
    }
  }

  /** Refuses with EACCES, or does nothing. */
  static void check(NamespaceReader now, Subject subject, Query query, List<Long> way) {
    int wanted = wanted(query);
    for (long ino : way) {
      Inode inode = now.inode(ino);
      if (inode != null && (inode.parent() != 0 || ino == Attributes.ROOT_INO)) {
        check(now, subject, ino, wanted);
        return;
      }
      // It is gone: then its directory has to let names be looked up.
      wanted = Permissions.EXECUTE;
    }
  }

  private static void check(NamespaceReader now, Subject subject, long first, int firstWanted) {
    int wanted = firstWanted;
    for (long ino = first; ino != 0; ino = parent(now, ino)) {
      if (wanted != 0) {
        Permission.check(now, subject, ino, Permission.require(now, ino), wanted);
      }
      wanted = Permissions.EXECUTE;
    }
  }

  private static long about(Query query) {
    return switch (query) {
      case Query.Lookup q -> q.parent();
      case Query.GetAttributes q -> q.ino();
      case Query.ReadLink q -> q.ino();
      case Query.ListDirectory q -> q.ino();
      case Query.GetXattr q -> q.ino();
      case Query.ListXattrs q -> q.ino();
      case Query.ReadMap q -> q.ino();
      case Query.Open q -> q.ino();
      case Query.CheckAccess q -> q.ino();
      case Query.ListBlocks q -> q.below();
      case Query.Release _, Query.GetSpace _, Query.GetInstant _, Query.GetReport _ ->
          Attributes.ROOT_INO;
    };
  }

  private static int wanted(Query query) {
    return switch (query) {
      case Query.Lookup _ -> Permissions.EXECUTE;
      case Query.ListDirectory _, Query.ReadMap _, Query.ListBlocks _ -> Permissions.READ;
      case Query.GetXattr q -> Xattrs.isUser(q.name()) ? Permissions.READ : 0;
      case Query.Open q -> q.access();
      case Query.CheckAccess q -> q.access();
      case Query.GetAttributes _,
          Query.ReadLink _,
          Query.ListXattrs _,
          Query.Release _,
          Query.GetSpace _,
          Query.GetInstant _,
          Query.GetReport _ ->
          0;
    };
  }
}

package dfs.metadata.namespace;

import dfs.acl.Permissions;
import dfs.acl.Subject;
import dfs.metadata.records.Inode;
import dfs.metadata.records.OrderRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who may read the past: who might then, and may now. What was closed since stays closed: an inode
 * that is still there, and the directories that it is in now; of one that is gone, the nearest of
 * the directories that it was in then that is still there, and those above that. A file with
 * several names is as open as the most open of them: of those of then, the first one and those that
 * it still has are known.
 */
final class PastAccess {
  private PastAccess() {}

  /**
   * Inodes from the one that a query is about to the root, as it was then; or to the last of a way
   * that does not end there, of what had no name or was not there.
   */
  static List<Long> way(NamespaceReader past, Query query) {
    List<Long> way = new ArrayList<>();
    for (long ino = about(query); ino != 0; ino = parent(past, ino)) {
      way.add(ino);
    }
    if (way.isEmpty()) {
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
   * asks may have come to it by the way that there is now. What no name led to then, an open file
   * that was unlinked or a tree that was put together or aside, is nobody's but root's to read.
   *
   * @param now what the inode is now, if it is
   */
  static void checkThen(
      NamespaceReader past, Subject subject, List<Long> way, @Nullable Inode now) {
    if (past.inode(way.getFirst()) == null) {
      // It was not there: there is nothing to be read.
      return;
    }
    if (way.getLast() != Attributes.ROOT_INO) {
      throw Refusal.of(Errno.EACCES, "inode %d had no name then".formatted(way.getFirst()));
    }
    try {
      checkWay(past, subject, way);
    } catch (Refusal refusal) {
      if (!hadAnotherWay(past, subject, way.getFirst(), now)) {
        throw refusal;
      }
    }
  }

  private static void checkWay(NamespaceReader past, Subject subject, List<Long> way) {
    for (long ino : way.subList(1, way.size())) {
      Inode inode = past.inode(ino);
      if (inode != null) {
        Permission.check(past, subject, ino, inode, Permissions.EXECUTE);
      }
    }
  }

  /**
   * By a name that there is still. Links and the orders of directories have no history: what is
   * read of them as of an instant are those of now that are as old.
   */
  private static boolean hadAnotherWay(
      NamespaceReader past, Subject subject, long ino, @Nullable Inode now) {
    Inode then = past.inode(ino);
    if (then == null || then.isDirectory() || then.links() <= 1) {
      return false;
    }
    Reach reach = new Reach(past, subject, directory -> false);
    if (reach.hasAnotherWay(ino, then)) {
      return true;
    }
    OrderRecord first =
        now == null ? null : past.value(Table.ORDER, Key.of(now.parent(), now.cookie()));
    return now != null && first != null && first.ino() == ino && reach.isSearchable(now.parent());
  }

  /** Refuses with EACCES, or does nothing. */
  static void check(NamespaceReader now, Subject subject, Query query, List<Long> way) {
    int wanted = wanted(query);
    for (long ino : way) {
      Inode inode = now.inode(ino);
      if (inode != null && (inode.parent() != 0 || ino == Attributes.ROOT_INO)) {
        if (wanted != 0) {
          Permission.check(now, subject, ino, inode, wanted);
        }
        if (new Reach(now, subject, directory -> false).wayTo(ino) != Errno.OK) {
          throw Refusal.of(Errno.EACCES, "no way to inode %d now".formatted(ino));
        }
        return;
      }
      // It is gone: then its directory has to let names be looked up.
      wanted = Permissions.EXECUTE;
    }
  }

  /** The inode that a query is about. */
  static long about(Query query) {
    return switch (query) {
      case Query.Lookup q -> q.parent();
      case Query.LookupPath q -> q.directory();
      case Query.GetAttributes q -> q.ino();
      case Query.ReadLink q -> q.ino();
      case Query.ListDirectory q -> q.ino();
      case Query.GetXattr q -> q.ino();
      case Query.ListXattrs q -> q.ino();
      case Query.ReadMap q -> q.ino();
      case Query.Open q -> q.ino();
      case Query.CheckAccess q -> q.ino();
      case Query.ListBlocks q -> q.below();
      case Query.Lock q -> q.ino();
      case Query.Unlock q -> q.ino();
      case Query.ListVersions q -> q.parent();
      case Query.ListDeleted q -> q.ino();
      case Query.Release _,
          Query.GetSpace _,
          Query.GetInstant _,
          Query.GetSnapshot _,
          Query.ListSnapshots _,
          Query.GetReport _ ->
          Attributes.ROOT_INO;
    };
  }

  private static int wanted(Query query) {
    return switch (query) {
      case Query.Lookup _, Query.LookupPath _ -> Permissions.EXECUTE;
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
          Query.ListVersions _,
          Query.ListDeleted _,
          Query.GetSnapshot _,
          Query.ListSnapshots _,
          Query.GetReport _,
          Query.Lock _,
          Query.Unlock _ ->
          0;
    };
  }
}

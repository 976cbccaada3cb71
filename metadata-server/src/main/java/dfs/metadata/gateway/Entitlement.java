package dfs.metadata.gateway;

import dfs.metadata.namespace.Namespace;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.ClientMessage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a session that speaks for one user may name, and what it may do with what it has open. The
 * kernel below a mount, which is trusted, leads its users to inodes by names and lets them do with
 * an open file what they opened it for; nobody does that for a session without the cluster key. So
 * to each inode that it names here there must be a way now ({@link Namespace#wayTo}), or it must
 * have it open; and what it opened it for stays allowed whatever becomes of mode, names and
 * directories. Called by {@link Operations} and {@link SessionGateway}; calls the namespace.
 */
final class Entitlement {
  private static final int READ = 4;
  private static final int WRITE = 2;

  private final Namespace namespace;

  Entitlement(Namespace namespace) {
    this.namespace = namespace;
  }

  /**
   * Whether an operation can bear an instant of the past: the queries that the namespace answers of
   * the past, and judges by the directories of then and of now. What is of the present alone is
   * judged by what the session may name now, so it must not pass for one of those.
   */
  static boolean isOfPast(Operation operation) {
    return switch (operation) {
      case Query.Lookup _,
          Query.GetAttributes _,
          Query.ReadLink _,
          Query.ListDirectory _,
          Query.GetXattr _,
          Query.ListXattrs _,
          Query.GetSpace _,
          Query.ReadMap _,
          Query.Open _,
          Query.CheckAccess _,
          Query.ListBlocks _,
          Query.GetInstant _,
          Query.GetSnapshot _,
          Query.ListSnapshots _ ->
          true;
      case Query.LookupPath _,
          Query.Release _,
          Query.Lock _,
          Query.Unlock _,
          Query.ListVersions _,
          Query.ListDeleted _,
          Query.GetReport _ ->
          false;
      case Change _ -> false;
    };
  }

  /** Why the session may not even name what an operation is about; null: it may. */
  @Nullable Reply objection(LiveSession session, ClientMessage.Request request) {
    if (session.isTrusted() || request.asOfNanos() != 0) {
      // Of the past the namespace itself looks at the directories, those of then too.
      return null;
    }
    Operation operation = request.operation();
    if (opensTooMany(session, operation)) {
      return Reply.refused(
          Errno.EMFILE, "the session has %d inodes open".formatted(Limits.SESSION_OPEN_INODES));
    }
    Caller caller = session.callerOf(request.caller());
    for (long ino : named(operation)) {
      if (session.access(ino) == 0) {
        Errno way = namespace.wayTo(caller, ino, directory -> session.access(directory) != 0);
        if (way != Errno.OK) {
          return Reply.refused(way, "uid %d has no way to inode %d".formatted(caller.uid(), ino));
        }
      }
    }
    return null;
  }

  private static boolean opensTooMany(LiveSession session, Operation operation) {
    return switch (operation) {
      case Query.Open open -> session.hasTooManyOpen(open.ino());
      case Change.CreateFile create -> create.open() && session.hasTooManyOpen(0);
      default -> false;
    };
  }

  /** The inodes that an operation names by their numbers. */
  private static List<Long> named(Operation operation) {
    return switch (operation) {
      case Query.Lookup q -> List.of(q.parent());
      case Query.LookupPath q -> List.of(q.directory());
      case Query.GetAttributes q -> List.of(q.ino());
      case Query.ReadLink q -> List.of(q.ino());
      case Query.ListDirectory q -> List.of(q.ino());
      case Query.GetXattr q -> List.of(q.ino());
      case Query.ListXattrs q -> List.of(q.ino());
      case Query.ReadMap q -> List.of(q.ino());
      case Query.Open q -> List.of(q.ino());
      case Query.CheckAccess q -> List.of(q.ino());
      case Query.ListVersions q -> List.of(q.parent());
      case Query.ListDeleted q -> List.of(q.ino());
      case Query.GetSnapshot _, Query.ListSnapshots _ -> List.of();
      case Query.GetReport q -> q.places().stream().map(Query.Place::ino).toList();
      // Of root's alone.
      case Query.ListBlocks _ -> List.of();
      case Query.GetSpace _, Query.GetInstant _, Query.Release _ -> List.of();
      // Of what is open alone.
      case Query.Lock _, Query.Unlock _ -> List.of();
      case Change.CreateFile c -> List.of(c.parent());
      case Change.MakeDirectory c -> List.of(c.parent());
      case Change.MakeNode c -> List.of(c.parent());
      case Change.MakeSymlink c -> List.of(c.parent());
      case Change.Link c -> List.of(c.ino(), c.parent());
      case Change.Unlink c -> List.of(c.parent());
      case Change.RemoveDirectory c -> List.of(c.parent());
      case Change.Rename c -> List.of(c.parent(), c.newParent());
      case Change.SetAttributes c -> List.of(c.ino());
      case Change.SetXattr c -> List.of(c.ino());
      case Change.RemoveXattr c -> List.of(c.ino());
      case Change.Commit c -> List.of(c.ino());
      case Change.SetReplication c -> List.of(c.ino());
      case Change.Touch c -> c.times().stream().map(Change.AccessTime::ino).toList();
      case Change.AllocateBlock _, Change.SealBlocks _ -> List.of();
      // What they name without a name is the session's own, and what they read is of the past.
      case Change.CopyPast _, Change.CopyExtents _, Change.DropCopy _ -> List.of();
      case Change.PutBack c -> List.of(c.parent());
      case Change.Restore c -> List.of(c.ino());
      case Change.CreateSnapshot c -> List.of(c.ino());
      case Change.RemoveSnapshot _ -> List.of();
      // The superuser's alone.
      case Change.DrainServer _, Change.ForgetServer _ -> List.of();
    };
  }

  /** On whose behalf a query is answered: what was opened to be read is read without a look. */
  Caller callerOf(LiveSession session, ClientMessage.Request request) {
    boolean opened =
        !session.isTrusted()
            && request.asOfNanos() == 0
            && request.operation() instanceof Query.ReadMap map
            && (session.access(map.ino()) & READ) != 0;
    return opened ? Caller.ROOT : session.callerOf(request.caller());
  }

  /** A change with what the server knows of it in place of what such a session says. */
  Change known(LiveSession session, Change change) {
    if (session.isTrusted()) {
      return change;
    }
    boolean root = session.callerOf(Caller.ROOT).isRoot();
    return switch (change) {
      case Change.Commit c -> c.as(mayWrite(session, c.ino()), c.killPrivileges() || !root);
      case Change.SetAttributes c -> mayWrite(session, c.ino()) ? c : c.judged();
      default -> change;
    };
  }

  /** Whether the session has a file open so that it may lock it. */
  static boolean mayLock(LiveSession session, long ino, boolean exclusive) {
    return session.isTrusted() || (session.access(ino) & (exclusive ? WRITE : READ)) != 0;
  }

  private static boolean mayWrite(LiveSession session, long ino) {
    return (session.access(ino) & WRITE) != 0;
  }

  /**
   * What the session may do with an inode that it was let open. Who writes a part of a small file
   * replaces it whole, and reads the rest: who might have opened it to be read as well may do that.
   */
  int opened(LiveSession session, Caller claimed, Query.Open open) {
    boolean reads =
        !session.isTrusted()
            && (open.access() & WRITE) != 0
            && allows(session.callerOf(claimed), open.ino(), READ);
    return open.access() | (reads ? READ : 0);
  }

  /**
   * What is made is its maker's to read and write while it is open, whatever its mode. What is
   * somebody else's was not made: what is said to be sent again is another operation than the one
   * that was done.
   */
  int made(LiveSession session, Attributes made) {
    boolean own = session.isTrusted() || session.callerOf(Caller.ROOT).uid() == made.uid();
    return own ? READ | WRITE : claimed(session, made.ino(), false);
  }

  /**
   * What a session may do with an inode that it says it opened before the server was started again.
   * Nobody remembers what that open was given: whoever might open it now did, and so did its owner,
   * who may take back the mode that keeps others from it. What has no name is its owner's alone.
   *
   * @param isInTime its owner needs no way to it, nor leave: only who has just lost a server may
   *     say so, else it would open for ever what others have closed to him
   */
  int claimed(LiveSession session, long ino, boolean isInTime) {
    if (session.isTrusted()) {
      return READ | WRITE;
    }
    Caller caller = session.callerOf(Caller.ROOT);
    Reply now = namespace.query(Caller.ROOT, new Query.GetAttributes(ino), 0);
    if (!(now instanceof Reply.Entry entry)) {
      return 0;
    }
    if (isInTime && entry.attributes().uid() == caller.uid()) {
      return READ | WRITE;
    }
    if (namespace.wayTo(caller, ino, directory -> false) != Errno.OK) {
      return 0;
    }
    return (allows(caller, ino, READ) ? READ : 0) | (allows(caller, ino, WRITE) ? WRITE : 0);
  }

  private boolean allows(Caller caller, long ino, int access) {
    return namespace.query(caller, new Query.CheckAccess(ino, access), 0) instanceof Reply.Done;
  }
}

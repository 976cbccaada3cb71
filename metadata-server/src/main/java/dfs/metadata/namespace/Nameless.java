package dfs.metadata.namespace;

import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.records.NameRecord;
import dfs.metadata.records.NumberRecord;
import dfs.metadata.records.OrderRecord;
import dfs.metadata.records.SessionRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Trees that nobody can come to because their top has no name: those that a session puts together
 * from the past, and those that were put aside for one. The session stands in a record of the top;
 * when it is over, or there was none, the tree is taken away in steps.
 */
final class Nameless {
  private static final String PREFIX = "nameless/";
  private static final int ENTRIES_PER_STEP = 80;

  private Nameless() {}

  private static Key key(long ino) {
    return Keys.meta(PREFIX + "%016x".formatted(ino));
  }

  static boolean isTop(NamespaceReader reader, long ino) {
    return reader.get(Table.NUMBERS, key(ino)) != null;
  }

  /** An inode is the top of a tree without a name; session 0: nobody's. */
  static void hold(Applying in, long ino, long session) {
    in.tx.put(Table.NUMBERS, key(ino), new NumberRecord(session));
  }

  /** It has a name, or is no more. */
  static void release(Applying in, long ino) {
    in.tx.delete(Table.NUMBERS, key(ino));
  }

  /** Refuses with EPERM unless the inode is in a tree of the command's session. */
  static Inode requireOwn(Applying in, long ino) {
    Inode inode = in.require(ino);
    checkOwn(in.tx, in.command.session(), ino);
    return inode;
  }

  /** Refuses with EPERM unless the inode is in a tree of the session. */
  static void checkOwn(NamespaceReader reader, long session, long ino) {
    long top = ino;
    for (Inode at = reader.inode(ino); at != null && at.parent() != 0; at = reader.inode(top)) {
      top = at.parent();
    }
    NumberRecord holder = reader.value(Table.NUMBERS, key(top));
    if (holder == null || holder.value() != session) {
      throw Refusal.of(Errno.EPERM, "inode " + ino + " is in no tree of this session");
    }
  }

  /** Who put it together does not want it: it is nobody's. */
  static Reply letGo(Change.DropCopy order, Applying in) {
    var _ = requireOwn(in, order.ino());
    if (!isTop(in.tx, order.ino())) {
      throw Refusal.of(Errno.EINVAL, "inode " + order.ino() + " is not the top of a tree");
    }
    hold(in, order.ino(), 0);
    return Reply.Done.DONE;
  }

  /** Tops of trees that nobody will give a name. */
  static List<Long> toDrop(NamespaceReader reader, int limit) {
    List<Long> tops = new ArrayList<>();
    Key prefix = Keys.meta(PREFIX);
    reader.scan(
        Table.NUMBERS,
        prefix,
        prefix.afterPrefix(),
        (key, stored) -> {
          if (isOver(reader, stored.value().value())) {
            tops.add(inoOf(key));
          }
          return tops.size() < limit;
        });
    return tops;
  }

  private static long inoOf(Key key) {
    String name = StandardCharsets.UTF_8.decode(key.buffer()).toString();
    return Long.parseUnsignedLong(name.substring(PREFIX.length()), 16);
  }

  private static boolean isOver(NamespaceReader reader, long session) {
    SessionRecord record = session == 0 ? null : reader.value(Table.SESSIONS, Key.of(session));
    return record == null || record.fenced();
  }

  /** A step: entries go from the depth upwards, the top last. */
  static Reply drop(Upkeep.DropTree order, Applying in) {
    long top = order.ino();
    NumberRecord session = in.tx.value(Table.NUMBERS, key(top));
    if (session == null || !isOver(in.tx, session.value())) {
      return new Reply.Progress(List.of(), false);
    }
    long at = top;
    int gone = 0;
    while (gone < ENTRIES_PER_STEP) {
      Inode inode = in.require(at);
      List<Row<OrderRecord>> first =
          inode.isDirectory()
              ? in.tx.rows(Table.ORDER, Key.of(at), Key.of(at).afterPrefix(), 1)
              : List.of();
      if (first.isEmpty() && at == top) {
        // Somebody may still hold it.
        Tree.dropLink(in, top, 0, 0);
        release(in, top);
        return new Reply.Progress(List.of(top), false);
      }
      if (first.isEmpty()) {
        at = inode.parent();
        remove(in, at, inode.cookie());
        gone++;
      } else if (first.getFirst().value().type() == FileType.DIRECTORY) {
        at = first.getFirst().value().ino();
      } else {
        remove(in, at, first.getFirst().key().longAt(Long.BYTES));
        gone++;
      }
    }
    return new Reply.Progress(List.of(top), true);
  }

  private static void remove(Applying in, long parent, long cookie) {
    OrderRecord entry = in.tx.value(Table.ORDER, Key.of(parent, cookie));
    if (entry == null) {
      throw new IllegalStateException("no entry %d in directory %d".formatted(cookie, parent));
    }
    Tree.removeName(in, parent, entry.name(), new NameRecord(entry.ino(), entry.type(), cookie));
    Tree.dropLink(in, entry.ino(), parent, cookie);
  }
}

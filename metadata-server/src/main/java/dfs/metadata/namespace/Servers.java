package dfs.metadata.namespace;

import dfs.metadata.records.ServerRecord;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;

/** Chunk servers that the volume knows. A data directory keeps its server's id. */
final class Servers {
  private static final String NEXT_SERVER = "next.server";
  private static final long EPOCH = 1;

  private Servers() {}

  static Reply register(Upkeep.RegisterServer order, Applying in) {
    for (Row<ServerRecord> row : in.tx.rows(Table.SERVERS, Key.EMPTY, null, Integer.MAX_VALUE)) {
      if (row.value().directory().equals(order.directory())) {
        return put(order, in, row.key().longAt(0), row.value().draining());
      }
    }
    return put(order, in, in.tx.next(NEXT_SERVER, 1), false);
  }

  private static Reply put(
      Upkeep.RegisterServer order, Applying in, long server, boolean draining) {
    in.tx.put(
        Table.SERVERS,
        Key.of(server),
        new ServerRecord(order.host(), order.address(), order.directory(), draining));
    return new Reply.Session(server, EPOCH);
  }

  static Reply drain(Change.DrainServer change, Applying in) {
    checkRoot(in);
    ServerRecord known = require(in, change.server());
    in.tx.put(
        Table.SERVERS,
        Key.of(change.server()),
        new ServerRecord(known.host(), known.address(), known.directory(), change.draining()));
    return Reply.Done.DONE;
  }

  /** Whether it has a last copy is known to who counts copies, and asked of him before. */
  static Reply forget(Change.ForgetServer change, Applying in) {
    checkRoot(in);
    require(in, change.server());
    in.tx.delete(Table.SERVERS, Key.of(change.server()));
    return Reply.Done.DONE;
  }

  private static void checkRoot(Applying in) {
    if (!in.command.caller().isRoot()) {
      throw Refusal.of(Errno.EPERM, "only the superuser decides on chunk servers");
    }
  }

  private static ServerRecord require(Applying in, long server) {
    ServerRecord known = in.tx.value(Table.SERVERS, Key.of(server));
    if (known == null) {
      throw Refusal.of(Errno.ENOENT, "no chunk server " + server + " is known");
    }
    return known;
  }
}

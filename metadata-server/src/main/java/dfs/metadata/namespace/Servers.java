package dfs.metadata.namespace;

import dfs.metadata.records.ServerRecord;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
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
        return put(order, in, row.key().longAt(0));
      }
    }
    return put(order, in, in.tx.next(NEXT_SERVER, 1));
  }

  private static Reply put(Upkeep.RegisterServer order, Applying in, long server) {
    in.tx.put(
        Table.SERVERS,
        Key.of(server),
        new ServerRecord(order.host(), order.address(), order.directory()));
    return new Reply.Session(server, EPOCH);
  }
}

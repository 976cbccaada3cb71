package dfs.metadata.namespace;

import dfs.metadata.records.BlockInfo;
import dfs.metadata.records.ServerRecord;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.List;

/** Chunk servers that the volume knows. A data directory keeps its server's id. */
final class Servers {
  private static final String NEXT_SERVER = "next.server";
  private static final long EPOCH = 1;
  private static final int BLOCKS_PER_PAGE = 1000;

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

  /** Reads the records of all blocks: this is done once in the life of a server. */
  static Reply forget(Change.ForgetServer change, Applying in) {
    checkRoot(in);
    require(in, change.server());
    long next = 0;
    for (List<Row<BlockInfo>> page = page(in, next); !page.isEmpty(); page = page(in, next)) {
      for (Row<BlockInfo> row : page) {
        next = row.key().longAt(0) + 1;
        if (row.value().state() < BlockInfo.DEAD
            && row.value().servers().equals(List.of(change.server()))) {
          throw Refusal.of(
              Errno.EBUSY,
              "block %d lies on chunk server %d alone".formatted(next - 1, change.server()));
        }
      }
    }
    in.tx.delete(Table.SERVERS, Key.of(change.server()));
    return Reply.Done.DONE;
  }

  private static List<Row<BlockInfo>> page(Applying in, long from) {
    return in.tx.rows(Table.BLOCKS, Key.of(from), null, BLOCKS_PER_PAGE);
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

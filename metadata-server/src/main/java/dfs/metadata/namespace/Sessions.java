package dfs.metadata.namespace;

import dfs.metadata.records.BlockInfo;
import dfs.metadata.records.SessionRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;

/** Sessions begin, are fenced, and end once nothing of theirs is left. */
final class Sessions {
  private static final String NEXT_SESSION = "next.session";
  private static final long FIRST_EPOCH = 1;

  private Sessions() {}

  static Reply open(Upkeep.OpenSession order, Applying in) {
    long session = order.id() == 0 ? in.tx.next(NEXT_SESSION, 1) : order.id();
    SessionRecord known = in.tx.value(Table.SESSIONS, Key.of(session));
    if (known != null) {
      boolean same =
          !known.fenced()
              && known.mount() == order.mount()
              && known.trusted() == order.trusted()
              && known.uid() == order.uid();
      if (same) {
        return new Reply.Session(session, known.epoch());
      }
      // Not EEXIST: it becomes the answer to what the session was to do.
      throw Refusal.of(Errno.EIO, "there is another session " + session);
    }
    in.tx.put(
        Table.SESSIONS,
        Key.of(session),
        new SessionRecord(
            FIRST_EPOCH, order.host(), order.mount(), order.trusted(), order.uid(), false, in.now));
    return new Reply.Session(session, FIRST_EPOCH);
  }

  static Reply fence(Upkeep.FenceSession order, Applying in) {
    Key key = Key.of(order.session());
    SessionRecord record = in.tx.value(Table.SESSIONS, key);
    if (record != null && !record.fenced()) {
      in.tx.put(
          Table.SESSIONS,
          key,
          new SessionRecord(
              record.epoch(),
              record.host(),
              record.mount(),
              record.trusted(),
              record.uid(),
              true,
              record.openedNanos()));
    }
    return Reply.Done.DONE;
  }

  /** A fenced session is forgotten, its reply slots with it; not before its blocks are closed. */
  static Reply end(Upkeep.EndSession order, Applying in) {
    Key key = Key.of(order.session());
    SessionRecord record = in.tx.value(Table.SESSIONS, key);
    if (record == null) {
      return Reply.Done.DONE;
    }
    if (!record.fenced()) {
      throw Refusal.of(Errno.EBUSY, "session " + order.session() + " is not fenced");
    }
    if (writesBlocks(in.tx, order.session())) {
      throw Refusal.of(Errno.EBUSY, "session " + order.session() + " has blocks to seal");
    }
    in.tx.delete(Table.SESSIONS, key);
    for (long slot = 0; slot < Limits.SESSION_SLOTS; slot++) {
      in.tx.delete(Table.SLOTS, Key.of(order.session(), slot));
    }
    return Reply.Done.DONE;
  }

  private static boolean writesBlocks(NamespaceReader reader, long session) {
    boolean[] writes = {false};
    reader.scan(
        Table.BLOCKS,
        Key.EMPTY,
        null,
        (key, stored) -> {
          BlockInfo info = stored.value();
          writes[0] = info.session() == session && info.state() < BlockInfo.CLOSED;
          return !writes[0];
        });
    return writes[0];
  }
}

package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Keys;
import dfs.metadata.state.History;
import dfs.metadata.state.State;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.nio.ByteBuffer;
import java.util.List;

/** Which instants are kept, and the steps in which the others go. */
final class Retention {
  /** For so long at most, in nanoseconds, nothing is kept after an order that says so. */
  private static final long PAUSE_NANOS_MAX = 60_000_000_000L;

  private Retention() {}

  static Reply advance(Upkeep.AdvanceHistory order, Applying in) {
    return new Reply.Progress(List.of(), History.advance(in.tx, order.looked()));
  }

  static Reply keep(Upkeep.KeepInstant order, Applying in) {
    History.keep(in.tx, order.timeNanos());
    return Reply.Done.DONE;
  }

  static Reply release(Upkeep.ReleaseHistory order, Applying in) {
    History.release(
        in.tx, Math.min(order.beforeNanos(), in.now + PAUSE_NANOS_MAX), order.minutes());
    return Reply.Done.DONE;
  }

  /**
   * Keeps an instant for ever: the one just now (time 0, or the command's own stamp), or the last
   * one at or before a time that can still be read. Between the instants nothing was kept.
   */
  static Reply pin(Upkeep.PinInstant order, Applying in) {
    Key key = Keys.meta(State.PIN_PREFIX + order.name());
    if (order.name().isEmpty() || in.tx.get(Table.SETTINGS, key) != null) {
      throw Refusal.of(Errno.EEXIST, "an instant named \"" + order.name() + "\" is kept already");
    }
    long instant =
        order.timeNanos() == 0 || order.timeNanos() == in.now
            ? in.now
            : in.tx.instants().kept(in.tx, order.timeNanos());
    if (instant == 0 || instant > in.now) {
      throw Refusal.of(Errno.EINVAL, "instant " + order.timeNanos() + " cannot be read");
    }
    byte[] time = ByteBuffer.allocate(Long.BYTES).putLong(instant).array();
    in.tx.put(Table.SETTINGS, key, new BytesRecord(ByteString.copyFrom(time)));
    in.tx.instants().pin(instant);
    return Reply.Done.DONE;
  }

  static Reply unpin(Upkeep.UnpinInstant order, Applying in) {
    Key key = Keys.meta(State.PIN_PREFIX + order.name());
    BytesRecord pin = in.tx.value(Table.SETTINGS, key);
    if (pin == null) {
      throw Refusal.of(Errno.ENOENT, "no instant named \"" + order.name() + "\" is kept");
    }
    in.tx.delete(Table.SETTINGS, key);
    in.tx.instants().unpin(State.pinOf(pin));
    History.unpinned(in.tx);
    return Reply.Done.DONE;
  }

  static Reply set(Upkeep.SetRetention order, Applying in) {
    if (order.secondsTierNanos() < 0 || order.minutesTierNanos() < order.secondsTierNanos()) {
      throw Refusal.of(Errno.EINVAL, "minutes are kept at least as long as seconds");
    }
    in.tx.setNumber(History.SECONDS_KEPT, order.secondsTierNanos());
    in.tx.setNumber(History.MINUTES_KEPT, order.minutesTierNanos());
    return Reply.Done.DONE;
  }
}

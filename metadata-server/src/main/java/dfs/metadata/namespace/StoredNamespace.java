package dfs.metadata.namespace;

import dfs.metadata.records.Inode;
import dfs.metadata.records.SessionRecord;
import dfs.metadata.records.SlotRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.State;
import dfs.metadata.state.Table;
import dfs.metadata.state.Transaction;
import dfs.metadata.store.Key;
import dfs.metadata.store.KeyValueStore;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** The namespace over a key-value store. */
public final class StoredNamespace implements Namespace {
  private final State state;
  private final StateSurvey survey;
  private final PastListings pastListings = new PastListings();

  public StoredNamespace(KeyValueStore store) {
    this.state = new State(store);
    this.survey = new StateSurvey(state);
  }

  @Override
  public long appliedIndex() {
    return state.appliedIndex();
  }

  @Override
  public long lastStampNanos() {
    return state.lastStampNanos();
  }

  @Override
  public List<Reply> apply(long lastIndex, List<Command> commands) {
    Transaction tx = state.begin();
    List<Reply> replies = new ArrayList<>(commands.size());
    for (Command command : commands) {
      tx.begin(command.stampNanos());
      replies.add(command.session() == 0 ? run(tx, command) : answer(tx, command));
    }
    state.commit(tx, lastIndex);
    return replies;
  }

  /** Each operation of a session runs once; a repeat gets the first one's answer. */
  private static Reply answer(Transaction tx, Command command) {
    SessionRecord session = tx.value(Table.SESSIONS, Key.of(command.session()));
    if (session == null || session.fenced()) {
      return Reply.refused(Errno.ESTALE, "session " + command.session() + " is over");
    }
    if (command.slot() < 0 || command.slot() >= Limits.SESSION_SLOTS) {
      return Reply.refused(Errno.EINVAL, "there is no slot " + command.slot());
    }
    Key slotKey = Key.of(command.session(), command.slot());
    SlotRecord slot = tx.value(Table.SLOTS, slotKey);
    if (slot != null && command.sequence() <= slot.sequence()) {
      if (command.sequence() < slot.sequence()) {
        return Reply.refused(Errno.ESTALE, "operation " + command.sequence() + " is long over");
      }
      return command.order() instanceof Change change
          ? repeat(tx, command.session(), change, slot)
          : Reply.Done.DONE;
    }
    Reply reply = run(tx, command);
    tx.put(Table.SLOTS, slotKey, slotOf(command.sequence(), reply));
    return reply;
  }

  private static Reply run(Transaction tx, Command command) {
    try {
      return Changes.apply(command.order(), new Applying(tx, command));
    } catch (Refusal refusal) {
      tx.rollBack();
      return refusal.reply();
    }
  }

  private static SlotRecord slotOf(long sequence, Reply reply) {
    return switch (reply) {
      case Reply.Refused r -> new SlotRecord(sequence, r.errno().number(), 0, 0);
      case Reply.Entry r -> new SlotRecord(sequence, 0, r.attributes().ino(), 0);
      case Reply.Removed r -> new SlotRecord(sequence, 0, inoOf(r.attributes()), 0);
      case Reply.Allocated r -> new SlotRecord(sequence, 0, 0, r.grant().block());
      case Reply.Committed r ->
          new SlotRecord(
              sequence, 0, r.attributes().ino(), r.next() == null ? 0 : r.next().block());
      case Reply.Done r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.Value r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.Names r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.Way r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.Listing r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.Space r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.MapPage r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.Report r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.BlockPage r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.Session r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.Progress r ->
          new SlotRecord(sequence, 0, r.ids().isEmpty() ? 0 : r.ids().getFirst(), 0);
      case Reply.Instant r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.Versions r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.Deleted r -> new SlotRecord(sequence, 0, 0, 0);
      case Reply.Snapshots r -> new SlotRecord(sequence, 0, 0, 0);
    };
  }

  private static long inoOf(@Nullable Attributes attributes) {
    return attributes == null ? 0 : attributes.ino();
  }

  @Override
  public @Nullable Reply repeated(long session, int slot, long sequence, Change change) {
    return state.read(
        reader -> {
          SlotRecord last = reader.value(Table.SLOTS, Key.of(session, slot));
          return last == null || last.sequence() != sequence
              ? null
              : repeat(reader, session, change, last);
        });
  }

  private static Reply repeat(
      NamespaceReader reader, long session, Change change, SlotRecord slot) {
    try {
      return answered(reader, session, change, slot);
    } catch (Refusal refusal) {
      return refusal.reply();
    }
  }

  private static Reply answered(
      NamespaceReader reader, long session, Change change, SlotRecord slot) {
    if (slot.errno() != 0) {
      for (Errno errno : Errno.values()) {
        if (errno.number() == slot.errno()) {
          return Reply.refused(errno, "as answered before");
        }
      }
    }
    var inode = slot.ino() == 0 ? null : reader.inode(slot.ino());
    Attributes attributes = inode == null ? null : inode.attributes(slot.ino());
    return switch (change) {
      case Change.CreateFile c -> entry(attributes);
      case Change.MakeDirectory c -> entry(attributes);
      case Change.MakeNode c -> entry(attributes);
      case Change.MakeSymlink c -> entry(attributes);
      case Change.Link c -> entry(attributes);
      case Change.SetAttributes c -> entry(attributes);
      case Change.SetReplication c -> entry(attributes);
      case Change.Unlink c -> new Reply.Removed(attributes);
      case Change.RemoveDirectory c -> new Reply.Removed(attributes);
      case Change.Rename c -> new Reply.Removed(attributes);
      case Change.PutBack c -> entry(attributes);
      case Change.Restore c -> entry(attributes);
      case Change.CopyPast c -> CopyPast.repeated(reader, session, c, slot.ino());
      case Change.CopyExtents c -> new Reply.Progress(List.of(), true);
      case Change.AllocateBlock c -> new Reply.Allocated(Blocks.granted(reader, slot.block()));
      case Change.Commit c ->
          attributes == null
              ? entry(null)
              : new Reply.Committed(
                  attributes, slot.block() == 0 ? null : Blocks.granted(reader, slot.block()));
      case Change.SetXattr c -> Reply.Done.DONE;
      case Change.CreateSnapshot c -> Snapshots.get(reader, new Query.GetSnapshot(c.name()));
      case Change.RemoveSnapshot c -> Reply.Done.DONE;
      case Change.DropCopy c -> Reply.Done.DONE;
      case Change.RemoveXattr c -> Reply.Done.DONE;
      case Change.SealBlocks c -> Reply.Done.DONE;
      case Change.Touch c -> Reply.Done.DONE;
      case Change.DrainServer c -> Reply.Done.DONE;
      case Change.ForgetServer c -> Reply.Done.DONE;
    };
  }

  private static Reply entry(@Nullable Attributes attributes) {
    return attributes == null
        ? Reply.refused(Errno.ESTALE, "done, and gone since")
        : new Reply.Entry(attributes);
  }

  @Override
  public Reply query(Caller caller, Query query, long asOfNanos) {
    if (asOfNanos == 0) {
      if (query instanceof Query.ListVersions q) {
        return state.readVersions(kept -> VersionListing.of(kept, caller, q));
      }
      if (query instanceof Query.ListDeleted q) {
        return state.readVersions(kept -> DeletedListing.of(kept, caller, q));
      }
      return state.read(reader -> answer(reader, caller, query, Queries::entries));
    }
    if (query instanceof Query.GetInstant) {
      long instant = state.instantAt(asOfNanos);
      return instant == 0
          ? Reply.refused(Errno.ENODATA, state.oldestText())
          : new Reply.Instant(instant);
    }
    Inode now = state.read(reader -> reader.inode(PastAccess.about(query)));
    PastListings.Moment asOf = moment(asOfNanos);
    Past past =
        state.readAsOf(
            asOfNanos,
            reader -> {
              List<Long> way = PastAccess.way(reader, query);
              Reply closed = caller.isRoot() ? null : closed(reader, caller, way, now);
              Queries.Listing listing =
                  (then, list, stop) -> pastListings.page(then, list, stop, asOf);
              return new Past(
                  closed == null ? answer(reader, caller, query, listing) : closed, way);
            });
    if (past == null) {
      return Reply.refused(Errno.ENODATA, "the instant " + asOfNanos + " is not kept");
    }
    if (caller.isRoot() || past.reply instanceof Reply.Refused) {
      return past.reply;
    }
    Reply denied = state.read(reader -> denied(reader, caller, query, past.way));
    return denied == null ? past.reply : denied;
  }

  private PastListings.Moment moment(long nanos) {
    long version = state.appliedIndex();
    boolean settled = state.lastStampNanos() > nanos;
    return new PastListings.Moment(nanos, settled ? PastListings.Moment.SETTLED : version);
  }

  @Override
  public Errno wayTo(Caller caller, long ino, LongPredicate open) {
    return caller.isRoot()
        ? Errno.OK
        : state.read(reader -> new Reach(reader, Permission.subject(caller), open).wayTo(ino));
  }

  /**
   * An answer from the past.
   *
   * @param way as {@link PastAccess#way}
   */
  private record Past(Reply reply, List<Long> way) {}

  private static @Nullable Reply closed(
      NamespaceReader then, Caller caller, List<Long> way, @Nullable Inode now) {
    try {
      PastAccess.checkThen(then, Permission.subject(caller), way, now);
      return null;
    } catch (Refusal refusal) {
      return refusal.reply();
    }
  }

  private static @Nullable Reply denied(
      NamespaceReader now, Caller caller, Query query, List<Long> way) {
    try {
      PastAccess.check(now, Permission.subject(caller), query, way);
      return null;
    } catch (Refusal refusal) {
      return refusal.reply();
    }
  }

  private static Reply answer(
      NamespaceReader reader, Caller caller, Query query, Queries.Listing listing) {
    try {
      return Queries.answer(reader, caller, query, listing);
    } catch (Refusal refusal) {
      return refusal.reply();
    }
  }

  /** The state itself, for tests that compare states. */
  public State state() {
    return state;
  }

  @Override
  public Survey survey() {
    return survey;
  }

  @Override
  public void flush() {
    state.flush();
  }

  @Override
  public void compact(long roomBytes) {
    state.compact(roomBytes);
  }

  @Override
  public long flushedIndex() {
    return state.flushedIndex();
  }

  @Override
  public void close() {
    state.close();
  }
}

package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Ownership;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.state.History;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.State;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.SnapshotName;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Named instants that are kept whatever their age: pins, with who made them for which directory.
 * The record is the instant i64 | inode of the directory i64 | uid i32.
 */
final class Snapshots {
  private static final String PREFIX = State.PIN_PREFIX + "@";
  private static final int SNAPSHOTS_MAX = 4096;
  private static final int RECORD_BYTES = 2 * Long.BYTES + Integer.BYTES;

  private Snapshots() {}

  private static Key key(String name) {
    return Keys.meta(PREFIX + name);
  }

  static Reply create(Change.CreateSnapshot order, Applying in) {
    if (!SnapshotName.isValid(order.name())) {
      throw Refusal.of(
          Errno.EINVAL,
          "a snapshot's name is a letter, then letters, digits, dots, hyphens and underscores, %d"
                  .formatted(SnapshotName.CHARACTERS_MAX)
              + " at the most");
    }
    Inode directory = Permission.directory(in.tx, order.ino());
    if (!Ownership.isOwner(in.subject, directory.uid())) {
      throw Refusal.of(Errno.EPERM, "only the owner of a directory and root make its snapshots");
    }
    Key key = key(order.name());
    if (in.tx.get(Table.SETTINGS, key) != null) {
      throw Refusal.of(Errno.EEXIST, "there is a snapshot " + order.name());
    }
    Key all = Keys.meta(PREFIX);
    if (in.tx.rows(Table.SETTINGS, all, all.afterPrefix(), SNAPSHOTS_MAX).size() == SNAPSHOTS_MAX) {
      throw Refusal.of(Errno.ENOSPC, "there are " + SNAPSHOTS_MAX + " snapshots, and no more");
    }
    long instant =
        order.asOfNanos() == 0 ? in.now : in.tx.instants().kept(in.tx, order.asOfNanos());
    if (instant == 0 || instant > in.now) {
      throw Refusal.of(Errno.ENODATA, "the instant " + order.asOfNanos() + " is not kept");
    }
    ByteBuffer record = ByteBuffer.allocate(RECORD_BYTES);
    record.putLong(instant).putLong(order.ino()).putInt(in.subject.uid());
    in.tx.put(Table.SETTINGS, key, new BytesRecord(ByteString.copyFrom(record.flip())));
    in.tx.instants().pin(instant);
    return new Reply.Instant(instant);
  }

  static Reply remove(Change.RemoveSnapshot order, Applying in) {
    Reply.Snapshot snapshot = find(in.tx, order.name());
    if (snapshot == null) {
      throw missing(order.name());
    }
    if (!Ownership.isOwner(in.subject, snapshot.uid())) {
      throw Refusal.of(Errno.EPERM, "only who made a snapshot and root remove it");
    }
    in.tx.delete(Table.SETTINGS, key(order.name()));
    in.tx.instants().unpin(snapshot.instantNanos());
    History.unpinned(in.tx);
    return Reply.Done.DONE;
  }

  private static Refusal missing(String name) {
    return Refusal.of(Errno.ENOENT, "there is no snapshot " + name);
  }

  private static Reply.Snapshot snapshot(String name, BytesRecord record) {
    ByteBuffer bytes = record.bytes().asReadOnlyByteBuffer();
    return new Reply.Snapshot(name, bytes.getLong(), bytes.getLong(), bytes.getInt());
  }

  static Reply.@Nullable Snapshot find(NamespaceReader reader, String name) {
    BytesRecord record = reader.value(Table.SETTINGS, key(name));
    return record == null ? null : snapshot(name, record);
  }

  static Reply get(NamespaceReader reader, Query.GetSnapshot query) {
    BytesRecord record = reader.value(Table.SETTINGS, key(query.name()));
    if (record == null) {
      throw missing(query.name());
    }
    return new Reply.Instant(State.pinOf(record));
  }

  static Reply list(NamespaceReader reader, Query.ListSnapshots query) {
    Key all = Keys.meta(PREFIX);
    Key from = query.after().isEmpty() ? all : key(query.after()).next();
    List<Row<BytesRecord>> rows =
        reader.rows(Table.SETTINGS, from, all.afterPrefix(), query.limitEntries());
    return new Reply.Snapshots(
        rows.stream().map(row -> snapshot(nameOf(row.key()), row.value())).toList(),
        rows.size() < query.limitEntries());
  }

  private static String nameOf(Key key) {
    return StandardCharsets.UTF_8.decode(key.buffer()).toString().substring(PREFIX.length());
  }
}

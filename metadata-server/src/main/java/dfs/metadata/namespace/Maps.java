package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.ExtentRecord;
import dfs.metadata.records.Inode;
import dfs.metadata.records.MapRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Extent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Maps of files: sorted extents that never overlap. */
final class Maps {
  private Maps() {}

  static Extent extent(Row<ExtentRecord> row) {
    ExtentRecord record = row.value();
    return new Extent(
        row.key().longAt(Long.BYTES),
        record.lengthBytes(),
        record.block(),
        record.blockOffset(),
        record.kind() == ExtentRecord.UNWRITTEN);
  }

  private static ExtentRecord record(Extent extent) {
    return new ExtentRecord(
        extent.unwritten() ? ExtentRecord.UNWRITTEN : ExtentRecord.DATA,
        0,
        extent.lengthBytes(),
        extent.block(),
        extent.blockOffset(),
        0);
  }

  /** The extent that holds {@code offset} or ends before it; null if there is none near enough. */
  private static @Nullable Extent floor(NamespaceReader reader, long map, long offset) {
    long lowest = Math.max(0, offset - Limits.BLOCK_BYTES);
    Row<ExtentRecord> row = reader.floor(Table.EXTENTS, Key.of(map, lowest), Key.of(map, offset));
    return row == null ? null : extent(row);
  }

  /** At most {@code limit} extents that touch [from, to), in order. */
  static List<Extent> touching(NamespaceReader reader, long map, long from, long to, int limit) {
    return touching(reader, map, from, to, limit, before(reader, map, from));
  }

  private static @Nullable Extent before(NamespaceReader reader, long map, long from) {
    return from == 0 ? null : floor(reader, map, from - 1);
  }

  private static List<Extent> touching(
      NamespaceReader reader, long map, long from, long to, int limit, @Nullable Extent before) {
    List<Extent> found = new ArrayList<>();
    if (before != null && before.fileEnd() > from) {
      found.add(before);
    }
    for (Row<ExtentRecord> row :
        reader.rows(Table.EXTENTS, Key.of(map, from), Key.of(map, to), limit - found.size())) {
      found.add(extent(row));
    }
    return found;
  }

  private static void put(Applying in, long map, Extent extent) {
    in.tx.put(Table.EXTENTS, Key.of(map, extent.fileOffset()), record(extent));
  }

  private static void delete(Applying in, long map, Extent extent) {
    in.tx.delete(Table.EXTENTS, Key.of(map, extent.fileOffset()));
  }

  private static Extent part(Extent extent, long from, long to) {
    long blockOffset = extent.unwritten() ? 0 : extent.blockOffset() + from - extent.fileOffset();
    return new Extent(from, to - from, extent.block(), blockOffset, extent.unwritten());
  }

  /** Lays an extent over what the map has there; returns by how many bytes the map grew. */
  static long overlay(Applying in, long map, Extent extent) {
    long from = extent.fileOffset();
    Extent before = before(in.tx, map, from);
    long removed = cut(in, map, from, extent.fileEnd(), before);
    if (before != null && before.fileEnd() > from) {
      before = part(before, before.fileOffset(), from);
    }
    if (before != null && continues(before, extent)) {
      put(
          in,
          map,
          new Extent(
              before.fileOffset(),
              before.lengthBytes() + extent.lengthBytes(),
              before.block(),
              before.blockOffset(),
              before.unwritten()));
    } else {
      put(in, map, extent);
    }
    return extent.lengthBytes() - removed;
  }

  private static boolean continues(Extent before, Extent extent) {
    return before.fileEnd() == extent.fileOffset()
        && before.block() == extent.block()
        && before.unwritten() == extent.unwritten()
        && before.blockOffset() + before.lengthBytes() == extent.blockOffset()
        && before.lengthBytes() + extent.lengthBytes() <= Limits.BLOCK_BYTES;
  }

  /** Makes a hole of [from, to); returns how many bytes the map had there. */
  static long cut(Applying in, long map, long from, long to) {
    return cut(in, map, from, to, before(in.tx, map, from));
  }

  private static long cut(Applying in, long map, long from, long to, @Nullable Extent before) {
    long removed = 0;
    for (Extent extent : touching(in.tx, map, from, to, Integer.MAX_VALUE, before)) {
      long low = Math.max(extent.fileOffset(), from);
      long high = Math.min(extent.fileEnd(), to);
      removed += high - low;
      if (extent.fileOffset() < from) {
        put(in, map, part(extent, extent.fileOffset(), from));
      } else {
        delete(in, map, extent);
      }
      if (extent.fileEnd() > to) {
        put(in, map, part(extent, to, extent.fileEnd()));
      }
    }
    return removed;
  }

  /** Inline data of a file or target of a symbolic link. */
  static ByteString inline(NamespaceReader reader, long ino) {
    BytesRecord record = reader.value(Table.INLINE, Key.of(ino));
    return record == null ? ByteString.EMPTY : record.bytes();
  }

  /**
   * The present lets go of an inode's map at {@code nanos}: its extents go at once if no kept
   * instant saw it, else when the last that did is gone.
   */
  static void letGo(Applying in, Inode inode, long nanos) {
    long map = inode.map();
    Key prefix = Key.of(map);
    if (map == 0 || in.tx.rows(Table.EXTENTS, prefix, prefix.afterPrefix(), 1).isEmpty()) {
      return;
    }
    if (!in.tx.keepMap(map, inode.mapBirthNanos(), nanos)) {
      in.tx.put(Table.MAPS, prefix, new MapRecord(0));
    }
  }
}

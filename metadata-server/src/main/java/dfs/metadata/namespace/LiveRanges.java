package dfs.metadata.namespace;

import dfs.metadata.records.BlockInfo;
import dfs.metadata.records.BlockInfo.Relocation;
import dfs.metadata.records.ExtentRecord;
import dfs.metadata.records.NumberRecord;
import dfs.metadata.state.History;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Family;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What some version names of a block: the extents, present and past, of all maps that own it, and
 * of those that own blocks which went there. Each map is looked through until as many extents are
 * found as it is counted with; a map that has fewer is not understood, and nothing is said then.
 */
final class LiveRanges {
  private final NamespaceReader reader;
  private final int recordsMax;
  private final Map<Long, Long> hints;
  private final List<Survey.Range> found = new ArrayList<>();
  private int records;
  private boolean known = true;

  private LiveRanges(NamespaceReader reader, int recordsMax, Map<Long, Long> hints) {
    this.reader = reader;
    this.recordsMax = recordsMax;
    this.hints = hints;
  }

  /** Takes the range of a block that an extent names. */
  private interface Sink {
    void take(long offset, long lengthBytes);
  }

  static Survey.Live of(NamespaceReader reader, long block, int recordsMax, Map<Long, Long> hints) {
    BlockInfo info = reader.value(Table.BLOCKS, Key.of(block));
    if (info == null) {
      return new Survey.Live(false, List.of(), false, 0, 0, 1);
    }
    return new LiveRanges(reader, recordsMax, hints).of(block, info);
  }

  /**
   * Where what some version names in a block ends, however long that takes to find; a whole block
   * when the records do not agree.
   */
  static long end(NamespaceReader reader, long block) {
    LiveRanges ranges = new LiveRanges(reader, Integer.MAX_VALUE, new HashMap<>());
    long[] end = {0};
    var _ = ranges.look(block, (offset, length) -> end[0] = Math.max(end[0], offset + length));
    return ranges.known ? end[0] : Limits.BLOCK_BYTES;
  }

  private Survey.Live of(long block, BlockInfo info) {
    boolean owned = look(block, (offset, length) -> found.add(new Survey.Range(offset, length)));
    List<Long> relocated = Relocations.relocatedTo(reader, block);
    int tableRanges = 0;
    for (long from : relocated) {
      BlockInfo source = reader.value(Table.BLOCKS, Key.of(from));
      if (source == null || !known) {
        known = false;
        break;
      }
      tableRanges += source.relocations().size();
      look(from, (offset, length) -> follow(block, source.relocations(), offset, length));
    }
    return new Survey.Live(
        known,
        known ? widened(info.lengthBytes()) : List.of(),
        owned,
        relocated.size(),
        tableRanges,
        records + relocated.size() + 1);
  }

  private void follow(long block, List<Relocation> table, long offset, long length) {
    long left = length;
    for (Relocation piece : Relocations.through(table, new Relocation(0, length, 0, offset))) {
      left -= piece.lengthBytes();
      if (piece.block() == block) {
        found.add(new Survey.Range(piece.blockOffset(), piece.lengthBytes()));
      }
    }
    known &= left == 0;
  }

  /** Gives what extents name of a block to the sink; whether any map owns it. */
  private boolean look(long block, Sink sink) {
    List<Row<NumberRecord>> owners =
        reader.rows(Table.OWNERS, Key.of(block), Key.of(block, Long.MIN_VALUE), Integer.MAX_VALUE);
    for (Row<NumberRecord> owner : owners) {
      if (known) {
        look(block, owner.key().longAt(Long.BYTES), owner.value().value(), sink);
      }
    }
    return !owners.isEmpty();
  }

  private void look(long block, long map, long count, Sink sink) {
    long[] left = {count};
    Key prefix = Key.of(map);
    Key middle = Key.of(map, hints.getOrDefault(map, 0L));
    present(block, middle, prefix.afterPrefix(), left, sink);
    if (left[0] > 0 && known) {
      present(block, prefix, middle, left, sink);
    }
    if (left[0] > 0 && known) {
      History.visit(
          reader,
          Family.EXTENTS,
          prefix,
          (key, stored) -> take(block, stored.value().restored(Table.EXTENTS), left, sink));
    }
    known &= left[0] == 0;
  }

  private void present(long block, Key from, @Nullable Key to, long[] left, Sink sink) {
    reader.scan(
        Table.EXTENTS,
        from,
        to,
        (key, stored) -> {
          if (stored.value().block() == block) {
            hints.put(key.longAt(0), key.longAt(Long.BYTES));
          }
          return take(block, stored.value(), left, sink);
        });
  }

  /** Whether more is to be looked at. */
  private boolean take(long block, ExtentRecord extent, long[] left, Sink sink) {
    known &= ++records <= recordsMax;
    if (known && extent.block() == block) {
      sink.take(extent.blockOffset(), extent.lengthBytes());
      left[0]--;
    }
    return known && left[0] > 0;
  }

  /** Whole checksum units, so that checksums can go along as they are; neighbours joined. */
  private List<Survey.Range> widened(long blockBytes) {
    found.sort(Comparator.comparingLong(Survey.Range::offset));
    List<Survey.Range> joined = new ArrayList<>();
    Survey.@Nullable Range last = null;
    for (Survey.Range range : found) {
      long from = range.offset() & -Limits.UNIT_BYTES;
      long to = Math.min(blockBytes, (range.end() + Limits.UNIT_BYTES - 1) & -Limits.UNIT_BYTES);
      if (last != null && from <= last.end()) {
        joined.removeLast();
        from = last.offset();
        to = Math.max(to, last.end());
      }
      last = new Survey.Range(from, to - from);
      joined.add(last);
    }
    return joined;
  }
}

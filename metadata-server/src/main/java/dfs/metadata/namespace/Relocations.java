package dfs.metadata.namespace;

import dfs.metadata.records.BlockInfo;
import dfs.metadata.records.BlockInfo.Relocation;
import dfs.metadata.records.Keys;
import dfs.metadata.records.NumberRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What lives in some blocks goes to another one, for all versions at once: extents and images stay
 * as they are, the record of the block says where its ranges went. A block goes to one target; when
 * that is emptied in turn, the tables that name it are rewritten, so that nobody follows two. The
 * ranges that name a target are owners of it, so it lives as long as anything that went there.
 */
final class Relocations {
  private static final String BLOCKS = "compacted.blocks";
  private static final String BYTES = "compacted.bytes";
  private static final String FREED_BYTES = "compacted.freed-bytes";

  private Relocations() {}

  static Survey.Compacted compacted(NamespaceReader reader) {
    return new Survey.Compacted(
        reader.number(BLOCKS), reader.number(BYTES), reader.number(FREED_BYTES));
  }

  static Reply openTarget(Upkeep.OpenTarget order, Applying in) {
    Blocks.checkCopies(order.copies(), 0);
    BlockInfo like = order.soloOf() == 0 ? null : in.tx.value(Table.BLOCKS, Key.of(order.soloOf()));
    long block = Blocks.next(in);
    in.tx.put(
        Table.BLOCKS,
        Key.of(block),
        new BlockInfo(
            Blocks.FIRST_EPOCH,
            BlockInfo.OPEN,
            0,
            order.lengthBytes(),
            like != null && like.solo(),
            false,
            like == null ? 0 : like.ino(),
            order.servers(),
            List.of(),
            order.copies()));
    return new Reply.Progress(List.of(block), false);
  }

  private static boolean isBeingFilled(BlockInfo info) {
    return info.state() == BlockInfo.OPEN && info.session() == 0;
  }

  static Reply drop(Upkeep.DropTargets order, Applying in) {
    List<Long> dropped = new ArrayList<>();
    for (long block : order.blocks()) {
      BlockInfo info = in.tx.value(Table.BLOCKS, Key.of(block));
      if (info != null && isBeingFilled(info)) {
        in.tx.put(Table.BLOCKS, Key.of(block), info.dead());
        dropped.add(block);
      }
    }
    return new Reply.Progress(dropped, false);
  }

  /** Sources that died since it was planned are left out. */
  static Reply relocate(Upkeep.Relocate order, Applying in) {
    long target = order.target();
    BlockInfo info = Blocks.require(in.tx, target);
    if (!isBeingFilled(info)) {
      throw Refusal.of(
          Errno.EAGAIN, "block %d in state %d is not being filled".formatted(target, info.state()));
    }
    Map<Long, List<Relocation>> tables = new LinkedHashMap<>();
    for (Upkeep.Move move : order.moves()) {
      if (move.targetOffset() > info.lengthBytes() - move.lengthBytes()) {
        throw Refusal.of(
            Errno.EINVAL,
            "%s lies beyond block %d of %d".formatted(move, target, info.lengthBytes()));
      }
      tables
          .computeIfAbsent(move.block(), b -> new ArrayList<>())
          .add(new Relocation(move.offset(), move.lengthBytes(), target, move.targetOffset()));
    }
    in.tx.put(Table.BLOCKS, Key.of(target), info.withState(BlockInfo.CLOSED, info.lengthBytes()));
    long bytes = 0;
    for (Map.Entry<Long, List<Relocation>> source : tables.entrySet()) {
      bytes += empty(in, source.getKey(), target, source.getValue());
    }
    in.tx.setNumber(BLOCKS, in.tx.number(BLOCKS) + tables.size());
    in.tx.setNumber(BYTES, in.tx.number(BYTES) + bytes);
    in.tx.setNumber(FREED_BYTES, in.tx.number(FREED_BYTES) + bytes - info.lengthBytes());
    return Reply.Done.DONE;
  }

  /** Everything that names a block finds it by this table from now on; how long it was. */
  private static long empty(Applying in, long block, long target, List<Relocation> table) {
    BlockInfo info = in.tx.value(Table.BLOCKS, Key.of(block));
    if (info == null || info.state() == BlockInfo.DEAD) {
      return 0;
    }
    check(block, info, table);
    for (long relocated : relocatedTo(in.tx, block)) {
      rewrite(in, relocated, block, table);
    }
    Blocks.wantCopies(in, target, info.copies());
    if (Blocks.isOwned(in.tx, block)) {
      in.tx.put(Table.BLOCKS, Key.of(block), info.relocated(table));
      count(in, block, table, 1);
    } else {
      in.tx.put(Table.BLOCKS, Key.of(block), info.dead());
    }
    return info.lengthBytes();
  }

  private static void check(long block, BlockInfo info, List<Relocation> table) {
    if (info.state() != BlockInfo.CLOSED) {
      throw Refusal.of(
          Errno.EAGAIN, "block %d in state %d is not closed".formatted(block, info.state()));
    }
    long end = 0;
    for (Relocation range : table) {
      if (range.offset() < end || range.end() > info.lengthBytes()) {
        throw Refusal.of(
            Errno.EINVAL, "%s of block %d of %d".formatted(range, block, info.lengthBytes()));
      }
      end = range.end();
    }
  }

  /** The relocated blocks that have ranges in this one. */
  static List<Long> relocatedTo(NamespaceReader reader, long block) {
    return reader
        .rows(
            Table.OWNERS,
            Key.of(block, Long.MIN_VALUE),
            Key.of(block).afterPrefix(),
            Integer.MAX_VALUE)
        .stream()
        .map(row -> Keys.ownerOf(row.key().longAt(Long.BYTES)))
        .toList();
  }

  private static void rewrite(Applying in, long relocated, long block, List<Relocation> moved) {
    BlockInfo info = Blocks.require(in.tx, relocated);
    List<Relocation> table = new ArrayList<>();
    for (Relocation range : info.relocations()) {
      if (range.block() == block) {
        table.addAll(through(moved, range));
      } else {
        table.add(range);
      }
    }
    count(in, relocated, info.relocations(), -1);
    count(in, relocated, table, 1);
    in.tx.put(Table.BLOCKS, Key.of(relocated), info.relocated(table));
  }

  /** Where a range of a block lies now: each piece by its offset in the range's own block. */
  static List<Relocation> through(List<Relocation> table, Relocation range) {
    long from = range.blockOffset();
    long to = from + range.lengthBytes();
    List<Relocation> found = new ArrayList<>();
    for (int i = firstBeyond(table, from); i < table.size() && table.get(i).offset() < to; i++) {
      Relocation moved = table.get(i);
      long low = Math.max(from, moved.offset());
      long high = Math.min(to, moved.end());
      found.add(
          new Relocation(
              range.offset() + low - from,
              high - low,
              moved.block(),
              moved.blockOffset() + low - moved.offset()));
    }
    return found;
  }

  /** Index of the first range that ends beyond an offset. */
  private static int firstBeyond(List<Relocation> table, long offset) {
    int low = 0;
    int high = table.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (table.get(middle).end() > offset) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** The ranges of a relocated block's table become, or are no longer, owners of what they name. */
  static void count(Applying in, long block, List<Relocation> table, int delta) {
    for (Relocation range : table) {
      in.tx.countOwner(range.block(), Keys.ownerOf(block), delta);
    }
  }

  /**
   * Extents as they lie now, at most {@code limit}: what was relocated is named where it went. What
   * no table has keeps the name of its block, which has no place.
   */
  static List<Extent> resolve(NamespaceReader reader, List<Extent> extents, int limit) {
    List<Extent> resolved = new ArrayList<>(extents.size());
    for (Extent extent : extents) {
      BlockInfo info =
          extent.unwritten() ? null : reader.value(Table.BLOCKS, Key.of(extent.block()));
      if (info == null || info.state() != BlockInfo.RELOCATED) {
        resolved.add(extent);
      } else {
        resolve(extent, info.relocations(), resolved);
      }
    }
    return resolved.size() <= limit ? resolved : List.copyOf(resolved.subList(0, limit));
  }

  private static void resolve(Extent extent, List<Relocation> table, List<Extent> into) {
    Relocation whole =
        new Relocation(0, extent.lengthBytes(), extent.block(), extent.blockOffset());
    long at = 0;
    for (Relocation piece : through(table, whole)) {
      if (piece.offset() > at) {
        into.add(part(extent, at, piece.offset() - at, extent.block(), extent.blockOffset() + at));
      }
      into.add(
          part(extent, piece.offset(), piece.lengthBytes(), piece.block(), piece.blockOffset()));
      at = piece.end();
    }
    if (at < extent.lengthBytes()) {
      long left = extent.lengthBytes() - at;
      into.add(part(extent, at, left, extent.block(), extent.blockOffset() + at));
    }
  }

  private static Extent part(Extent extent, long at, long length, long block, long blockOffset) {
    return new Extent(extent.fileOffset() + at, length, block, blockOffset, false);
  }

  /** Whether a table has all of a range of its block. */
  static boolean covers(List<Relocation> table, long offset, long lengthBytes) {
    return through(table, new Relocation(0, lengthBytes, 0, offset)).stream()
            .mapToLong(Relocation::lengthBytes)
            .sum()
        == lengthBytes;
  }

  /** The maps with extents in a block, those of blocks that went there among them. */
  static List<Long> mapsIn(NamespaceReader reader, long block) {
    List<Long> maps = new ArrayList<>();
    Key prefix = Key.of(block);
    for (Row<NumberRecord> owner :
        reader.rows(Table.OWNERS, prefix, prefix.afterPrefix(), Integer.MAX_VALUE)) {
      long id = owner.key().longAt(Long.BYTES);
      if (id > 0) {
        maps.add(id);
      } else {
        maps.addAll(mapsIn(reader, Keys.ownerOf(id)));
      }
    }
    return maps;
  }
}

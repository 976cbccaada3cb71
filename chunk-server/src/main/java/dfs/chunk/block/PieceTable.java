package dfs.chunk.block;

import dfs.protocol.Limits;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.Checksums;
import dfs.protocol.block.Pieces;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The checksums of an open block: for each piece where it ends and its CRC32C. Guarded by its
 * block.
 */
final class PieceTable {
  private long[] ends = new long[16];
  private int[] checksums = new int[16];
  private int count;

  long length() {
    return count == 0 ? 0 : ends[count - 1];
  }

  void add(BlockRecord record) {
    int pieces = record.checksums().size();
    if (count + pieces > ends.length) {
      int larger = Math.max(count + pieces, 2 * ends.length);
      ends = Arrays.copyOf(ends, larger);
      checksums = Arrays.copyOf(checksums, larger);
    }
    long at = record.blockOffset();
    int left = record.length();
    for (int i = 0; i < pieces; i++) {
      int length = Pieces.length(at, left);
      at += length;
      left -= length;
      ends[count] = at;
      checksums[count++] = record.checksums().get(i);
    }
  }

  /** A run of whole pieces: [from, to) with where each ends and its checksum. */
  static final class Span {
    final long from;
    final long to;
    final long[] ends;
    final int[] checksums;

    private Span(long from, long to, long[] ends, int[] checksums) {
      this.from = from;
      this.to = to;
      this.ends = ends;
      this.checksums = checksums;
    }

    /**
     * Checksums of the pieces of a range within: a piece that was written just so keeps its
     * writer's, others are made from the bytes, which were verified.
     */
    Checksums checksumsOf(long offset, ByteBuffer range) {
      int[] result = new int[Pieces.count(offset, range.remaining())];
      ByteBuffer rest = range.duplicate();
      long at = offset;
      int next = 0;
      for (int i = 0; i < result.length; i++) {
        int length = Pieces.length(at, rest.remaining());
        while (ends[next] <= at) {
          next++;
        }
        long start = next == 0 ? from : ends[next - 1];
        if (start == at && ends[next] == at + length) {
          result[i] = checksums[next];
          rest.position(rest.position() + length);
        } else {
          result[i] = Pieces.checksum(rest, length);
        }
        at += length;
      }
      return Checksums.of(result);
    }
  }

  /** The pieces that [from, to) touches, whole. */
  Span span(long from, long to) {
    int first = indexOf(from);
    int last = indexOf(to - 1);
    return new Span(
        first == 0 ? 0 : ends[first - 1],
        ends[last],
        Arrays.copyOfRange(ends, first, last + 1),
        Arrays.copyOfRange(checksums, first, last + 1));
  }

  private int indexOf(long offset) {
    int found = Arrays.binarySearch(ends, 0, count, offset + 1);
    return found >= 0 ? found : -found - 1;
  }

  /** The checksum of each unit, combined from its pieces. */
  Checksums units() {
    int[] units = new int[(int) Math.ceilDiv(length(), Limits.UNIT_BYTES)];
    long at = 0;
    for (int i = 0; i < count; i++) {
      int unit = (int) (at >> Limits.UNIT_LOG2);
      int length = (int) (ends[i] - at);
      boolean first = (at & (Limits.UNIT_BYTES - 1)) == 0;
      units[unit] = first ? checksums[i] : Pieces.combine(units[unit], checksums[i], length);
      at = ends[i];
    }
    return Checksums.of(units);
  }

  /** The table of a sealed block: units are its pieces. */
  static PieceTable ofUnits(long length, Checksums units) {
    PieceTable table = new PieceTable();
    table.count = units.size();
    table.ends = new long[units.size()];
    table.checksums = new int[units.size()];
    for (int i = 0; i < units.size(); i++) {
      table.ends[i] = Math.min(length, (i + 1L) << Limits.UNIT_LOG2);
      table.checksums[i] = units.get(i);
    }
    return table;
  }
}

package dfs.metadata.keeper;

import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.Range;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What goes from which blocks to one new block, and where there. Pure.
 *
 * @param blocks the sources
 * @param moves by source, in the order of the target
 * @param servers that are to have the target
 */
record CompactionPlan(
    List<Block> blocks, List<Upkeep.Move> moves, long lengthBytes, List<Long> servers) {
  /** A block of less than this is not worth emptying, but may be merged. */
  static final long EMPTIED_BYTES_MIN = 1L << 20;

  /** A block of which no more than one part of so many lives is emptied. */
  private static final int LIVE_PARTS = 2;

  /** Blocks below this are small. */
  static final long SMALL_BYTES = Limits.BLOCK_BYTES / 16;

  /** Fewer small blocks than this are left alone. */
  static final int MERGED_MIN = 16;

  static final int SOURCES_MAX = 64;

  /** What lives in one block goes as so many ranges at most, dead bytes between them included. */
  private static final int EMPTIED_RANGES_MAX = Limits.RELOCATED_RANGES / 2;

  private static final int MERGED_RANGES_MAX = Limits.RELOCATED_RANGES / SOURCES_MAX;

  /** So many ranges of tables one command may write, unless it is about one source. */
  private static final int RANGES_WRITTEN_MAX = 4 * Limits.RELOCATED_RANGES;

  /** So many records of relocated blocks one command may write. */
  static final int TABLES_MAX = 256;

  /** Once so many candidates are known a pass need not remember more. */
  private static final int CANDIDATES_MAX = 1024;

  CompactionPlan {
    blocks = List.copyOf(blocks);
    moves = List.copyOf(moves);
    servers = List.copyOf(servers);
  }

  List<Long> sources() {
    return blocks.stream().map(Block::id).toList();
  }

  /** The block for whose one file the target is, too; 0: it is for any. */
  long soloOf() {
    return blocks.size() == 1 ? blocks.getFirst().id() : 0;
  }

  /** Whether it is worth to ask what lives in a block. */
  static boolean mayDo(Block block) {
    return block.lengthBytes() > 0
        && (block.lengthBytes() < SMALL_BYTES || block.lengthBytes() >= EMPTIED_BYTES_MIN);
  }

  /** What a candidate brings along; its ranges are as many as fit. */
  private record Candidate(Block block, List<Range> ranges, Survey.Live live) {
    long bytes() {
      return ranges.stream().mapToLong(range -> roundedUp(range.lengthBytes())).sum();
    }

    /** Relocated blocks whose records have to be written. */
    int tables() {
      return live.tables() + (live.owned() ? 1 : 0);
    }

    int rangesWritten() {
      return ranges.size() + live.tableRanges();
    }
  }

  /** Sources that go together: as many copies are wanted of all. */
  record Choice(int copies, List<Block> blocks, List<Upkeep.Move> moves, long lengthBytes) {
    CompactionPlan on(List<Long> servers) {
      return new CompactionPlan(blocks, moves, lengthBytes, servers);
    }
  }

  private static long roundedUp(long bytes) {
    return (bytes + Limits.UNIT_BYTES - 1) & -Limits.UNIT_BYTES;
  }

  /** What a pass has found so far. */
  static final class Candidates {
    /** By how many copies are wanted. */
    private final Map<Integer, List<Candidate>> emptied = new TreeMap<>();

    private final Map<Integer, List<Candidate>> small = new TreeMap<>();
    private int count;

    void clear() {
      emptied.clear();
      small.clear();
      count = 0;
    }

    void add(Block block, Survey.Live live) {
      if (!live.known() || live.ranges().isEmpty() || count >= CANDIDATES_MAX) {
        return;
      }
      Candidate sparse = new Candidate(block, fewer(live.ranges(), EMPTIED_RANGES_MAX), live);
      if (block.lengthBytes() >= EMPTIED_BYTES_MIN
          && sparse.bytes() * LIVE_PARTS <= block.lengthBytes()) {
        add(emptied, sparse);
      } else if (block.lengthBytes() < SMALL_BYTES) {
        add(small, new Candidate(block, fewer(live.ranges(), MERGED_RANGES_MAX), live));
      }
    }

    private void add(Map<Integer, List<Candidate>> to, Candidate candidate) {
      to.computeIfAbsent(candidate.block().copies(), copies -> new ArrayList<>()).add(candidate);
      count++;
    }

    /** Joins what is near until there are few enough ranges. */
    private static List<Range> fewer(List<Range> ranges, int most) {
      List<Range> joined = ranges;
      for (long gap = Limits.UNIT_BYTES; joined.size() > most; gap *= 2) {
        joined = joined(joined, gap);
      }
      return joined;
    }

    private static List<Range> joined(List<Range> ranges, long gap) {
      List<Range> joined = new ArrayList<>();
      for (Range range : ranges) {
        if (!joined.isEmpty() && range.offset() - joined.getLast().end() <= gap) {
          long from = joined.removeLast().offset();
          joined.add(new Range(from, range.end() - from));
        } else {
          joined.add(range);
        }
      }
      return joined;
    }

    /**
     * What is to be done first, and is forgotten with that; null: nothing.
     *
     * @param last the pass finds no more: few small ones are not to wait for others
     * @param roomBytes what there is room for, by the number of copies
     */
    @Nullable Choice choose(boolean last, IntToLongFunction roomBytes) {
      for (Map.Entry<Integer, List<Candidate>> some : emptied.entrySet()) {
        Choice choice = choose(some, 1, roomBytes);
        if (choice != null) {
          return choice;
        }
      }
      for (Map.Entry<Integer, List<Candidate>> some : small.entrySet()) {
        Choice choice = choose(some, last ? MERGED_MIN : SOURCES_MAX, roomBytes);
        if (choice != null) {
          return choice;
        }
      }
      return null;
    }

    /** As many as one command and one block may take; null if that is too few. */
    private @Nullable Choice choose(
        Map.Entry<Integer, List<Candidate>> some, int least, IntToLongFunction roomBytes) {
      List<Candidate> from = some.getValue();
      if (from.size() < least) {
        return null;
      }
      long room = roomBytes.applyAsLong(some.getKey());
      List<Candidate> chosen = new ArrayList<>();
      long bytes = 0;
      int ranges = 0;
      int written = 0;
      int tables = 0;
      for (Candidate candidate : from) {
        boolean fits =
            chosen.isEmpty()
                || (chosen.size() < SOURCES_MAX
                    && ranges + candidate.ranges().size() <= Limits.RELOCATED_RANGES
                    && written + candidate.rangesWritten() <= RANGES_WRITTEN_MAX
                    && tables + candidate.tables() <= TABLES_MAX);
        boolean alone = chosen.isEmpty() && room == Limits.BLOCK_BYTES;
        if (fits && (alone || bytes + candidate.bytes() <= room)) {
          chosen.add(candidate);
          bytes += candidate.bytes();
          ranges += candidate.ranges().size();
          written += candidate.rangesWritten();
          tables += candidate.tables();
        }
      }
      if (chosen.size() < least) {
        return null;
      }
      from.removeAll(chosen);
      count -= chosen.size();
      return choice(some.getKey(), chosen);
    }

    private static Choice choice(int copies, List<Candidate> chosen) {
      List<Upkeep.Move> moves = new ArrayList<>();
      long end = 0;
      for (Candidate candidate : chosen) {
        for (Range range : candidate.ranges()) {
          long at = roundedUp(end);
          moves.add(
              new Upkeep.Move(candidate.block().id(), range.offset(), range.lengthBytes(), at));
          end = at + range.lengthBytes();
        }
      }
      return new Choice(copies, chosen.stream().map(Candidate::block).toList(), moves, end);
    }
  }
}

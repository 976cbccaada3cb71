package dfs.metadata.namespace;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.protocol.Limits;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Relocations that were made, so that what a range is called now can be called as it was at first.
 */
final class Moves {
  private static final int CHANGES_MEANWHILE = 3;
  private static final int SOURCES = 3;

  /** Of each target what lies where. */
  private final Map<Long, TreeMap<Long, Upkeep.Move>> targets = new HashMap<>();

  private int relocated;

  /**
   * What lives in some closed blocks, which may be targets, goes to a new one; now and then not.
   */
  void relocate(RandomChanges changes) {
    NamespaceBed bed = changes.bed;
    List<Survey.Block> closed =
        new ArrayList<>(bed.namespace.survey().blocks(Survey.BlockState.CLOSED, 0, 1000));
    Collections.shuffle(closed, changes.random);
    List<Upkeep.Move> planned = new ArrayList<>();
    long end = 0;
    for (Survey.Block block :
        closed.subList(0, Math.min(closed.size(), 1 + changes.random.nextInt(SOURCES)))) {
      Survey.Live live =
          bed.namespace.survey().live(block.id(), Integer.MAX_VALUE, new HashMap<>());
      assertThat(live.known()).as("what lives in %s", block).isTrue();
      if (end + live.bytes() + (long) live.ranges().size() * Limits.UNIT_BYTES
          > Limits.BLOCK_BYTES) {
        continue;
      }
      for (Survey.Range range : live.ranges()) {
        long at = (end + Limits.UNIT_BYTES - 1) & -Limits.UNIT_BYTES;
        planned.add(new Upkeep.Move(block.id(), range.offset(), range.lengthBytes(), at));
        end = at + range.lengthBytes();
      }
    }
    if (!planned.isEmpty()) {
      relocate(changes, planned, end);
    }
  }

  private void relocate(RandomChanges changes, List<Upkeep.Move> planned, long length) {
    NamespaceBed bed = changes.bed;
    Reply made = bed.upkeep(new Upkeep.OpenTarget(length, 0, List.of(1L, 2L), 0));
    long target = ((Reply.Progress) made).ids().getFirst();
    for (int i = 0; i < CHANGES_MEANWHILE; i++) {
      changes.step();
    }
    assertThat(bed.namespace.survey().ownerless(0, Integer.MAX_VALUE)).doesNotContain(target);
    if (changes.random.nextInt(4) == 0) {
      bed.upkeep(new Upkeep.DropTargets(List.of(target)));
      assertThat(bed.upkeep(new Upkeep.Relocate(target, planned)))
          .isInstanceOf(Reply.Refused.class);
      return;
    }
    TreeMap<Long, Upkeep.Move> there = new TreeMap<>();
    planned.forEach(move -> there.put(move.targetOffset(), move));
    targets.put(target, there);
    assertThat(bed.upkeep(new Upkeep.Relocate(target, planned))).isEqualTo(Reply.Done.DONE);
    relocated++;
  }

  int relocated() {
    return relocated;
  }

  /** The name of a byte of a block in the block that it was written to. */
  String origin(long block, long offset) {
    long of = block;
    long at = offset;
    while (targets.containsKey(of)) {
      Upkeep.Move move = targets.get(of).floorEntry(at).getValue();
      at = move.offset() + at - move.targetOffset();
      of = move.block();
    }
    return of + "@" + at;
  }
}

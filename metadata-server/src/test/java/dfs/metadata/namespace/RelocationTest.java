package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.SECOND;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.extent;
import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.records.BlockInfo;
import dfs.metadata.records.Keys;
import dfs.metadata.records.NumberRecord;
import dfs.metadata.state.State;
import dfs.metadata.state.Table;
import dfs.metadata.state.Transaction;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What lives in a block goes to another one, for all versions, and back to nobody. */
class RelocationTest {
  private static final int UNIT = Limits.UNIT_BYTES;
  private final NamespaceBed bed = NamespaceBed.inMemory();
  private final Survey survey = bed.namespace.survey();

  private Survey.Live live(long block) {
    return survey.live(block, Integer.MAX_VALUE, new HashMap<>());
  }

  private Survey.Block block(long id) {
    return Objects.requireNonNull(survey.block(id));
  }

  private Survey.BlockState state(long block) {
    return block(block).state();
  }

  /** A target for everything that lives in these. */
  private List<Upkeep.Move> plan(long... blocks) {
    List<Upkeep.Move> moves = new ArrayList<>();
    long at = 0;
    for (long block : blocks) {
      for (Survey.Range range : live(block).ranges()) {
        moves.add(new Upkeep.Move(block, range.offset(), range.lengthBytes(), at));
        at += (range.lengthBytes() + UNIT - 1) & -UNIT;
      }
    }
    return moves;
  }

  private long open(long length) {
    Reply made = bed.upkeep(new Upkeep.OpenTarget(length, 0, List.of(3L, 4L), 0));
    return ((Reply.Progress) made).ids().getFirst();
  }

  private long relocate(long... blocks) {
    long target = open(1 << 20);
    assertThat(bed.upkeep(new Upkeep.Relocate(target, plan(blocks)))).isEqualTo(Reply.Done.DONE);
    bed.check();
    return target;
  }

  private List<Extent> past(long ino, long nanos) {
    Query.ReadMap query = new Query.ReadMap(ino, 0, 1L << 30);
    return ((Reply.MapPage) bed.namespace.query(Caller.ROOT, query, bed.instantAt(nanos)))
        .extents();
  }

  @Test
  void thePresentAndThePastFindWhatWentElsewhere() {
    long block = bed.allocate();
    long file = bed.create(ROOT, "f");
    long other = bed.create(ROOT, "other");
    bed.write(file, extent(0, 3 * UNIT, block, 5 * UNIT));
    bed.write(other, extent(100, 50, block, 9 * UNIT + 7));
    bed.seal(block, 20 * UNIT, true);
    bed.tick(5 * SECOND);
    long then = bed.now();
    bed.tick(5 * SECOND);
    bed.truncate(file, UNIT);
    assertThat(live(block).ranges())
        .as("the past lives")
        .containsExactly(new Survey.Range(5 * UNIT, 3 * UNIT), new Survey.Range(9 * UNIT, UNIT));
    long target = relocate(block);
    assertThat(state(block)).isEqualTo(Survey.BlockState.RELOCATED);
    assertThat(state(target)).isEqualTo(Survey.BlockState.CLOSED);
    assertThat(bed.map(file).extents()).containsExactly(extent(0, UNIT, target, 0));
    assertThat(bed.map(other).extents()).containsExactly(extent(100, 50, target, 3 * UNIT + 7));
    assertThat(bed.map(other).blocks())
        .extracting(Reply.BlockPlace::servers)
        .containsExactly(List.of(3L, 4L));
    assertThat(past(file, then)).containsExactly(extent(0, 3 * UNIT, target, 0));
    assertThat(survey.compacted())
        .isEqualTo(new Survey.Compacted(1, 20 * UNIT, 20 * UNIT - (1 << 20)));
  }

  @Test
  void aSecondMoveRewritesTheTables() {
    long first = bed.allocate();
    long second = bed.allocate();
    long file = bed.create(ROOT, "f");
    bed.write(file, extent(0, 3 * UNIT, first, 0), extent(3 * UNIT, UNIT, second, 4 * UNIT));
    bed.seal(first, 8 * UNIT, true);
    bed.seal(second, 8 * UNIT, true);
    long target = relocate(first, second);
    bed.write(file, extent(UNIT, UNIT, bed.allocate(), 0));
    long last = relocate(target);
    assertThat(state(target)).as("nothing names it").isEqualTo(Survey.BlockState.DEAD);
    assertThat(bed.map(file).extents())
        .filteredOn(extent -> extent.fileOffset() != UNIT)
        .containsExactly(
            extent(0, UNIT, last, 0),
            extent(2 * UNIT, UNIT, last, UNIT),
            extent(3 * UNIT, UNIT, last, 2 * UNIT));
    assertThat(block(first).target()).isEqualTo(last);
  }

  @Test
  void aTargetLivesAsLongAsAnythingThatWentThere() {
    long one = bed.allocate();
    long two = bed.allocate();
    bed.write(bed.create(ROOT, "a"), extent(0, UNIT, one, 0));
    bed.write(bed.create(ROOT, "b"), extent(0, UNIT, two, 0));
    bed.seal(one, UNIT, true);
    bed.seal(two, UNIT, true);
    long target = relocate(one, two);
    assertThat(survey.ownerless(0, 10)).isEmpty();
    bed.unlink(ROOT, "a");
    bed.upkeepAll();
    assertThat(survey.ownerless(0, 10)).containsExactly(one);
    bed.upkeep(new Upkeep.CondemnBlocks(List.of(one, two, target)));
    assertThat(state(one)).isEqualTo(Survey.BlockState.DEAD);
    bed.upkeep(new Upkeep.BlocksGone(List.of(one)));
    assertThat(live(target).ranges()).containsExactly(new Survey.Range(UNIT, UNIT));
    bed.check();
    bed.unlink(ROOT, "b");
    bed.upkeepAll();
    bed.upkeep(new Upkeep.CondemnBlocks(List.of(two)));
    assertThat(survey.ownerless(0, 10)).containsExactly(target);
    bed.check();
  }

  /** A block may die while what lived in it is copied. */
  @Test
  void whatDiedMeanwhileIsLeftOut() {
    long one = bed.allocate();
    long two = bed.allocate();
    bed.write(bed.create(ROOT, "a"), extent(0, UNIT, one, 0));
    bed.write(bed.create(ROOT, "b"), extent(0, UNIT, two, 0));
    bed.seal(one, UNIT, true);
    bed.seal(two, UNIT, true);
    List<Upkeep.Move> plan = plan(one, two);
    long target = open(2 * UNIT);
    bed.unlink(ROOT, "a");
    bed.upkeepAll();
    bed.upkeep(new Upkeep.CondemnBlocks(List.of(one)));
    assertThat(survey.ownerless(0, 10)).as("it is being filled").isEmpty();
    assertThat(bed.upkeep(new Upkeep.Relocate(target, plan))).isEqualTo(Reply.Done.DONE);
    assertThat(state(one)).isEqualTo(Survey.BlockState.DEAD);
    assertThat(state(two)).isEqualTo(Survey.BlockState.RELOCATED);
    bed.check();
  }

  @Test
  void onlyClosedBlocksGoToOneThatIsBeingFilled() {
    long block = bed.allocate();
    bed.write(bed.create(ROOT, "a"), extent(0, UNIT, block, 0));
    List<Upkeep.Move> moves = List.of(new Upkeep.Move(block, 0, UNIT, 0));
    long target = open(UNIT);
    assertThat(errno(bed.upkeep(new Upkeep.Relocate(target, moves)))).isEqualTo(Errno.EAGAIN);
    bed.seal(block, UNIT, false);
    assertThat(errno(bed.upkeep(new Upkeep.Relocate(target, moves)))).isEqualTo(Errno.EAGAIN);
    bed.seal(block, UNIT, true);
    List<Upkeep.Move> beyond = List.of(new Upkeep.Move(block, 0, UNIT, 1));
    assertThat(errno(bed.upkeep(new Upkeep.Relocate(target, beyond)))).isEqualTo(Errno.EINVAL);
    assertThat(errno(bed.upkeep(new Upkeep.Relocate(bed.allocate(), moves))))
        .as("a session's own")
        .isEqualTo(Errno.EAGAIN);
    bed.upkeep(new Upkeep.DropTargets(List.of(target, block)));
    assertThat(state(target)).isEqualTo(Survey.BlockState.DEAD);
    assertThat(state(block)).isEqualTo(Survey.BlockState.CLOSED);
    assertThat(errno(bed.upkeep(new Upkeep.Relocate(target, moves)))).isEqualTo(Errno.EAGAIN);
    long next = open(UNIT);
    assertThat(bed.upkeep(new Upkeep.Relocate(next, moves))).isEqualTo(Reply.Done.DONE);
    assertThat(errno(bed.upkeep(new Upkeep.Relocate(open(UNIT), moves))))
        .as("it went before")
        .isEqualTo(Errno.EAGAIN);
    bed.check();
  }

  @Test
  void copiesAreWantedOfWhereItWent() {
    long block = bed.allocate();
    long file = bed.create(ROOT, "a");
    bed.write(file, extent(0, UNIT, block, 0));
    bed.seal(block, UNIT, true);
    long target = relocate(block);
    bed.change(new Change.SetReplication(file, 3, 0, UNIT));
    assertThat(block(target).copies()).isEqualTo(3);
    assertThat(block(relocate(target)).copies()).as("of where it went next, too").isEqualTo(3);
  }

  @Test
  void whatWentElsewhereIsFoundThere() {
    long block = bed.allocate();
    bed.write(bed.create(ROOT, "a"), extent(0, UNIT, block, 0));
    bed.seal(block, UNIT, true);
    long target = relocate(block);
    Looked looked = new Looked();
    assertThat(survey.look(Caller.ROOT, List.of(), looked)).isEqualTo(Reply.Done.DONE);
    assertThat(looked.blocks).containsExactly("/a in %d up to %d".formatted(target, UNIT));
    assertThat(looked.named).containsExactly(target);
  }

  @Test
  void nothingIsSaidOfWhatIsNotUnderstood() {
    long block = bed.allocate();
    long file = bed.create(ROOT, "a");
    bed.write(file, extent(0, UNIT, block, 0), extent(3 * UNIT, UNIT, block, 5 * UNIT));
    bed.seal(block, 6 * UNIT, true);
    assertThat(survey.live(block, 1, new HashMap<>()).known()).as("too much to look at").isFalse();
    assertThat(survey.live(99, 100, new HashMap<>()).known()).isFalse();
    corrupt(tx -> tx.countOwner(block, file, 1));
    assertThat(live(block).known()).as("one extent is not found").isFalse();
  }

  private void corrupt(Consumer<Transaction> what) {
    State state = bed.namespace.state();
    Transaction tx = state.begin();
    tx.begin(bed.now() + 1);
    what.accept(tx);
    state.commit(tx, state.appliedIndex() + 1);
  }

  /** Each of these is found by its name. */
  @Test
  void fsckKnowsRelocations() {
    long block = bed.allocate();
    long file = bed.create(ROOT, "a");
    bed.write(file, extent(0, 4 * UNIT, block, 0));
    bed.seal(block, 4 * UNIT, true);
    long target = relocate(block);
    BlockInfo right =
        Objects.requireNonNull(
            bed.namespace.state().read(r -> r.value(Table.BLOCKS, Key.of(block))));
    BlockInfo.Relocation whole = right.relocations().getFirst();
    corrupt(
        tx ->
            tx.put(
                Table.BLOCKS,
                Key.of(block),
                right.relocated(
                    List.of(new BlockInfo.Relocation(0, 3 * UNIT, target, whole.blockOffset())))));
    assertThat(survey.check(10))
        .containsExactly("map %d names bytes of block %d that went nowhere".formatted(file, block));
    corrupt(
        tx ->
            tx.put(
                Table.BLOCKS,
                Key.of(block),
                right.relocated(List.of(new BlockInfo.Relocation(0, 4 * UNIT, target, 1 << 20)))));
    assertThat(survey.check(10))
        .containsExactly("block %d went to %d, which has not its bytes".formatted(block, target));
    corrupt(tx -> tx.put(Table.BLOCKS, Key.of(block), right.withServers(List.of(1L))));
    assertThat(survey.check(10))
        .containsExactly("block %d is neither here nor relocated".formatted(block));
    corrupt(
        tx -> {
          tx.put(Table.BLOCKS, Key.of(block), right);
          tx.put(Table.OWNERS, Key.of(target, Keys.ownerOf(block)), new NumberRecord(2));
        });
    assertThat(survey.check(10)).hasSize(1).allMatch(problem -> problem.contains("says 2"));
  }
}

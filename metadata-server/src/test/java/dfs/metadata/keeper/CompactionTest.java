package dfs.metadata.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.metadata.keeper.KeeperBed.Server;
import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.session.ChunkOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When blocks are emptied and merged, what each step leaves, and what is not touched. */
class CompactionTest {
  private static final long MIB = 1 << 20;

  private final KeeperBed bed = new KeeperBed(2);
  private final Server one = bed.server().here();
  private final Server two = bed.server().here();
  private final Server three = bed.server().here();
  private final List<Server> all = List.of(one, two, three);

  private final Map<String, Long> files = new HashMap<>();

  /** All are here once: the keeper may decide. */
  @BeforeEach
  void start() {
    bed.run(1);
  }

  private void run(long seconds) {
    for (long i = 0; i < seconds; i++) {
      bed.run(1);
      all.stream().filter(server -> !server.silent).forEach(Server::obey);
    }
  }

  private void file(String name, long block, long offset, long length) {
    files.put(name, bed.file(name, block, offset, length));
  }

  private void remove(String name) {
    bed.admin(new Change.Unlink(Attributes.ROOT_INO, ByteString.copyFromUtf8(name)));
    bed.upkeep(new Upkeep.Reap(List.of(files.get(name))));
  }

  private void has(long block, long length, Server... on) {
    for (Server server : on) {
      server.has(block, length, Replicas.SEALED);
    }
  }

  /** A closed block of 8 MiB of which the first and the last live, once the rest was removed. */
  private long mostlyDead() {
    long block = bed.open(bed.session, one, two);
    file("first", block, 0, MIB);
    file("dead", block, MIB, 6 * MIB);
    file("last", block, 7 * MIB, MIB - 5);
    bed.seal(block, 8 * MIB - 5, true);
    has(block, 8 * MIB - 5, one, two);
    remove("dead");
    return block;
  }

  /** What was ordered of all, by target. */
  private List<ChunkOrder.Compact> told() {
    List<ChunkOrder.Compact> told = new ArrayList<>();
    all.forEach(server -> told.addAll(server.told(ChunkOrder.Compact.class)));
    told.sort(Comparator.comparingLong(order -> order.block().block()));
    return told;
  }

  private BlockState state(long block) {
    Survey.Block known = bed.survey().block(block);
    return known == null ? BlockState.GONE : known.state();
  }

  @Test
  void aBlockThatIsMostlyDeadIsEmptied() {
    long block = mostlyDead();
    bed.run(15);
    assertThat(told()).hasSize(2);
    ChunkOrder.Compact order = told().getFirst();
    long target = order.block().block();
    assertThat(order.block().lengthBytes()).isEqualTo(2 * MIB - 5);
    assertThat(order.parts())
        .containsExactly(
            new Upkeep.Move(block, 0, MIB, 0), new Upkeep.Move(block, 7 * MIB, MIB - 5, MIB));
    assertThat(order.sources()).hasSize(1);
    assertThat(order.sources().getFirst().addresses()).hasSize(2);
    assertThat(state(target)).isEqualTo(BlockState.OPEN);
    List<Server> making =
        all.stream().filter(s -> !s.told(ChunkOrder.Compact.class).isEmpty()).toList();
    making.getFirst().obey();
    bed.run(60);
    assertThat(state(block)).as("one has not made it").isEqualTo(BlockState.CLOSED);
    making.getLast().obey();
    run(10);
    assertThat(state(target)).isEqualTo(BlockState.CLOSED);
    assertThat(state(block)).isEqualTo(BlockState.RELOCATED);
    all.forEach(server -> assertThat(server.lengthOf(block)).isNegative());
    assertThat(bed.survey().compacted()).isEqualTo(new Survey.Compacted(1, 8 * MIB - 5, 6 * MIB));
    assertThat(bed.survey().check(10)).isEmpty();
    run(60);
    assertThat(told()).as("nothing more to do").hasSize(2);
  }

  /** No other space would ever come back where each block has something that lives. */
  @Test
  void onFullServersWhatTheyKeepInReserveIsUsed() {
    long block = mostlyDead();
    for (Server server : all) {
      server.freeBytes = 0;
      server.compactBytes = 2 * MIB - 1;
    }
    run(30);
    assertThat(told()).as("it does not fit").isEmpty();
    all.forEach(server -> server.compactBytes = 2 * MIB);
    run(3);
    assertThat(told()).hasSize(2);
    run(30);
    assertThat(state(block)).isEqualTo(BlockState.RELOCATED);
  }

  /** Only when every server of the target has confirmed it after the relocation. */
  @Test
  void theOldBlockStaysUntilTheNewOneIsConfirmed() {
    long block = mostlyDead();
    bed.run(15);
    Server maker =
        all.stream().filter(s -> !s.told(ChunkOrder.Compact.class).isEmpty()).toList().getFirst();
    all.forEach(Server::obey);
    long target = maker.told(ChunkOrder.Compact.class).getFirst().block().block();
    bed.clock.nanos += KeeperBed.SECOND;
    all.forEach(Server::beat);
    bed.keeper.round();
    assertThat(state(block)).isEqualTo(BlockState.RELOCATED);
    maker.leave();
    maker.silent = true;
    run(10);
    assertThat(one.lengthOf(block)).isPositive();
    assertThat(two.lengthOf(block)).isPositive();
    maker.silent = false;
    maker.here();
    assertThat(maker.lengthOf(target)).isPositive();
    run(10);
    assertThat(one.lengthOf(block)).isNegative();
    assertThat(two.lengthOf(block)).isNegative();
  }

  /** A server that was away has what was relocated meanwhile. */
  @Test
  void whatComesBackLateIsSurplus() {
    long block = mostlyDead();
    run(30);
    assertThat(state(block)).isEqualTo(BlockState.RELOCATED);
    three.leave();
    three.replicas.put(
        block, new dfs.protocol.session.ChunkMessage.BlockState(block, 1, 8 * MIB - 5, 1));
    three.here();
    run(10);
    assertThat(three.lengthOf(block)).isNegative();
  }

  @Test
  void aTargetThatCannotBeMadeIsDroppedAndAnotherIsMadeLater() {
    long block = mostlyDead();
    all.forEach(server -> server.refuses = true);
    run(20);
    long target = told().getFirst().block().block();
    assertThat(state(target)).isEqualTo(BlockState.GONE);
    assertThat(state(block)).isEqualTo(BlockState.CLOSED);
    run(15);
    assertThat(told()).as("not at once").hasSize(2);
    all.forEach(server -> server.refuses = false);
    run(60);
    assertThat(state(block)).isEqualTo(BlockState.RELOCATED);
  }

  @Test
  void aTargetGoesWhenOneOfItsServersGoes() {
    long block = mostlyDead();
    bed.run(15);
    long target = told().getFirst().block().block();
    Server maker =
        all.stream().filter(s -> !s.told(ChunkOrder.Compact.class).isEmpty()).toList().getLast();
    maker.leave();
    maker.here();
    run(5);
    assertThat(state(target)).isEqualTo(BlockState.GONE);
    assertThat(state(block)).isEqualTo(BlockState.CLOSED);
    all.forEach(server -> assertThat(server.lengthOf(target)).isNegative());
  }

  /** The keeper was started again since. */
  @Test
  void aTargetThatNobodyFillsIsDropped() {
    Reply made = bed.upkeep(new Upkeep.OpenTarget(MIB, 0, List.of(one.id, two.id), 0));
    long target = ((Reply.Progress) made).ids().getFirst();
    long open = bed.open(bed.session, one, two);
    one.has(target, MIB, Replicas.SEALED);
    run(20);
    assertThat(state(target)).isEqualTo(BlockState.GONE);
    assertThat(one.lengthOf(target)).isNegative();
    assertThat(state(open)).isEqualTo(BlockState.OPEN);
  }

  @Test
  void blocksThatAreWrittenOrNotWholeOrHaveNoRoomAreLeftAlone() {
    long sealed = bed.open(bed.session, one, two);
    file("small", sealed, 0, 5000);
    bed.seal(sealed, 8 * MIB, false);
    has(sealed, 8 * MIB, one, two);
    long single = bed.open(bed.session, one, two);
    file("single", single, 0, 5000);
    bed.seal(single, 8 * MIB, true);
    has(single, 8 * MIB, one);
    all.forEach(server -> server.refuses = true);
    run(60);
    assertThat(told()).as("neither closed nor whole").isEmpty();
    all.forEach(server -> server.refuses = false);
    two.freeBytes = 0;
    three.freeBytes = 0;
    has(single, 8 * MIB, two);
    run(60);
    assertThat(told()).as("no room for two copies").isEmpty();
    two.freeBytes = 1L << 40;
    run(60);
    assertThat(state(single)).isEqualTo(BlockState.RELOCATED);
    assertThat(state(sealed)).isEqualTo(BlockState.SEALED);
  }

  @Test
  void beforeAllHaveReportedNothingIsMoved() {
    KeeperBed fresh = new KeeperBed(1);
    Server here = fresh.server().here();
    Server away = fresh.server().here();
    away.leave();
    long block = fresh.open(fresh.session, here);
    fresh.seal(block, 8 * MIB, true);
    here.has(block, 8 * MIB, Replicas.SEALED);
    Reply made =
        fresh.admin(
            new Change.CreateFile(
                Attributes.ROOT_INO, ByteString.copyFromUtf8("f"), 0600, 0, false));
    assertThat(made).isInstanceOf(Reply.Entry.class);
    fresh.upkeep(new Upkeep.OpenTarget(MIB, 0, List.of(here.id), 0));
    fresh.run(30);
    assertThat(fresh.survey().blocksOfSession(0)).hasSize(1);
  }

  private long small(String name) {
    long block = bed.open(bed.session, one, two);
    file(name, block, 0, 5000);
    bed.seal(block, 5000, true);
    has(block, 5000, one, two);
    return block;
  }

  @Test
  void manySmallBlocksBecomeOne() {
    List<Long> blocks = new ArrayList<>();
    for (int i = 0; i < CompactionPlan.MERGED_MIN - 1; i++) {
      blocks.add(small("f" + i));
    }
    run(30);
    assertThat(told()).as("too few").isEmpty();
    for (int i = 0; i < 5; i++) {
      blocks.add(small("g" + i));
    }
    run(30);
    assertThat(told()).hasSize(2);
    ChunkOrder.Compact order = told().getFirst();
    assertThat(order.sources()).hasSize(blocks.size());
    assertThat(order.block().lengthBytes()).isEqualTo((blocks.size() - 1) * 8192L + 5000);
    blocks.forEach(block -> assertThat(state(block)).isEqualTo(BlockState.RELOCATED));
    assertThat(bed.survey().check(10)).isEmpty();
    run(60);
    assertThat(told()).as("one small block is left").hasSize(2);
  }

  /** What would be too many ranges goes with some of the dead bytes between them. */
  @Test
  void aBlockInManyPiecesGoesInFewer() {
    long block = bed.open(bed.session, one, two);
    Reply made =
        bed.admin(
            new Change.CreateFile(
                Attributes.ROOT_INO, ByteString.copyFromUtf8("f"), 0600, 0, false));
    Attributes attributes = ((Reply.Entry) made).attributes();
    List<Extent> extents = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      extents.add(new Extent(8192L * i, 4096, block, (i % 2 == 0 ? 16384L : 20480L) * i, false));
    }
    bed.admin(
        new Change.Commit(
            attributes.ino(),
            attributes.map(),
            extents,
            false,
            ByteString.EMPTY,
            1 << 23,
            0,
            false,
            List.of(),
            null));
    bed.seal(block, 24 * MIB, true);
    has(block, 24 * MIB, one, two);
    run(60);
    assertThat(told().getFirst().parts()).hasSizeLessThanOrEqualTo(512);
    assertThat(told().getLast().block().lengthBytes()).as("in the end").isEqualTo(1000 * 4096);
    assertThat(told()).hasSize(4);
    assertThat(state(block)).isEqualTo(BlockState.RELOCATED);
    assertThat(bed.survey().check(10)).isEmpty();
  }
}

package dfs.metadata.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.keeper.KeeperBed.Server;
import dfs.metadata.keeper.KeeperBed.Stream;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The ends of dead writers' blocks, deletions in two phases, and servers that come and go. */
class UpkeepTest {
  private static final long LENGTH = 1000;

  private final KeeperBed bed = new KeeperBed(2);
  private final Server one = bed.server().here();
  private final Server two = bed.server().here();

  private Block block(long id) {
    return Objects.requireNonNull(bed.survey().block(id));
  }

  private long deadWriter() {
    long writer = bed.openSession();
    bed.upkeep(new Upkeep.FenceSession(writer));
    return writer;
  }

  private long openOfDeadWriter() {
    long writer = bed.openSession();
    long block = bed.open(writer, one, two);
    bed.upkeep(new Upkeep.FenceSession(writer));
    return block;
  }

  @Test
  void theLongestReplicaOfADeadWriterCounts() {
    long block = openOfDeadWriter();
    one.has(block, LENGTH, Replicas.OPEN);
    two.has(block, LENGTH + 5, Replicas.OPEN);
    bed.run(1);
    one.obey();
    bed.run(1);
    assertThat(block(block).state())
        .as("one is here and has not answered")
        .isEqualTo(BlockState.OPEN);
    two.obey();
    bed.run(1);
    assertThat(block(block).lengthBytes()).isEqualTo(LENGTH + 5);
  }

  /** What is acknowledged lies on the one who is away; who is here has lost it. */
  @Test
  void aBlockDoesNotEndEmptyBecauseItIsDamagedOrMissingWhereSomebodyIs() {
    for (int state : List.of(Replicas.DAMAGED, Replicas.OPEN)) {
      long block = openOfDeadWriter();
      one.has(block, LENGTH, Replicas.OPEN);
      one.leave();
      if (state == Replicas.DAMAGED) {
        two.has(block, 0, Replicas.DAMAGED);
      }
      for (int i = 0; i < 60; i++) {
        bed.run(1);
        two.obey();
      }
      assertThat(block(block).state()).isEqualTo(BlockState.OPEN);
      one.incarnation++;
      one.here();
      bed.run(1);
      one.obey();
      bed.run(1);
      Block ended = bed.survey().block(block);
      assertThat(ended == null ? -1 : ended.lengthBytes()).isEqualTo(LENGTH);
      assertThat(one.lengthOf(block)).isEqualTo(LENGTH);
    }
  }

  @Test
  void aBlockThatNobodyEverHadEndsEmptyAndItsSessionWithIt() {
    long block = openOfDeadWriter();
    bed.run(1);
    one.obey();
    two.obey();
    bed.run(1);
    assertThat(block(block).lengthBytes()).isZero();
    assertThat(bed.survey().sessions()).hasSize(1);
  }

  @Test
  void dyingSessionsAreAskedForOnceAndInOneOrder() {
    long writer = bed.openSession();
    for (int i = 0; i < 300; i++) {
      bed.open(writer, one, two);
    }
    bed.upkeep(new Upkeep.FenceSession(writer));
    for (int i = 0; i < 50; i++) {
      bed.keeper.round();
    }
    assertThat(one.told(ChunkOrder.SealLongest.class)).hasSize(1);
    one.obey();
    two.obey();
    bed.keeper.round();
    assertThat(bed.survey().session(writer)).isNull();
  }

  private List<Long> dead(int count) {
    List<Long> blocks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long block = bed.open(bed.session, one, two);
      bed.seal(block, LENGTH, true);
      one.has(block, LENGTH, Replicas.SEALED);
      two.has(block, LENGTH, Replicas.SEALED);
      blocks.add(block);
    }
    return blocks;
  }

  /** Each answer wakes the keeper: it must not bring the same orders again. */
  @Test
  void aDeletionIsOrderedOnce() {
    dead(100);
    for (int i = 0; i < 50; i++) {
      bed.keeper.round();
    }
    assertThat(one.told(ChunkOrder.Delete.class)).hasSize(1);
    one.obey();
    two.obey();
    bed.keeper.round();
    assertThat(bed.survey().blockCounts().getOrDefault(BlockState.DEAD, 0L)).isZero();
    assertThat(one.replicas).isEmpty();
  }

  /** Space comes back although one server does not. */
  @Test
  void deadBlocksOfALostServerHoldUpNoOthers() {
    Server three = bed.server().here();
    dead(300);
    two.leave();
    bed.run(5);
    long block = bed.open(bed.session, one, three);
    bed.seal(block, LENGTH, true);
    three.has(block, LENGTH, Replicas.SEALED);
    for (int i = 0; i < 8; i++) {
      bed.run(1);
      one.obey();
      three.obey();
    }
    assertThat(three.replicas).isEmpty();
    assertThat(one.replicas).isEmpty();
    for (int i = 0; i < 60; i++) {
      bed.run(1);
      one.obey();
    }
    assertThat(bed.survey().blockCounts().getOrDefault(BlockState.DEAD, 0L))
        .as("who is lost is not waited for")
        .isZero();
    two.incarnation++;
    two.here();
    for (int i = 0; i < 12; i++) {
      bed.run(1);
      two.obey();
    }
    assertThat(two.replicas).as("it comes back and its orphans go").isEmpty();
  }

  /** A surplus copy was deleted while the block lived: that says nothing of its death. */
  @Test
  void anEarlierDeletionIsNoLaterOne() {
    long block = bed.sealed(LENGTH, one, two);
    two.say(new ChunkMessage.Deleted(List.of(block)));
    bed.seal(block, LENGTH, true);
    bed.run(3);
    assertThat(two.told(ChunkOrder.Delete.class)).isNotEmpty();
  }

  /** The same data directory twice, or a server that came back before its end was heard of. */
  @Test
  void whatAnEarlierConnectionBringsLateIsNotHeard() {
    long block = bed.sealed(LENGTH, one, two);
    Stream before = one.stream;
    one.incarnation++;
    one.connect();
    assertThat(before.closed).isTrue();
    before.receiver.receive(new ChunkMessage.Report(List.copyOf(one.replicas.values()), true));
    bed.run(6);
    assertThat(bed.keeper.health()).isEqualTo(new Health(0, 1, 0, 0));
    one.report();
    before.receiver.receive(new ChunkMessage.Deleted(List.of(block)));
    bed.run(6);
    assertThat(bed.keeper.health()).isEqualTo(new Health(1, 0, 0, 0));
  }

  @Test
  void anEarlierStartOfAServerIsRefused() {
    one.leave();
    one.incarnation = 5;
    one.here();
    Stream latest = one.stream;
    one.incarnation = 4;
    one.connect();
    assertThat(one.stream.refused).contains("started again since");
    assertThat(latest.closed).isFalse();
  }

  /** It registers, and is away before the log has it. */
  @Test
  void aConnectionThatEndedBeforeItWasKnownIsNotHere() {
    one.leave();
    bed.log.keepsServersBack = true;
    one.connect();
    one.stream.close();
    bed.log.applyLate();
    assertThat(bed.servers.alive()).containsExactly(two.id);
    assertThat(bed.servers.conditions()).hasSize(1);
  }

  @Test
  void sessionsWithoutBlocksEnd() {
    long writer = deadWriter();
    bed.run(1);
    assertThat(bed.survey().session(writer)).isNull();
  }
}

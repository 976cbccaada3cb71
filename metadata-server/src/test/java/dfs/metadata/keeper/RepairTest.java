package dfs.metadata.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.keeper.KeeperBed.Server;
import dfs.metadata.namespace.Survey;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkMessage.BlockState;
import dfs.protocol.session.ChunkOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of copies: made again, counted, and deleted when there are too many. */
class RepairTest {
  private static final long LENGTH = 1000;

  private final KeeperBed bed = new KeeperBed(2);
  private final Server one = bed.server().here();
  private final Server two = bed.server().here();
  private final Server three = bed.server().here();

  /** All are here once: the keeper may decide. */
  @BeforeEach
  void start() {
    bed.run(1);
  }

  private void silence(Server server) {
    server.silent = true;
  }

  /** Time passes, and who is alive does what it is told. */
  private void run(long seconds) {
    run(bed, seconds, one, two, three);
  }

  /** Time passes, and these do what they are told. */
  private static void run(KeeperBed bed, long seconds, Server... obeying) {
    for (long i = 0; i < seconds; i++) {
      bed.run(1);
      for (Server server : obeying) {
        if (!server.silent) {
          server.obey();
        }
      }
    }
  }

  private static List<Long> deletions(Server server) {
    return server.told(ChunkOrder.Delete.class).stream()
        .flatMap(order -> order.blocks().stream())
        .toList();
  }

  @Test
  void eachBlockGetsAsManyCopiesAsItShouldHave() {
    long three = bed.sealed(3, LENGTH, one, two);
    long single = bed.sealed(1, LENGTH, one, two);
    long asTheVolume = bed.sealed(0, LENGTH, one, two);
    run(30);
    assertThat(bed.members(three)).hasSize(3);
    assertThat(bed.members(single)).hasSize(1);
    assertThat(bed.members(asTheVolume)).containsExactly(one.id, two.id);
    assertThat(bed.keeper.health()).isEqualTo(new Health(3, 0, 0, 0));
    List<Long> deleted = new ArrayList<>(deletions(one));
    deleted.addAll(deletions(two));
    assertThat(deleted).containsExactly(single);
  }

  @Test
  void whatADrainedServerHasGoesElsewhereFirst() {
    long block = bed.sealed(LENGTH, one, two);
    long open = bed.open(bed.openSession(), one, three);
    run(10);
    bed.admin(new Change.DrainServer(one.id, true));
    run(4);
    assertThat(bed.keeper.health().leftOn()).as("not yet sure").doesNotContainEntry(one.id, 0L);
    run(30);
    assertThat(bed.members(block)).containsExactlyInAnyOrder(two.id, three.id);
    assertThat(deletions(one)).containsExactly(block);
    assertThat(bed.keeper.health())
        .isEqualTo(new Health(1, 0, 0, 0, List.of(), Map.of(one.id, 1L), Map.of()));
    assertThat(bed.servers.place(3).servers()).doesNotContain(one.id);
    assertThat(bed.members(open)).as("who writes goes on").contains(one.id);
    bed.admin(new Change.DrainServer(one.id, false));
    run(10);
    assertThat(bed.keeper.health().leftOn()).isEmpty();
    assertThat(bed.servers.place(3).servers()).contains(one.id);
  }

  @Test
  void aDrainedServerKeepsWhatNobodyElseCanTake() {
    silence(three);
    run(40);
    long block = bed.sealed(LENGTH, one, two);
    bed.admin(new Change.DrainServer(one.id, true));
    run(60);
    assertThat(bed.members(block)).containsExactlyInAnyOrder(one.id, two.id);
    assertThat(deletions(one)).isEmpty();
    assertThat(bed.keeper.health())
        .isEqualTo(new Health(1, 0, 0, 0, List.of(), Map.of(one.id, 1L), Map.of()));
  }

  @Test
  void aForgottenServersCopiesDoNotCount() {
    long block = bed.sealed(LENGTH, one, two);
    run(10);
    two.leave();
    silence(two);
    run(6);
    assertThat(bed.keeper.health().onlyOn()).isEmpty();
    assertThat(bed.admin(new Change.ForgetServer(two.id))).isEqualTo(Reply.Done.DONE);
    run(12);
    assertThat(bed.members(block)).containsExactlyInAnyOrder(one.id, three.id);
  }

  @Test
  void aServerWithALastCopyIsNotForgotten() {
    long block = bed.sealed(LENGTH, one);
    one.leave();
    silence(one);
    run(10);
    assertThat(bed.keeper.health().onlyOn()).isEqualTo(Map.of(one.id, 1L));
    assertThat(bed.keeper.lastCopies(one.id)).isEqualTo(1);
    assertThat(bed.admin(new Change.ForgetServer(99))).isInstanceOf(Reply.Refused.class);
    assertThat(bed.members(block)).containsExactly(one.id);
  }

  /** Reading all records every few seconds is much in a large volume. */
  @Test
  void theBlocksOfAQuietVolumeAreNotReadAgain() {
    long block = bed.sealed(LENGTH, one, two);
    run(20);
    int[] pages = {0};
    bed.beforePage = state -> pages[0]++;
    run(60);
    assertThat(pages[0]).isZero();
    two.has(block, LENGTH, Replicas.DAMAGED);
    run(30);
    assertThat(pages[0]).isPositive();
    assertThat(bed.members(block)).containsExactlyInAnyOrder(one.id, three.id);
    run(20);
    pages[0] = 0;
    silence(three);
    run(6);
    assertThat(pages[0]).isPositive();
  }

  /** It went away a moment ago. */
  @Test
  void whetherAServerHasALastCopyIsNotKnownBeforeItWasLookedAt() {
    bed.sealed(LENGTH, one, two);
    bed.file("file", bed.open(bed.session, one, two), 0, 1);
    bed.open(bed.session, one, two);
    run(10);
    two.leave();
    silence(two);
    assertThat(bed.keeper.lastCopies(two.id)).isNegative();
    bed.keeper.round();
    assertThat(bed.keeper.lastCopies(two.id)).isZero();
    two.incarnation++;
    two.here();
    bed.sealed(LENGTH, two);
    two.leave();
    assertThat(bed.keeper.lastCopies(two.id)).as("it was here meanwhile").isNegative();
    bed.keeper.round();
    assertThat(bed.keeper.lastCopies(two.id)).isEqualTo(1);
    one.leave();
    silence(one);
    assertThat(bed.keeper.lastCopies(one.id)).isNegative();
    bed.keeper.round();
    assertThat(bed.keeper.lastCopies(one.id))
        .as("one sealed, one open; in the other nothing is")
        .isEqualTo(2);
  }

  /** Members change when the next look has come already. */
  @Test
  void aCopyBesideThatOfADrainedServerIsNotTooMuch() {
    long block = bed.sealed(1, LENGTH, one);
    two.leave();
    three.leave();
    bed.admin(new Change.DrainServer(one.id, true));
    run(6);
    bed.log.keepsMembersBack = true;
    two.has(block, LENGTH, Replicas.SEALED);
    two.incarnation++;
    two.here();
    run(10);
    assertThat(deletions(two)).isEmpty();
    bed.log.keepsMembersBack = false;
    bed.log.applyLate();
    run(10);
    assertThat(bed.members(block)).containsExactly(two.id);
    assertThat(deletions(one)).containsExactly(block);
    assertThat(deletions(two)).isEmpty();
  }

  @Test
  void aBlockThatIsSealedWhileADrainedServerIsLookedAtIsLeftOnIt() {
    long block = bed.open(bed.session, one);
    one.has(block, LENGTH, Replicas.SEALED);
    bed.admin(new Change.DrainServer(one.id, true));
    bed.run(12);
    bed.beforePage =
        state -> {
          if (state == Survey.BlockState.OPEN && !bed.survey().blocks(state, 0, 1).isEmpty()) {
            bed.seal(block, LENGTH, false);
          }
        };
    for (int i = 0; i < 8; i++) {
      bed.run(1);
      assertThat(bed.keeper.health().leftOn()).isEqualTo(Map.of(one.id, 1L));
    }
    assertThat(bed.members(block)).containsExactly(one.id);
  }

  /** That is no full disk. */
  @Test
  void aWriterWaitsWhenTooFewServersAreNotDrained() {
    bed.admin(new Change.DrainServer(one.id, true));
    run(6);
    assertThat(bed.servers.place(2).servers()).hasSize(2);
    bed.admin(new Change.DrainServer(two.id, true));
    run(6);
    assertThat(bed.servers.place(2)).isEqualTo(new ChunkServers.Placement(List.of(), false));
    assertThat(bed.servers.place(1).servers()).containsExactly(three.id);
    assertThat(bed.servers.place(2, 1, Set.of()).servers())
        .as("one will do")
        .containsExactly(three.id);
  }

  @Test
  void aLostCopyIsMadeAgainElsewhereAndCounted() {
    long block = bed.sealed(LENGTH, one, two);
    bed.run(10);
    silence(two);
    bed.run(28);
    assertThat(three.told(ChunkOrder.Copy.class)).as("it may come back").isEmpty();
    run(20);
    assertThat(three.told(ChunkOrder.Copy.class)).hasSize(1);
    assertThat(three.told(ChunkOrder.Copy.class).getFirst().sources())
        .containsExactly("local:directory 0");
    assertThat(bed.members(block)).containsExactly(one.id, three.id);
    assertThat(bed.keeper.health()).isEqualTo(new Health(1, 0, 0, 0));
  }

  /** Who was away has its copy still; the one that took its place is deleted, once. */
  @Test
  void whatThereIsTooMuchOfGoesWhenAllMembersHaveConfirmedTheirs() {
    long block = bed.sealed(LENGTH, one, two);
    three.has(block, LENGTH, Replicas.SEALED);
    one.leave();
    run(20);
    assertThat(deletions(three)).as("one of the members is away").isEmpty();
    one.incarnation++;
    one.connect();
    run(10);
    assertThat(deletions(three)).as("it has not said what it has").isEmpty();
    one.report();
    run(10);
    assertThat(deletions(three)).containsExactly(block);
    assertThat(bed.members(block)).containsExactly(one.id, two.id);
  }

  /** What they said when they came may be over. */
  @Test
  void thoseThatStayAreAskedAnewBeforeAnythingGoes() {
    long block = bed.sealed(LENGTH, one, two);
    three.has(block, LENGTH, Replicas.SEALED);
    bed.run(20);
    assertThat(one.told(ChunkOrder.SealAt.class)).hasSize(1);
    one.obey();
    bed.run(10);
    assertThat(deletions(three)).as("the other has not answered").isEmpty();
    two.orders.clear();
    two.has(block, 0, Replicas.DAMAGED);
    run(bed, 10, one);
    assertThat(deletions(three)).as("its replica is gone").isEmpty();
    assertThat(bed.members(block)).containsExactlyInAnyOrder(one.id, three.id);
    run(30);
    assertThat(deletions(two)).containsExactly(block);
    assertThat(deletions(three)).isEmpty();
  }

  @Test
  void aCopyOfAnotherLengthIsNoCopy() {
    long block = bed.open(bed.session, one, two);
    bed.seal(block, LENGTH, false);
    one.has(block, LENGTH, Replicas.SEALED);
    two.has(block, LENGTH - 1, Replicas.SEALED);
    three.has(block, LENGTH + 1, Replicas.SEALED);
    bed.run(6);
    Health found = bed.keeper.health();
    assertThat(found.healthy()).isZero();
    assertThat(found.under()).isEqualTo(1);
    assertThat(found.corrupt()).isEqualTo(1);
    run(40);
    assertThat(deletions(three)).as("no member and wrong").containsExactly(block);
    assertThat(bed.keeper.health()).isEqualTo(new Health(1, 0, 0, 0));
    assertThat(bed.members(block)).hasSize(2).contains(one.id);
    for (Server server : List.of(one, two, three)) {
      if (bed.members(block).contains(server.id)) {
        assertThat(server.lengthOf(block)).isEqualTo(LENGTH);
      }
    }
  }

  /** There is nobody else: the member itself replaces what it has. */
  @Test
  void aWrongReplicaIsReplacedWhereNoOtherServerIs() {
    silence(three);
    three.leave();
    bed.run(40);
    long shorter = bed.sealed(LENGTH, one, two);
    two.has(shorter, 7, Replicas.SEALED);
    long damaged = bed.sealed(LENGTH, one, two);
    two.has(damaged, 0, Replicas.DAMAGED);
    long missing = bed.sealed(LENGTH, one, two);
    two.replicas.remove(missing);
    two.say(new ChunkMessage.Deleted(List.of(missing)));
    assertThat(bed.keeper.damaged()).containsExactly(damaged);
    run(60);
    assertThat(two.told(ChunkOrder.Copy.class)).hasSize(3);
    assertThat(deletions(two)).isEmpty();
    assertThat(bed.keeper.health()).isEqualTo(new Health(3, 0, 0, 0));
    assertThat(bed.keeper.damaged()).as("it is replaced").isEmpty();
  }

  @Test
  void aBlockThatLacksTwoCopiesDoesNotWaitForTheNextLookAtAllBlocks() {
    long block = bed.sealed(3, LENGTH, one);
    for (int i = 0; i < 10 && bed.members(block).size() == 1; i++) {
      run(1);
    }
    assertThat(bed.members(block)).hasSize(2);
    run(2);
    assertThat(bed.members(block)).hasSize(3);
  }

  /** Each may have what the other lacks; what cannot be is not tried again all the time. */
  @Test
  void damagedReplicasAreMendedFromEachOther() {
    long block = bed.sealed(LENGTH, one, two);
    one.has(block, 0, Replicas.DAMAGED);
    two.has(block, 0, Replicas.DAMAGED);
    long single = bed.sealed(1, LENGTH, three);
    three.has(single, 0, Replicas.DAMAGED);
    bed.run(6);
    assertThat(bed.keeper.health().lost()).isEqualTo(2);
    List<Server> asked =
        List.of(one, two, three).stream()
            .filter(server -> !server.told(ChunkOrder.Copy.class).isEmpty())
            .toList();
    assertThat(asked).as("who has some of it already").hasSize(1).doesNotContain(three);
    Server first = asked.getFirst();
    ChunkOrder.Copy order = first.told(ChunkOrder.Copy.class).getFirst();
    assertThat(order.block().block()).isEqualTo(block);
    assertThat(order.sources()).as("of the other one").hasSize(1);
    List.of(one, two, three).forEach(server -> server.refuses = true);
    run(60);
    assertThat(first.told(ChunkOrder.Copy.class)).as("not tried again so soon").hasSize(1);
    List.of(one, two, three).forEach(server -> server.refuses = false);
    run(700);
    assertThat(bed.keeper.health())
        .isEqualTo(new Health(1, 0, 0, 1, List.of(single), Map.of(), Map.of()));
  }

  @Test
  void aGoodCopyThatNobodyCountsIsCountedAndNotMadeAgain() {
    long block = bed.sealed(LENGTH, one, two);
    three.has(block, LENGTH, Replicas.SEALED);
    two.leave();
    run(60);
    assertThat(bed.members(block)).containsExactly(one.id, three.id);
    assertThat(three.told(ChunkOrder.Copy.class)).isEmpty();
  }

  /** A restart of everything: the block's members are seen one after the other. */
  @Test
  void nothingIsCopiedBeforeAllHaveReportedOrLongAfter() {
    KeeperBed fresh = new KeeperBed(2);
    Server first = fresh.server().here();
    Server second = fresh.server().here();
    Server third = fresh.server().connect();
    long block = fresh.sealed(LENGTH, first, second);
    second.has(block, 0, Replicas.DAMAGED);
    long surplus = fresh.sealed(LENGTH, first, second);
    Server fourth = fresh.server().here();
    fourth.has(surplus, LENGTH, Replicas.SEALED);
    fresh.run(55);
    assertThat(first.told(ChunkOrder.Copy.class)).isEmpty();
    assertThat(fourth.told).as("safe mode").isEmpty();
    third.report();
    run(fresh, 6, first, second);
    assertThat(third.told(ChunkOrder.Copy.class).size() + fourth.told(ChunkOrder.Copy.class).size())
        .isEqualTo(1);
    assertThat(deletions(fourth)).containsExactly(surplus);
  }

  /** The third does not come at all: it is not waited for without end. */
  @Test
  void afterTwiceTheTimeOfALossWhoIsAwayIsNotWaitedForAnyMore() {
    KeeperBed fresh = new KeeperBed(2);
    Server first = fresh.server().here();
    Server second = fresh.server().here();
    Server third = fresh.server().connect();
    third.leave();
    long block = fresh.sealed(LENGTH, first, second);
    second.has(block, 0, Replicas.DAMAGED);
    long surplus = fresh.sealed(LENGTH, first, second);
    Server fourth = fresh.server().here();
    fourth.has(surplus, LENGTH, Replicas.SEALED);
    run(fresh, 60, first, second);
    assertThat(fourth.told).as("at 60 s").isEmpty();
    run(fresh, 12, first, second);
    assertThat(fourth.told(ChunkOrder.Copy.class)).hasSize(1);
    assertThat(deletions(fourth)).containsExactly(surplus);
  }

  @Test
  void aCopyIsOrderedOnceWhileItRuns() {
    long block = bed.sealed(LENGTH, one, two);
    two.leave();
    bed.run(100);
    assertThat(three.told(ChunkOrder.Copy.class)).hasSize(1);
    assertThat(bed.members(block)).containsExactly(one.id, two.id);
  }

  @Test
  void aServerMakesFewCopiesAtATime() {
    for (int i = 0; i < 50; i++) {
      bed.sealed(LENGTH, one, two);
    }
    two.leave();
    bed.run(60);
    assertThat(three.told(ChunkOrder.Copy.class)).hasSize(4);
    three.obey();
    bed.run(1);
    assertThat(three.told(ChunkOrder.Copy.class)).hasSize(8);
    run(60);
    assertThat(bed.keeper.health()).isEqualTo(new Health(50, 0, 0, 0));
  }

  /** It was stopped, and comes back to do what it was told long ago. */
  @Test
  void aCopyThatIsToBeDeletedCountsNoMore() {
    long block = bed.sealed(LENGTH, one, two);
    three.has(block, LENGTH, Replicas.SEALED);
    run(bed, 10, one, two);
    assertThat(deletions(three)).containsExactly(block);
    two.leave();
    bed.run(60);
    assertThat(bed.members(block)).as("three has not obeyed yet").doesNotContain(three.id);
    two.incarnation++;
    two.here();
    run(20);
    assertThat(bed.members(block)).containsExactly(one.id, two.id);
    assertThat(deletions(one)).isEmpty();
    assertThat(deletions(two)).isEmpty();
    assertThat(three.replicas).isEmpty();
  }

  /** The members that are known are confirmed again before the new ones are applied. */
  @Test
  void whatBecomesAMemberIsNoSurplus() {
    long block = bed.sealed(LENGTH, one, two);
    three.has(block, LENGTH, Replicas.SEALED);
    two.leave();
    bed.log.keepsMembersBack = true;
    bed.run(60);
    two.incarnation++;
    two.here();
    run(10);
    assertThat(deletions(three)).isEmpty();
    bed.log.keepsMembersBack = false;
    bed.log.applyLate();
    assertThat(bed.members(block)).containsExactly(one.id, three.id);
    run(20);
    assertThat(deletions(three)).isEmpty();
    assertThat(deletions(two)).containsExactly(block);
    assertThat(bed.members(block)).containsExactly(one.id, three.id);
    assertThat(bed.keeper.health()).isEqualTo(new Health(1, 0, 0, 0));
  }

  /** It is deposed, or refuses: what it does not do is not asked each second. */
  @Test
  void aDeletionIsNotRepeatedBeforeItsTime() {
    long block = bed.sealed(LENGTH, one, two);
    three.has(block, LENGTH, Replicas.SEALED);
    run(bed, 30, one, two);
    assertThat(deletions(three)).containsExactly(block);
    run(bed, 30, one, two);
    assertThat(deletions(three)).containsExactly(block, block);
  }

  @Test
  void whoCannotCopyIsNotTheOnlyOneWhoIsAsked() {
    Server four = bed.server();
    four.host = one.host;
    four.here();
    long block = bed.sealed(LENGTH, one, two);
    three.refuses = true;
    two.leave();
    run(60);
    assertThat(three.told(ChunkOrder.Copy.class)).isNotEmpty();
    four.obey();
    bed.run(2);
    assertThat(bed.members(block)).containsExactly(one.id, four.id);
  }

  /** Its connection is as it was, and it hears nothing: it has to come back and say what it has. */
  @Test
  void whoWasSilentForLongIsCutOffAndHeapsUpNothing() {
    List<Long> blocks = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      blocks.add(bed.sealed(LENGTH, one, two));
    }
    bed.run(10);
    silence(two);
    run(60);
    assertThat(two.stream.closed).isTrue();
    assertThat(two.told).isEmpty();
    assertThat(bed.members(blocks.getFirst())).containsExactly(one.id, three.id);
    two.silent = false;
    two.here();
    run(10);
    assertThat(two.replicas).isEmpty();
    assertThat(bed.keeper.health()).isEqualTo(new Health(20, 0, 0, 0));
  }

  /** More than one message holds. */
  @Test
  void manyMissingReplicasAreAskedForInPages() {
    List<BlockState> has = new ArrayList<>();
    for (int i = 0; i < 2500; i++) {
      long block = bed.open(bed.session, one, two);
      bed.seal(block, LENGTH, false);
      has.add(new BlockState(block, 1, LENGTH, Replicas.SEALED));
    }
    one.say(new ChunkMessage.Report(has, true));
    bed.run(6);
    assertThat(two.told(ChunkOrder.SealAt.class))
        .isNotEmpty()
        .allSatisfy(order -> assertThat(order.blocks().size()).isLessThanOrEqualTo(1000));
  }
}

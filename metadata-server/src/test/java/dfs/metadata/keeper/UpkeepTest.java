package dfs.metadata.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.metadata.keeper.KeeperBed.Server;
import dfs.metadata.keeper.KeeperBed.Stream;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import dfs.protocol.session.KeyProof;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** The ends of dead writers' blocks, deletions in two phases, and servers that come and go. */
class UpkeepTest {
  private static final long LENGTH = 1000;
  private static final long SECOND = KeeperBed.SECOND;

  private final KeeperBed bed = new KeeperBed(2);
  private final Server one = bed.server().here();
  private final Server two = bed.server().here();
  private int files;

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
      long writer = bed.openSession();
      long block = bed.open(writer, one, two);
      commit(writer, block);
      bed.upkeep(new Upkeep.FenceSession(writer));
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

  /** What files have was on all: the end of the one who is here has rotted. */
  @Test
  void aBlockDoesNotEndBeforeWhatFilesHaveOfIt() {
    long writer = bed.openSession();
    long block = bed.open(writer, one, two);
    commit(writer, block);
    one.has(block, LENGTH, Replicas.OPEN);
    two.has(block, LENGTH, Replicas.OPEN);
    bed.run(1);
    one.leave();
    two.has(block, LENGTH - 1, Replicas.OPEN);
    bed.upkeep(new Upkeep.FenceSession(writer));
    for (int i = 0; i < 60; i++) {
      bed.run(1);
      two.obey();
    }
    assertThat(block(block).state()).isEqualTo(BlockState.OPEN);
    assertThat(bed.keeper.lastCopies(one.id)).as("it cannot be forgotten").isEqualTo(1);
    one.incarnation++;
    one.here();
    for (int i = 0; i < 20; i++) {
      bed.run(1);
      one.obey();
      two.obey();
    }
    assertThat(block(block).lengthBytes()).isEqualTo(LENGTH);
    assertThat(two.lengthOf(block)).as("it has been copied").isEqualTo(LENGTH);
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

  /** The one who is here has lost it, and the other will not come back. */
  @Test
  void aBlockThatOnlyAForgottenServerHadEndsEmptyUnlessFilesHaveBytesInIt() {
    long writer = bed.openSession();
    long empty = bed.open(writer, one, two);
    long block = bed.open(writer, one, two);
    commit(writer, block);
    bed.upkeep(new Upkeep.FenceSession(writer));
    two.leave();
    for (int i = 0; i < 40; i++) {
      bed.run(1);
      one.obey();
    }
    assertThat(block(block).state()).as("two may come back").isEqualTo(BlockState.OPEN);
    bed.admin(new Change.ForgetServer(two.id));
    for (int i = 0; i < 20; i++) {
      bed.run(1);
      one.obey();
    }
    assertThat(bed.survey().session(writer)).isNull();
    assertThat(bed.survey().block(empty)).isNull();
    assertThat(block(block).state()).isEqualTo(BlockState.CLOSED);
    assertThat(bed.keeper.health().lostBlocks()).containsExactly(block);
    assertThat(bed.keeper.copies().of(block(block)).state()).isEqualTo(CopyStates.State.LOST);
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

  private ByteString nameOf() {
    return ByteString.copyFromUtf8("f" + files);
  }

  /** Another file, with the first bytes of a block. */
  private long commit(long by, long block) {
    files++;
    Change create = new Change.CreateFile(Attributes.ROOT_INO, nameOf(), 0644, 0, false);
    Attributes file = ((Reply.Entry) bed.admin(create)).attributes();
    Change commit =
        new Change.Commit(
            file.ino(),
            file.map(),
            List.of(new Extent(0, LENGTH, block, 0, false)),
            false,
            ByteString.EMPTY,
            LENGTH,
            0,
            false,
            List.of(),
            null);
    assertThat(bed.change(by, List.of(), commit)).isInstanceOf(Reply.Committed.class);
    return file.ino();
  }

  /** The block of a file that was there for a while and is deleted now: the past has it. */
  private long inThePast() {
    long block = bed.open(bed.session, one, two);
    long file = commit(bed.session, block);
    bed.seal(block, LENGTH, true);
    one.has(block, LENGTH, Replicas.SEALED);
    two.has(block, LENGTH, Replicas.SEALED);
    bed.run(200);
    bed.admin(new Change.Unlink(Attributes.ROOT_INO, nameOf()));
    bed.upkeep(new Upkeep.Reap(List.of(file)));
    return block;
  }

  /** Two of three servers are nearly full: two copies have no room. */
  @Test
  void thePastGivesWayWhenSpaceIsShort() {
    Server three = bed.server().here();
    long block = inThePast();
    two.freeBytes = 1;
    bed.run(10);
    assertThat(one.told(ChunkOrder.Delete.class)).as("there is room for two copies").isEmpty();
    assertThat(block(block).state()).isEqualTo(BlockState.CLOSED);
    three.freeBytes = 1;
    for (int i = 0; i < 3; i++) {
      bed.run(1);
      one.obey();
      two.obey();
    }
    assertThat(bed.survey().block(block)).isNull();
    assertThat(one.replicas).isEmpty();
    assertThat(bed.survey().past().empty()).isTrue();
  }

  /**
   * Who finds no room is told to wait as long as the past gives way and its blocks go, and until
   * the servers have said what room that made; not when there is nothing left to give.
   */
  @Test
  void whetherRoomIsMadeIsKnown() {
    inThePast();
    bed.run(1);
    two.freeBytes = 1;
    for (int i = 0; i < 3; i++) {
      bed.run(1);
      assertThat(bed.keeper.makesRoom()).as("two has not deleted anything").isTrue();
    }
    one.obey();
    two.obey();
    bed.run(2);
    assertThat(bed.survey().past().empty()).isTrue();
    assertThat(bed.keeper.makesRoom()).as("two has not said what room it has now").isTrue();
    bed.run(5);
    assertThat(bed.keeper.makesRoom()).as("it has none").isFalse();
    two.freeBytes = 1L << 40;
    bed.run(2);
    assertThat(bed.keeper.makesRoom()).isTrue();
  }

  /** The older half goes first, and what comes then waits for its blocks to be deleted. */
  @Test
  void noMoreOfThePastGoesThanIsNeeded() {
    long older = inThePast();
    bed.run(600);
    long younger = inThePast();
    one.freeBytes = 1;
    for (int i = 0; i < 20; i++) {
      bed.run(1);
      two.obey();
    }
    assertThat(block(older).state()).as("one has not deleted it").isEqualTo(BlockState.DEAD);
    assertThat(block(younger).state()).isEqualTo(BlockState.CLOSED);
    one.freeBytes = 1L << 40;
    one.obey();
    bed.run(3);
    one.obey();
    bed.run(3);
    assertThat(bed.survey().block(older)).isNull();
    assertThat(block(younger).state()).isEqualTo(BlockState.CLOSED);
    assertThat(bed.survey().oldestInstantNanos()).isPositive();
  }

  /** How much a step frees shows only when the store was compacted: so it is one step a round. */
  @Test
  void thePastGivesWayToTheMetadataStepByStep() {
    long block = inThePast();
    bed.run(600);
    bed.log.isScarce = true;
    bed.run(1);
    assertThat(bed.survey().past().empty()).isFalse();
    bed.run(5);
    assertThat(bed.survey().past().empty()).isTrue();
    one.obey();
    two.obey();
    bed.run(2);
    assertThat(bed.survey().block(block)).isNull();
  }

  /** What is deleted gives space back at once, instead of being written once more. */
  @Test
  void whenTheMetadataHasNoRoomNothingNewIsKeptUntilThereIs() {
    inThePast();
    bed.log.isScarce = true;
    bed.run(20);
    long scarce = commit(bed.session, bed.open(bed.session, one, two));
    bed.run(20);
    bed.admin(new Change.Unlink(Attributes.ROOT_INO, nameOf()));
    bed.upkeep(new Upkeep.Reap(List.of(scarce)));
    assertThat(bed.survey().past().empty()).isTrue();
    bed.log.isScarce = false;
    bed.run(20);
    inThePast();
    assertThat(bed.survey().past().empty()).isFalse();
  }

  /** Who is away holds no space: the past is not to blame. */
  @Test
  void thePastStaysWhenServersAreAway() {
    long block = inThePast();
    two.leave();
    bed.run(10);
    assertThat(block(block).state()).isEqualTo(BlockState.CLOSED);
  }

  /** The others have room, and will be back. */
  @Test
  void thePastStaysWhenThoseWithRoomAreAwayForAWhile() {
    Server three = bed.server().here();
    Server four = bed.server().here();
    long block = inThePast();
    one.freeBytes = 1;
    two.freeBytes = 1;
    bed.run(2);
    three.leave();
    four.leave();
    bed.run(10);
    one.obey();
    assertThat(block(block).state()).isEqualTo(BlockState.CLOSED);
    assertThat(bed.survey().past().empty()).isFalse();
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

  /** A restart of everything: what the third has to say may matter, until it is lost. */
  @Test
  void nothingIsDeletedBeforeAllHaveReported() {
    for (boolean comes : new boolean[] {true, false}) {
      KeeperBed fresh = new KeeperBed(2);
      Server first = fresh.server().here();
      Server second = fresh.server().here();
      Server third = fresh.server().connect();
      long ownerless = fresh.open(fresh.session, first, second);
      fresh.seal(ownerless, LENGTH, true);
      first.has(ownerless, LENGTH, Replicas.SEALED);
      second.has(ownerless, LENGTH, Replicas.SEALED);
      long dead = fresh.open(fresh.session, first, second);
      fresh.seal(dead, LENGTH, true);
      fresh.upkeep(new Upkeep.CondemnBlocks(List.of(dead)));
      if (!comes) {
        third.leave();
      }
      fresh.run(55);
      assertThat(first.told(ChunkOrder.Delete.class)).isEmpty();
      assertThat(second.told(ChunkOrder.Delete.class)).isEmpty();
      assertThat(fresh.survey().block(ownerless))
          .extracting(Block::state)
          .isEqualTo(BlockState.CLOSED);
      if (comes) {
        third.report();
      }
      fresh.run(comes ? 2 : 12);
      assertThat(first.told(ChunkOrder.Delete.class).getFirst().blocks())
          .containsExactlyInAnyOrder(ownerless, dead);
    }
  }

  /** Space comes back although one server does not. */
  @Test
  void deadBlocksOfALostServerHoldUpNoOthers() {
    Server three = bed.server().here();
    bed.run(1);
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

  /** It was lost: whatever it said before is over, and it cannot go on as if nothing had been. */
  @Test
  void whoWasCutOffComesBackAsAnotherIncarnation() {
    long block = bed.sealed(LENGTH, one, two);
    Stream before = one.stream;
    one.silent = true;
    bed.run(50);
    assertThat(before.closed).isTrue();
    assertThat(bed.keeper.health()).isEqualTo(new Health(0, 1, 0, 0));
    before.receiver.receive(new ChunkMessage.Heartbeat(List.of()));
    before.receiver.receive(new ChunkMessage.Report(List.copyOf(one.replicas.values()), true));
    before.receiver.receive(new ChunkMessage.Deleted(List.of(block)));
    bed.run(6);
    assertThat(bed.servers.alive()).containsExactly(two.id);
    assertThat(bed.keeper.health()).isEqualTo(new Health(0, 1, 0, 0));
    one.silent = false;
    one.incarnation--;
    one.connect();
    assertThat(one.stream.refused).as("the same again").contains("or cut off");
    one.here();
    bed.run(6);
    assertThat(bed.keeper.health()).isEqualTo(new Health(1, 0, 0, 0));
  }

  /** Else it would come back as the same for ever. */
  @Test
  void whoWasCutOffBeforeItKnewThatItWasHereMayComeBackAsTheSame() {
    one.leave();
    one.silent = true;
    one.connect();
    bed.run(50);
    assertThat(one.stream.closed).isTrue();
    one.silent = false;
    one.incarnation--;
    one.here();
    assertThat(one.stream.refused).isEmpty();
    assertThat(bed.servers.alive()).contains(one.id);
  }

  @Test
  void aServerWithoutTheKeyIsRefused() {
    Stream before = one.stream;
    assertThat(before.shown)
        .as("and is shown it")
        .isEqualTo(KeyProof.TO_CHUNK_SERVER.of(KeeperBed.KEY, before.challenge, before.nonce));
    bed.log.upkeep.clear();
    ByteString other = ByteString.copyFromUtf8("another key");
    List<Function<Stream, ByteString>> proofs =
        List.of(
            stream -> ByteString.EMPTY,
            stream -> KeyProof.OF_CHUNK_SERVER.of(other, stream.challenge, stream.nonce),
            stream -> KeyProof.OF_CHUNK_SERVER.of(KeeperBed.KEY, before.challenge, stream.nonce),
            stream -> KeyProof.OF_SESSION.of(KeeperBed.KEY, stream.challenge, stream.nonce),
            stream -> KeyProof.TO_CHUNK_SERVER.of(KeeperBed.KEY, stream.challenge, stream.nonce));
    for (Function<Stream, ByteString> proof : proofs) {
      Stream stream = bed.stream(one);
      stream.register(proof.apply(stream), stream.nonce);
      assertRefused(stream, "does not know the cluster key");
    }
    Stream older = bed.stream(one);
    older.register(before.shown, ByteString.EMPTY);
    assertRefused(older, "an older build");
    assertThat(bed.log.upkeep).as("the log does not hear of it").isEmpty();
    assertThat(before.closed).as("who is here stays").isFalse();
  }

  private static void assertRefused(Stream stream, String why) {
    assertThat(stream.refused).contains(why);
    assertThat(stream.closed).isTrue();
    assertThat(stream.shown).isEqualTo(ByteString.EMPTY);
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

  private boolean isKept(long instant) {
    Reply reply = bed.namespace.query(Caller.ROOT, new Query.GetInstant(), instant);
    return reply instanceof Reply.Instant kept && kept.nanos() == instant;
  }

  /** Nothing of this hour is threatened, also if an hour ended meanwhile. */
  @Test
  void whoLooksAtThisHourCostsNothing() {
    AtomicReference<Optional<List<Long>>> looked = new AtomicReference<>(Optional.of(List.of()));
    bed.keeper.spare(looked::get);
    for (int hour = 0; hour < 3; hour++) {
      bed.clock.nanos += TimeUnit.HOURS.toNanos(2);
      bed.upkeep(new Upkeep.Sole());
      long now = bed.clock.nanos / SECOND * SECOND;
      looked.set(Optional.of(List.of(now - 2 * SECOND, now - 20 * SECOND)));
      bed.run(1);
      assertThat(bed.log.upkeep).anyMatch(order -> order instanceof Upkeep.AdvanceHistory);
      bed.log.upkeep.clear();
      for (int i = 0; i < 5; i++) {
        looked.set(Optional.of(List.of(now - i * SECOND)));
        bed.run(1);
      }
      assertThat(bed.log.upkeep).noneMatch(order -> order instanceof Upkeep.AdvanceHistory);
      assertThat(bed.survey().viewed()).isEmpty();
    }
  }

  /** Who looks at an instant may be away for a moment, as after a restart. */
  @Test
  void historyWaitsUntilItIsKnownWhoLooksAtIt() {
    AtomicReference<Optional<List<Long>>> looked = new AtomicReference<>(Optional.empty());
    bed.keeper.spare(looked::get);
    long one = (bed.clock.nanos / SECOND + 10) * SECOND;
    long other = one + 7 * SECOND;
    bed.clock.nanos = other + SECOND;
    bed.upkeep(new Upkeep.Sole());
    bed.clock.nanos += TimeUnit.HOURS.toNanos(3);
    bed.run(3);
    assertThat(List.of(isKept(one), isKept(other))).containsOnly(true);
    assertThat(bed.log.upkeep).noneMatch(order -> order instanceof Upkeep.AdvanceHistory);
    looked.set(Optional.of(List.of(one)));
    bed.run(3);
    assertThat(List.of(isKept(one), isKept(other))).containsExactly(true, false);
    bed.log.upkeep.clear();
    bed.run(3);
    assertThat(bed.log.upkeep)
        .as("looking costs nothing while nothing is to be trimmed")
        .noneMatch(order -> order instanceof Upkeep.AdvanceHistory);
    looked.set(Optional.of(List.of()));
    bed.run(3);
    assertThat(isKept(one)).as("nobody looks any more").isFalse();
  }

  @Test
  void whoBeginsToLookWhileHistoryGoesKeepsIt() {
    long one = (bed.clock.nanos / SECOND + 10) * SECOND;
    long other = one + 7 * SECOND;
    bed.clock.nanos = other + SECOND;
    bed.upkeep(new Upkeep.Sole());
    bed.clock.nanos += TimeUnit.HOURS.toNanos(3);
    AtomicInteger asked = new AtomicInteger();
    bed.keeper.spare(() -> Optional.of(asked.getAndIncrement() == 0 ? List.of() : List.of(one)));
    bed.run(3);
    assertThat(List.of(isKept(one), isKept(other))).containsExactly(true, false);
  }
}

package dfs.metadata.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.keeper.KeeperBed.Server;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.session.ChunkOrder;
import org.junit.jupiter.api.Test;

/** Which copies count: of servers that have failed, and of those that were to be told to go. */
class CountedCopiesTest {
  /** A deletion was not sent because the server was silent just then; then the member dies. */
  @Test
  void whatWasNotToldToGoStillCounts() {
    KeeperBed bed = new KeeperBed(1);
    Server one = bed.server().here();
    Server two = bed.server().here();
    bed.run(1);
    long b = bed.sealed(100, one);
    two.has(b, 100, Replicas.SEALED);
    // asks one
    for (int i = 0; i < 6 && one.told(ChunkOrder.SealAt.class).isEmpty(); i++) {
      bed.run(1);
    }
    assertThat(one.told(ChunkOrder.SealAt.class)).isNotEmpty();
    one.obey();
    // Two falls silent while the survey looks: the clock moves on meanwhile.
    boolean[] once = {false};
    bed.beforePage =
        state -> {
          if (!once[0]) {
            once[0] = true;
            two.silent = true;
            bed.clock.nanos += 4 * KeeperBed.SECOND;
            one.beat();
          }
        };
    bed.run(1);
    two.silent = false;
    assertThat(two.told(ChunkOrder.Delete.class)).as("was not sent").isEmpty();
    one.leave();
    bed.run(300);
    two.obey();
    bed.run(20);
    assertThat(bed.members(b)).contains(two.id);
  }

  @Test
  void whatIsTooMuchAndWhatIsWrongIsCounted() {
    KeeperBed bed = new KeeperBed(2);
    Server one = bed.server().here();
    Server two = bed.server().here();
    Server three = bed.server().here();
    bed.run(1);
    assertThat(bed.keeper.copiesMost()).isZero();
    bed.sealed(3, 100, one, two, three);
    long tooMuch = bed.sealed(100, one, two);
    three.has(tooMuch, 100, Replicas.SEALED);
    long wrong = bed.sealed(100, one, two);
    two.has(wrong, 0, Replicas.DAMAGED);
    bed.run(5);
    assertThat(bed.keeper.health().over()).isEqualTo(1);
    assertThat(bed.keeper.health().corrupt()).isEqualTo(1);
    assertThat(bed.keeper.copiesMost()).isEqualTo(3);
    for (int i = 0; i < 20; i++) {
      bed.run(1);
      one.obey();
      two.obey();
      three.obey();
    }
    assertThat(bed.keeper.health()).isEqualTo(new Health(3, 0, 0, 0));
  }

  /** It has failed, says so, and is still there because its disk hangs. */
  @Test
  void copiesOfAFailedDirectoryDoNotCount() {
    KeeperBed bed = new KeeperBed(1);
    Server one = bed.server().here();
    Server two = bed.server().here();
    bed.run(1);
    long b = bed.sealed(100, one);
    two.has(b, 100, Replicas.SEALED);
    one.state = "failed: it has gone";
    for (int i = 0; i < 100; i++) {
      bed.run(1);
      one.obey();
      two.obey();
    }
    assertThat(two.replicas).as("the only copy that can be read").containsKey(b);
  }

  private static void arrive(KeeperBed bed, Server server) {
    KeeperBed.Stream next = bed.new Stream(server);
    server.stream = next;
    next.register();
    server.report();
  }

  /** As chunk servers do it: the first heartbeat follows the report. */
  @Test
  void whoSharesADiskIsSaidAlsoWhenNothingHappensAnyMore() {
    KeeperBed bed = new KeeperBed(2);
    Server one = bed.server();
    Server two = bed.server();
    one.host = two.host = "h";
    one.device = two.device = "d";
    one.here();
    two.here();
    bed.run(1);
    bed.sealed(100, one, two);
    bed.run(20);
    assertThat(bed.keeper.health().onOneDisk()).isEqualTo(1);
    one.leave();
    two.leave();
    bed.run(1);
    one.incarnation++;
    two.incarnation++;
    arrive(bed, one);
    one.beat();
    arrive(bed, two);
    bed.keeper.round();
    bed.run(300);
    assertThat(bed.keeper.health().onOneDisk()).isEqualTo(1);
  }

  /** One copy only; its server never comes back; the writer had written nothing that files name. */
  @Test
  void aServerWithOnlyAnOpenBlockOfTheDeadCanBeForgotten() {
    KeeperBed bed = new KeeperBed(1);
    Server one = bed.server().here();
    bed.server().here();
    bed.run(1);
    long writer = bed.openSession();
    long b = bed.open(writer, one);
    one.has(b, 0, Replicas.OPEN);
    one.leave();
    bed.upkeep(new Upkeep.FenceSession(writer));
    bed.run(1000);
    assertThat(bed.survey().namedEnd(b)).isZero();
    assertThat(bed.survey().session(writer)).isNull();
    assertThat(bed.keeper.lastCopies(one.id)).isZero();
  }
}

package dfs.metadata.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.keeper.CopyStates.CopyState;
import dfs.metadata.keeper.CopyStates.State;
import dfs.metadata.keeper.CopyStates.Verdict;
import dfs.metadata.keeper.KeeperBed.Server;
import dfs.protocol.metadata.Change;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a block is called, by what its servers have said. */
class CopyStatesTest {
  private static final long LENGTH = 1000;

  private final KeeperBed bed = new KeeperBed(2);
  private final Server one = bed.server().here();
  private final Server two = bed.server().here();
  private final Server three = bed.server().here();

  @BeforeEach
  void start() {
    bed.run(1);
  }

  private Verdict of(long block) {
    return bed.keeper.copies().of(Objects.requireNonNull(bed.survey().block(block)));
  }

  private void assertIs(long block, State state, int good, CopyState... copies) {
    Verdict verdict = of(block);
    assertThat(verdict.state()).as("%s", verdict).isEqualTo(state);
    assertThat(verdict.good()).as("%s", verdict).isEqualTo(good);
    assertThat(verdict.copies().stream().map(CopyStates.Copy::state)).containsExactly(copies);
  }

  @Test
  void asManyGoodCopiesAsWantedAreHealthyFewerAreNotAndMoreAreToo() {
    assertIs(bed.sealed(LENGTH, one, two), State.HEALTHY, 2, CopyState.GOOD, CopyState.GOOD);
    long under = bed.sealed(3, LENGTH, one, two);
    assertIs(under, State.UNDER, 2, CopyState.GOOD, CopyState.GOOD);
    assertThat(of(under).wanted()).isEqualTo(3);
    long over = bed.sealed(1, LENGTH, one, two);
    assertIs(over, State.OVER, 2, CopyState.GOOD, CopyState.GOOD);
    assertThat(of(over).state().isWell()).isTrue();
    long spare = bed.sealed(LENGTH, one, two);
    three.has(spare, LENGTH, Replicas.SEALED);
    assertIs(spare, State.OVER, 2, CopyState.GOOD, CopyState.GOOD);
  }

  @Test
  void aDamagedCopyIsCorruptWhileAnotherIsGoodAndLostAfterThat() {
    long block = bed.sealed(LENGTH, one, two);
    two.has(block, LENGTH, Replicas.DAMAGED);
    assertIs(block, State.CORRUPT, 1, CopyState.GOOD, CopyState.DAMAGED);
    one.has(block, LENGTH - 1, Replicas.SEALED);
    assertIs(block, State.LOST, 0, CopyState.OTHER_LENGTH, CopyState.DAMAGED);
  }

  @Test
  void whoIsAwayMayHaveAGoodCopyAndWhoIsForgottenHasNone() {
    long block = bed.sealed(LENGTH, one, two);
    two.leave();
    assertIs(block, State.UNDER, 1, CopyState.GOOD, CopyState.AWAY);
    one.leave();
    assertIs(block, State.UNREACHABLE, 0, CopyState.AWAY, CopyState.AWAY);
    bed.admin(new Change.ForgetServer(one.id));
    bed.admin(new Change.ForgetServer(two.id));
    assertIs(block, State.LOST, 0, CopyState.FORGOTTEN, CopyState.FORGOTTEN);
  }

  /** It has to be asked first, and to have had time to answer. */
  @Test
  void whatAServerThatIsHereDoesNotNameIsMissingInTheEnd() {
    long block = bed.open(bed.session, one);
    bed.seal(block, LENGTH, false);
    assertIs(block, State.UNREACHABLE, 0, CopyState.UNCONFIRMED);
    assertThat(of(block).confirmed()).isFalse();
    bed.run(5);
    one.obey();
    assertThat(of(block).confirmed()).isFalse();
    bed.run(7);
    assertIs(block, State.LOST, 0, CopyState.MISSING);
    assertThat(of(block).confirmed()).isTrue();
  }

  @Test
  void whoHasNotNamedAllItHasIsWaitedFor() {
    long block = bed.sealed(LENGTH, one, two);
    one.leave();
    one.connect();
    assertThat(bed.keeper.copies().isComplete()).isFalse();
    assertIs(block, State.UNDER, 1, CopyState.UNCONFIRMED, CopyState.GOOD);
    one.report();
    assertThat(bed.keeper.copies().isComplete()).isTrue();
    assertIs(block, State.HEALTHY, 2, CopyState.GOOD, CopyState.GOOD);
  }

  @Test
  void aBlockThatIsWrittenIsOpenUnlessNobodyHasIt() {
    long block = bed.open(bed.session, one, two);
    assertIs(block, State.OPEN, 0, CopyState.OPEN, CopyState.OPEN);
    two.has(block, LENGTH, Replicas.DAMAGED);
    assertIs(block, State.CORRUPT, 0, CopyState.OPEN, CopyState.DAMAGED);
    one.leave();
    assertIs(block, State.UNREACHABLE, 0, CopyState.AWAY, CopyState.DAMAGED);
    bed.admin(new Change.ForgetServer(one.id));
    assertIs(block, State.LOST, 0, CopyState.FORGOTTEN, CopyState.DAMAGED);
  }
}

package dfs.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.protocol.Limits;
import org.junit.jupiter.api.Test;

/** The numbers that inodes of the past have on a mount. */
class PastNodesTest {
  private static final long THEN = 1_800_000_000_000_000_000L;
  private static final int MANY = 250_000;

  private final PastNodes nodes = new PastNodes();

  @Test
  void eachInodeOfEachInstantHasANumberOfItsOwn() {
    long one = nodes.number(THEN, 7);
    assertThat(nodes.number(THEN, 7)).isEqualTo(one);
    assertThat(nodes.number(THEN, 8)).isNotEqualTo(one);
    assertThat(nodes.number(THEN + 1, 7)).isNotEqualTo(one);
    assertThat(PastNodes.isPast(one)).isTrue();
    assertThat(PastNodes.isPast(7)).isFalse();
    assertThat(PastNodes.isPast((7L << 48) + 7)).as("of another shard").isFalse();
    assertThat(nodes.get(one)).isEqualTo(new PastNodes.Node(one, THEN, 7));
  }

  @Test
  void whatTheKernelKnowsIsLookedAt() {
    long one = nodes.number(THEN, 7);
    long other = nodes.number(THEN, 8);
    long gate = nodes.number(0, 7);
    nodes.remember(gate, 1);
    assertThat(nodes.instants()).isEmpty();
    nodes.remember(one, 2);
    nodes.remember(other, 1);
    nodes.forget(one, 1);
    nodes.forget(other, 1);
    assertThat(nodes.instants()).containsExactly(THEN);
    nodes.forget(one, 1);
    nodes.forget(one, 1);
    assertThat(nodes.instants()).isEmpty();
    for (int i = 1; i <= Limits.SESSION_INSTANTS + 1; i++) {
      nodes.remember(nodes.number(THEN + i, 7), 1);
    }
    assertThat(nodes.instants())
        .hasSize(Limits.SESSION_INSTANTS)
        .doesNotContain(THEN + 1)
        .contains(THEN + 2);
  }

  @Test
  void ofTooManyThoseAreLookedAtThatWereUsedLast() {
    long asked = nodes.number(THEN + 1, 7);
    for (int i = 1; i <= Limits.SESSION_INSTANTS; i++) {
      nodes.remember(nodes.number(THEN + i, 7), 1);
    }
    assertThat(nodes.get(asked)).isNotNull();
    nodes.remember(nodes.number(THEN + 2, 7), 1);
    for (int i = 1; i <= 10; i++) {
      nodes.remember(nodes.number(THEN + 1000 + i, 7), 1);
    }
    assertThat(nodes.instants())
        .hasSize(Limits.SESSION_INSTANTS)
        .contains(THEN + 1, THEN + 2)
        .doesNotContain(THEN + 3, THEN + 12);
  }

  /** However many were looked up: what the kernel refers to stays, and the last of the others. */
  @Test
  void whatTheKernelKnowsIsKept() {
    long known = nodes.number(THEN, 1);
    nodes.remember(known, 2);
    long gone = nodes.number(THEN, 2);
    long last = 0;
    for (int i = 0; i < MANY; i++) {
      last = nodes.number(THEN, 10 + i);
    }
    assertThat(nodes.get(gone)).isNull();
    assertThat(nodes.get(last)).isNotNull();
    assertThat(nodes.number(THEN, 1)).isEqualTo(known);
    assertThat(nodes.number(THEN, 2)).as("numbers are given once").isGreaterThan(last);
    nodes.forget(known, 1);
    for (int i = 0; i < MANY; i++) {
      var _ = nodes.number(THEN + 1, 10 + i);
    }
    assertThat(nodes.get(known)).as("one reference is left").isNotNull();
    nodes.forget(known, 1);
    for (int i = 0; i < MANY; i++) {
      var _ = nodes.number(THEN + 2, 10 + i);
    }
    assertThat(nodes.get(known)).isNull();
  }
}

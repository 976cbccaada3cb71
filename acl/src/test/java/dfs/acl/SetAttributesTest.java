package dfs.acl;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

/** Set-id bits, the sticky bit and ownership: a case for each rule. */
class SetAttributesTest {
  private static final int GROUP = 100;
  private static final Subject ALICE = new Subject(1000, 10, Set.of(GROUP));
  private static final Subject BOB = new Subject(2000, 20, Set.of());

  @Test
  void stickyDirectoriesProtectEntries() {
    assertThat(Sticky.mayRemove(BOB, 0777, 1, 2)).isTrue();
    assertThat(Sticky.mayRemove(BOB, 01777, 1, 2)).isFalse();
    assertThat(Sticky.mayRemove(BOB, 01777, 2000, 2)).isTrue();
    assertThat(Sticky.mayRemove(BOB, 01777, 1, 2000)).isTrue();
    assertThat(Sticky.mayRemove(Subject.ROOT, 01777, 1, 2)).isTrue();
  }

  @Test
  void newInodesTakeTheMakersGroup() {
    assertThat(SetId.ofNew(BOB, 01777, GROUP, 02755, false))
        .isEqualTo(new SetId.NewInode(20, 02755));
    assertThat(SetId.ofNew(BOB, 0777, GROUP, 0755, true)).isEqualTo(new SetId.NewInode(20, 0755));
  }

  @Test
  void setgidDirectoriesPassTheirGroupOn() {
    assertThat(SetId.ofNew(BOB, 02777, GROUP, 0755, true))
        .isEqualTo(new SetId.NewInode(GROUP, 02755));
    assertThat(SetId.ofNew(BOB, 02777, GROUP, 0644, false))
        .isEqualTo(new SetId.NewInode(GROUP, 0644));
  }

  @Test
  void setgidFilesInSetgidDirectoriesAreForMembers() {
    assertThat(SetId.ofNew(BOB, 02777, GROUP, 06755, false).mode()).isEqualTo(04755);
    assertThat(SetId.ofNew(BOB, 02777, GROUP, 06745, false).mode()).isEqualTo(06745);
    assertThat(SetId.ofNew(ALICE, 02777, GROUP, 06755, false).mode()).isEqualTo(06755);
    assertThat(SetId.ofNew(Subject.ROOT, 02777, GROUP, 06755, false).mode()).isEqualTo(06755);
  }

  @Test
  void writingDropsSetIdBits() {
    assertThat(SetId.afterWrite(ALICE, 07777, GROUP)).isEqualTo(01777);
    assertThat(SetId.afterWrite(ALICE, 06666, GROUP)).isEqualTo(02666);
    assertThat(SetId.afterWrite(BOB, 06666, GROUP)).isEqualTo(0666);
    assertThat(SetId.afterWrite(BOB, 0755, GROUP)).isEqualTo(0755);
    assertThat(SetId.afterWrite(Subject.ROOT, 06777, GROUP)).isEqualTo(06777);
  }

  @Test
  void changingTheOwnerDropsSetIdBitsForRootToo() {
    assertThat(SetId.afterChown(ALICE, 06777, GROUP, false)).isEqualTo(0777);
    assertThat(SetId.afterChown(Subject.ROOT, 06777, GROUP, false)).isEqualTo(0777);
    assertThat(SetId.afterChown(Subject.ROOT, 06767, GROUP, false)).isEqualTo(02767);
    assertThat(SetId.afterChown(ALICE, 06767, GROUP, false)).isEqualTo(02767);
    assertThat(SetId.afterChown(BOB, 06767, GROUP, false)).isEqualTo(0767);
    assertThat(SetId.afterChown(ALICE, 06777, GROUP, true)).isEqualTo(06777);
  }

  @Test
  void setgidIsForMembersToSet() {
    assertThat(SetId.afterChmod(BOB, 07777, GROUP)).isEqualTo(05777);
    assertThat(SetId.afterChmod(ALICE, 07777, GROUP)).isEqualTo(07777);
    assertThat(SetId.afterChmod(ALICE, 07777, 10)).isEqualTo(07777);
    assertThat(SetId.afterChmod(Subject.ROOT, 07777, GROUP)).isEqualTo(07777);
  }

  @Test
  void theOwnerAndRootChangeModes() {
    assertThat(Ownership.isOwner(ALICE, 1000)).isTrue();
    assertThat(Ownership.isOwner(ALICE, 2000)).isFalse();
    assertThat(Ownership.isOwner(Subject.ROOT, 2000)).isTrue();
  }

  @Test
  void onlyRootGivesFilesAway() {
    assertThat(Ownership.mayChown(ALICE, 1000, 2000)).isFalse();
    assertThat(Ownership.mayChown(ALICE, 2000, 1000)).isFalse();
    assertThat(Ownership.mayChown(ALICE, 2000, 2000)).isFalse();
    assertThat(Ownership.mayChown(ALICE, 1000, 1000)).isTrue();
    assertThat(Ownership.mayChown(Subject.ROOT, 1000, 2000)).isTrue();
  }

  @Test
  void theOwnerGivesHisOwnGroups() {
    assertThat(Ownership.mayChgrp(ALICE, 1000, 5, GROUP)).isTrue();
    assertThat(Ownership.mayChgrp(ALICE, 1000, 5, 10)).isTrue();
    assertThat(Ownership.mayChgrp(ALICE, 1000, 5, 5)).isTrue();
    assertThat(Ownership.mayChgrp(ALICE, 1000, 5, 6)).isFalse();
    assertThat(Ownership.mayChgrp(ALICE, 2000, 5, GROUP)).isFalse();
    assertThat(Ownership.mayChgrp(Subject.ROOT, 2000, 5, 6)).isTrue();
  }

  @Test
  void whoMayWriteMayTouch() {
    assertThat(Ownership.mayChangeTimes(BOB, 1000, true, true)).isTrue();
    assertThat(Ownership.mayChangeTimes(BOB, 1000, true, false)).isFalse();
    assertThat(Ownership.mayChangeTimes(BOB, 1000, false, true)).isFalse();
    assertThat(Ownership.mayChangeTimes(ALICE, 1000, false, false)).isTrue();
    assertThat(Ownership.mayChangeTimes(Subject.ROOT, 1000, false, false)).isTrue();
  }
}

package dfs.acl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dfs.acl.AclEntry.Tag;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who may read, write and execute: a case for each rule. */
class AccessTest {
  private static final int OWNER = 1000;
  private static final int OWNING_GROUP = 100;
  private static final Subject OWNING = new Subject(OWNER, 7, Set.of());
  private static final Subject MEMBER = new Subject(2000, OWNING_GROUP, Set.of());
  private static final Subject STRANGER = new Subject(3000, 8, Set.of(9));

  private static int granted(Subject subject, int mode, @Nullable Acl acl, boolean isDirectory) {
    int granted = 0;
    for (int wanted : new int[] {4, 2, 1}) {
      if (Access.permits(subject, mode, OWNER, OWNING_GROUP, acl, isDirectory, wanted)) {
        granted |= wanted;
      }
    }
    return granted;
  }

  private static int granted(Subject subject, Acl acl) {
    return granted(subject, acl.modeBits(), acl, false);
  }

  @Test
  void theFirstClassOfAModeDecides() {
    assertThat(granted(OWNING, 0077, null, false)).isZero();
    assertThat(granted(OWNING, 0400, null, false)).isEqualTo(4);
    assertThat(granted(MEMBER, 0707, null, false)).isZero();
    assertThat(granted(MEMBER, 0020, null, false)).isEqualTo(2);
    assertThat(granted(new Subject(2000, 1, Set.of(5, OWNING_GROUP)), 0020, null, false))
        .isEqualTo(2);
    assertThat(granted(STRANGER, 0770, null, false)).isZero();
    assertThat(granted(STRANGER, 0001, null, false)).isEqualTo(1);
  }

  @Test
  void allThatIsWantedMustBeGranted() {
    assertThat(Access.permits(OWNING, 0500, OWNER, 1, null, false, 5)).isTrue();
    assertThat(Access.permits(OWNING, 0500, OWNER, 1, null, false, 6)).isFalse();
    assertThat(Access.permits(STRANGER, 0, OWNER, 1, null, false, 0)).isTrue();
    assertThatThrownBy(() -> Access.permits(OWNING, 0500, OWNER, 1, null, false, 8))
        .hasMessage("access 8");
  }

  @Test
  void rootExecutesOnlyWhatIsExecutable() {
    assertThat(granted(Subject.ROOT, 0, null, false)).isEqualTo(6);
    assertThat(granted(Subject.ROOT, 0, null, true)).isEqualTo(7);
    assertThat(granted(Subject.ROOT, 0001, null, false)).isEqualTo(7);
    assertThat(granted(Subject.ROOT, 07666, null, false)).isEqualTo(6);
    assertThat(granted(Subject.ROOT, Acl.ofMode(0010))).isEqualTo(7);
    // what the mask withholds is executable by nobody
    assertThat(granted(Subject.ROOT, acl(6, 4, 4, 0, new AclEntry(Tag.USER, 7, 3000))))
        .isEqualTo(6);
  }

  /** user, group, mask, others, and one named entry. */
  private static Acl acl(int user, int group, int mask, int other, AclEntry named) {
    AclEntry first = named.tag() == Tag.USER ? named : AclEntry.of(Tag.GROUP_OBJ, group);
    AclEntry second = named.tag() == Tag.USER ? AclEntry.of(Tag.GROUP_OBJ, group) : named;
    return new Acl(
        List.of(
            AclEntry.of(Tag.USER_OBJ, user),
            first,
            second,
            AclEntry.of(Tag.MASK, mask),
            AclEntry.of(Tag.OTHER, other)));
  }

  @Test
  void theOwnerIsNotMasked() {
    Acl acl = acl(7, 7, 0, 7, new AclEntry(Tag.USER, 7, OWNER));
    assertThat(granted(OWNING, acl)).isEqualTo(7);
    assertThat(granted(OWNING, acl(1, 7, 7, 7, new AclEntry(Tag.USER, 7, OWNER)))).isEqualTo(1);
  }

  @Test
  void aNamedUserHasWhatEntryAndMaskGrant() {
    assertThat(granted(STRANGER, acl(7, 7, 5, 7, new AclEntry(Tag.USER, 6, 3000)))).isEqualTo(4);
    // and nothing from a group that he is in
    Subject both = new Subject(3000, OWNING_GROUP, Set.of());
    assertThat(granted(both, acl(7, 7, 7, 7, new AclEntry(Tag.USER, 0, 3000)))).isZero();
  }

  @Test
  void theOwningGroupIsMaskedToo() {
    assertThat(granted(MEMBER, acl(7, 7, 3, 0, new AclEntry(Tag.USER, 7, 1)))).isEqualTo(3);
  }

  @Test
  void anyOfTheGroupEntriesMayGrantButNotTheirSum() {
    Acl acl = acl(7, 4, 7, 7, new AclEntry(Tag.GROUP, 2, 9));
    Subject inBoth = new Subject(3000, OWNING_GROUP, Set.of(9));
    assertThat(granted(inBoth, acl)).isEqualTo(6);
    assertThat(Access.permits(inBoth, acl.modeBits(), OWNER, OWNING_GROUP, acl, false, 6))
        .isFalse();
  }

  @Test
  void whoIsInAGroupEntryIsNotOneOfTheOthers() {
    assertThat(granted(STRANGER, acl(7, 7, 7, 7, new AclEntry(Tag.GROUP, 4, 9)))).isEqualTo(4);
    assertThat(granted(STRANGER, acl(7, 7, 7, 5, new AclEntry(Tag.GROUP, 4, 10)))).isEqualTo(5);
    assertThat(granted(MEMBER, acl(7, 0, 7, 7, new AclEntry(Tag.GROUP, 7, 9)))).isZero();
  }

  @Test
  void anEmptyMaskDenies() {
    assertThat(granted(STRANGER, acl(7, 7, 0, 7, new AclEntry(Tag.USER, 7, 3000)))).isZero();
    assertThat(granted(MEMBER, acl(7, 7, 0, 7, new AclEntry(Tag.USER, 7, 3000)))).isZero();
  }

  @Test
  void aTrivialAclIsItsMode() {
    for (int mode = 0; mode <= 0777; mode++) {
      for (Subject subject : List.of(OWNING, MEMBER, STRANGER, Subject.ROOT)) {
        assertThat(granted(subject, Acl.ofMode(mode)))
            .as("mode %o", mode)
            .isEqualTo(granted(subject, mode, null, false));
      }
    }
  }
}

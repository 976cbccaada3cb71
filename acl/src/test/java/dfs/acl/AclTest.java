package dfs.acl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dfs.acl.AclEntry.Tag;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Layout, validity and the arithmetic between an ACL and a mode. */
class AclTest {
  /** u::rw-,u:1000:r-x,g::r--,g:50:rwx,m::r-x,o::---. */
  private static final Acl ACL =
      new Acl(
          List.of(
              AclEntry.of(Tag.USER_OBJ, 6),
              new AclEntry(Tag.USER, 5, 1000),
              AclEntry.of(Tag.GROUP_OBJ, 4),
              new AclEntry(Tag.GROUP, 7, 50),
              AclEntry.of(Tag.MASK, 5),
              AclEntry.of(Tag.OTHER, 0)));

  private static Acl acl(AclEntry... entries) {
    return new Acl(List.of(entries));
  }

  private static Acl minimal(AclEntry... between) {
    return new Acl(
        Stream.of(
                Stream.of(AclEntry.of(Tag.USER_OBJ, 7), AclEntry.of(Tag.GROUP_OBJ, 7)),
                Arrays.stream(between),
                Stream.of(AclEntry.of(Tag.OTHER, 7)))
            .flatMap(entries -> entries)
            .toList());
  }

  private static ByteBuffer hex(String text) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(text.replace(" ", "")));
  }

  /** What ext4 takes and gives back as u::rw-,u:1000:r-x,g::r--,g:50:rwx,m::r-x,o::---. */
  @Test
  void layoutIsTheKernels() {
    ByteBuffer value =
        hex(
            "02000000 01000600 ffffffff 02000500 e8030000 04000400 ffffffff"
                + " 08000700 32000000 10000500 ffffffff 20000000 ffffffff");
    assertThat(Acl.parse(value)).isEqualTo(ACL);
    assertThat(value.position()).isZero();
    assertThat(ByteBuffer.wrap(ACL.format())).isEqualTo(value);
  }

  @Test
  void idsOfEntriesThatNameNobodyAreNotLookedAt() {
    ByteBuffer value = hex("02000000 01000600 00000000 04000400 07000000 20000000 00000000");
    assertThat(Acl.parse(value)).isEqualTo(Acl.ofMode(0640));
  }

  @Test
  void idsKeepTheirOrderAndAreUnsigned() {
    Acl acl =
        minimal(
            new AclEntry(Tag.GROUP, 1, 70),
            new AclEntry(Tag.GROUP, 2, 0xFFFFFFFE),
            new AclEntry(Tag.GROUP, 3, 60),
            AclEntry.of(Tag.MASK, 7));
    assertThat(Acl.parse(ByteBuffer.wrap(acl.format()))).isEqualTo(acl);
  }

  @Test
  void aHeaderAloneIsEmpty() {
    assertThat(Acl.isEmpty(hex("02000000"))).isTrue();
    assertThat(Acl.isEmpty(hex("01000000"))).isFalse();
    assertThat(Acl.isEmpty(ByteBuffer.wrap(ACL.format()))).isFalse();
    assertThat(Acl.isEmpty(hex("0200"))).isFalse();
  }

  private static void refused(String value, String reason) {
    assertThatThrownBy(() -> Acl.parse(hex(value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(reason);
  }

  @Test
  void parseSaysWhatIsWrong() {
    refused("", "ACL of 0 bytes");
    refused("020000", "ACL of 3 bytes");
    refused("02000000 01000600", "ACL of 8 bytes");
    refused("03000000", "ACL of version 3");
    refused("02000000", "ACL without an entry USER_OBJ");
    refused("02000000 40000600 ffffffff", "ACL entry with tag 0x40");
    refused("02000000 01000800 ffffffff", "USER_OBJ entry with permissions 0x8");
    refused("02000000 02000600 ffffffff", "USER entry with no id");
    assertThatThrownBy(
            () -> Acl.parse(ByteBuffer.allocate(4 + 8 * (Acl.ENTRIES_MAX + 1)).put(0, (byte) 2)))
        .hasMessage("ACL of 8192 entries");
  }

  private static void invalid(String reason, AclEntry... entries) {
    assertThatThrownBy(() -> acl(entries))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(reason);
  }

  @Test
  void onlyValidListsExist() {
    AclEntry user = AclEntry.of(Tag.USER_OBJ, 7);
    AclEntry group = AclEntry.of(Tag.GROUP_OBJ, 7);
    AclEntry other = AclEntry.of(Tag.OTHER, 7);
    AclEntry mask = AclEntry.of(Tag.MASK, 7);
    AclEntry named = new AclEntry(Tag.USER, 7, 5);
    invalid("ACL without an entry USER_OBJ", group, other);
    invalid("ACL without an entry GROUP_OBJ", user, other);
    invalid("ACL without an entry OTHER", user, group);
    invalid("ACL without an entry MASK", user, named, group, other);
    invalid("ACL without an entry MASK", user, group, new AclEntry(Tag.GROUP, 7, 5), other);
    invalid("ACL with two entries OTHER", user, group, other, other);
    invalid("ACL with two entries MASK", user, named, group, mask, mask, other);
    invalid("ACL entry USER after GROUP_OBJ", user, group, named, mask, other);
    invalid("ACL entry USER_OBJ after OTHER", group, other, user);
    // as posix_acl_valid: a mask that nobody needs, and the same user twice
    assertThat(acl(user, group, mask, other).isTrivial()).isFalse();
    assertThat(acl(user, named, named, group, mask, other).entries()).hasSize(6);
    assertThatThrownBy(() -> new AclEntry(Tag.OTHER, 7, 3)).hasMessage("OTHER entry with id 3");
  }

  @Test
  void anAclOfThreeEntriesIsAMode() {
    for (int mode = 0; mode <= 0777; mode++) {
      Acl acl = Acl.ofMode(mode);
      assertThat(acl.isTrivial()).isTrue();
      assertThat(acl.modeBits()).isEqualTo(mode);
    }
    assertThat(Acl.ofMode(04751).modeBits()).isEqualTo(0751);
    assertThatThrownBy(() -> Acl.ofMode(0100644)).hasMessage("mode 0100644");
  }

  @Test
  void theGroupBitsAreTheMask() {
    assertThat(ACL.modeBits()).isEqualTo(0650);
    assertThat(ACL.isTrivial()).isFalse();
  }

  @Test
  void chmodChangesOwnerMaskAndOthers() {
    Acl changed = ACL.withMode(02721);
    assertThat(changed.modeBits()).isEqualTo(0721);
    assertThat(changed.entries())
        .containsExactly(
            AclEntry.of(Tag.USER_OBJ, 7),
            new AclEntry(Tag.USER, 5, 1000),
            AclEntry.of(Tag.GROUP_OBJ, 4),
            new AclEntry(Tag.GROUP, 7, 50),
            AclEntry.of(Tag.MASK, 2),
            AclEntry.of(Tag.OTHER, 1));
    assertThat(Acl.ofMode(0640).withMode(0604)).isEqualTo(Acl.ofMode(0604));
  }

  @Test
  void aNewInodeInheritsWhatBothGrant() {
    Acl.Inherited file = ACL.inherit(0666);
    assertThat(file.mode()).isEqualTo(0640);
    assertThat(file.access())
        .isEqualTo(
            acl(
                AclEntry.of(Tag.USER_OBJ, 6),
                new AclEntry(Tag.USER, 5, 1000),
                AclEntry.of(Tag.GROUP_OBJ, 4),
                new AclEntry(Tag.GROUP, 7, 50),
                AclEntry.of(Tag.MASK, 4),
                AclEntry.of(Tag.OTHER, 0)));
    assertThat(ACL.inherit(06777).mode()).isEqualTo(06650);
    Acl.Inherited plain = Acl.ofMode(0750).inherit(0666);
    assertThat(plain.mode()).isEqualTo(0640);
    assertThat(plain.access()).isNull();
  }
}

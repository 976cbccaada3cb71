package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a mode without a list lets in of those whom a list let in. */
class PreservedTest {
  private static int mode(int mode, String... entries) {
    return Preserved.withoutList(mode, String.join("\n", entries));
  }

  @Test
  void theGroupGetsWhatItHadAndNotTheMask() {
    assertThat(mode(0660, "user::rw-", "user:eve:rw-", "group::---", "mask::rw-", "other::---"))
        .isEqualTo(0600);
    assertThat(mode(0640, "user::rw-", "user:eve:rw-", "group::rw-", "mask::r--", "other::---"))
        .isEqualTo(0640);
  }

  /** Without the list she is one of the group, or of the others. */
  @Test
  void whoIsNamedGetsNoMoreThanBefore() {
    assertThat(mode(0644, "user::rw-", "user:eve:---", "group::r--", "mask::r--", "other::r--"))
        .isEqualTo(0600);
    assertThat(mode(0664, "user::rw-", "user:eve:rw-", "group::rw-", "mask::rw-", "other::r--"))
        .isEqualTo(0664);
    // What the mask takes away she had not.
    assertThat(mode(0624, "user::rw-", "user:eve:rw-", "group::rw-", "mask::-w-", "other::r--"))
        .isEqualTo(0620);
  }

  /** Who is in a named group may be in the owning one, too, and had what either gives. */
  @Test
  void aNamedGroupKeepsItsMembersOut() {
    assertThat(mode(0644, "user::rw-", "group::r--", "group:guests:---", "mask::r--", "other::r--"))
        .isEqualTo(0640);
  }

  @Test
  void otherBitsStay() {
    assertThat(mode(01755, "user::rwx", "group::r-x", "other::r-x")).isEqualTo(01755);
  }
}

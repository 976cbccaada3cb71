package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** What setfacl(1) makes of an ACL. */
class AclEditTest {
  private static final String PLAIN = "user::rw-\ngroup::r-x\nother::r--\n";

  private static AclEdit set(String text, String entries) {
    AclEdit acl = new AclEdit(text);
    acl.set(AclEdit.parse(entries, false, true), acl);
    return acl;
  }

  @Test
  void theMaskIsTheUnionOfWhatItLimits() {
    assertThat(set(PLAIN, "u:17:w").text())
        .isEqualTo("user::rw-\ngroup::r-x\nother::r--\nuser:17:-w-\nmask::rwx\n");
    assertThat(set(PLAIN, "u:17:rwx,m::r").text()).contains("mask::r--\n");
    assertThat(set(PLAIN, "g::0,o:7,u::6").text()).isEqualTo("user::rw-\ngroup::---\nother::rwx\n");
  }

  @Test
  void entriesAreTakenAway() {
    AclEdit acl = set(PLAIN, "u:17:rwx,g:5:w");
    acl.remove(AclEdit.parse("u:17", false, false));
    assertThat(acl.text()).endsWith("group:5:-w-\nmask::rwx\n");
    acl.remove(AclEdit.parse("g:5", false, false));
    assertThat(acl.text()).isEqualTo(PLAIN);
    assertThatThrownBy(() -> acl.remove(AclEdit.parse("o:", false, false)))
        .hasMessageContaining("others stay");
  }

  @Test
  void whatIsStrippedGrantsNoMore() {
    AclEdit acl = set(PLAIN, "u:17:rwx,m::x");
    acl.strip();
    assertThat(acl.text()).isEqualTo("user::rw-\ngroup::--x\nother::r--\n");
  }

  @Test
  void aDefaultAclHasWhatItNeeds() {
    AclEdit empty = new AclEdit("");
    empty.set(AclEdit.parse("d:u:17:r", false, true), new AclEdit(PLAIN));
    assertThat(empty.text())
        .isEqualTo("user::rw-\ngroup::r-x\nother::r--\nuser:17:r--\nmask::r-x\n");
    assertThat(AclEdit.parse("d:u:17:r", false, true).getFirst().isDefault()).isTrue();
    for (String wrong : new String[] {"", "u", "u:17", "u:17:q", "z:1:r", "o:17:r", "u:17:rwx:r"}) {
      assertThatThrownBy(() -> AclEdit.parse(wrong, false, true))
          .as(wrong)
          .isInstanceOf(UsageException.class);
    }
  }
}

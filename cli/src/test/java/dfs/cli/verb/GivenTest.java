package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class GivenTest {
  private static final VerbSpec SPEC =
      VerbSpec.of(
          "v",
          VerbSpec.Kind.CHANGES,
          "PATH...",
          0,
          VerbSpec.ANY,
          "Does.",
          VerbSpec.flag("-a --all", "all"),
          VerbSpec.flag("-l", "long"),
          VerbSpec.valued("-n --lines", "N", "so many"),
          VerbSpec.valued("-name", "PATTERN", "named so"));

  private static Given given(String... words) {
    return Given.parse(SPEC, List.of(words));
  }

  @Test
  void optionsAreFoundUnderEachName() {
    Given given = given("x", "--all", "-n", "5", "y");
    assertThat(given.has("-a")).isTrue();
    assertThat(given.has("-l")).isFalse();
    assertThat(given.value("--lines")).contains("5");
    assertThat(given.operands()).containsExactly("x", "y");
  }

  @Test
  void lettersGoTogetherAndValuesInTheWord() {
    assertThat(given("-aln7").value("-n")).contains("7");
    assertThat(given("-al").has("-l")).isTrue();
    assertThat(given("--lines=").value("-n")).contains("");
    assertThat(given("--lines=a=b").value("-n")).contains("a=b");
    assertThat(given("-name", "-a").value("-name")).contains("-a");
    assertThat(given("-n", "1", "-n", "2").value("-n")).contains("2");
  }

  @Test
  void whatComesBehindTwoDashesIsNoOption() {
    assertThat(given("-a", "--", "-l", "--").operands()).containsExactly("-l", "--");
    assertThat(given("-").operands()).containsExactly("-");
  }

  @Test
  void whatIsNoOptionIsSaid() {
    assertThatThrownBy(() -> given("--none=1"))
        .isInstanceOf(UsageException.class)
        .hasMessage("--none=1: there is no such option");
    assertThatThrownBy(() -> given("-az")).hasMessage("-az: there is no such option");
    assertThatThrownBy(() -> given("--all=1")).hasMessage("--all takes no value");
    assertThatThrownBy(() -> given("x", "-n")).hasMessage("a value is missing: -n N");
  }

  @Test
  void helpNamesEveryOption() {
    assertThat(Help.of(SPEC))
        .startsWith("Usage: dfs v [OPTION...] PATH...\nDoes.\n")
        .contains("  -a, --all      ", "  -n, --lines N  ", "      --data DIR ");
  }
}

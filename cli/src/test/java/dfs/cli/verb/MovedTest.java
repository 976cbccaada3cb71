package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is removed after it was copied: what was copied, and no more. */
class MovedTest {
  private LocalVerbs dfs;

  @BeforeEach
  void prepare(@TempDir Path scratch) throws IOException {
    dfs = new LocalVerbs(scratch);
  }

  private void local(String name, String contents) throws IOException {
    Path file = dfs.here.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, contents);
  }

  /** The copy is cut short by hand, as if the source had grown; and a name was not copied. */
  @Test
  void whatIsNotAsItWasCopiedStays() throws Exception {
    local("tree/same", "same");
    local("tree/longer", "longer by now");
    local("tree/new", "came later");
    dfs.file("tree/same", "same");
    dfs.file("tree/longer", "longer");
    Call call = dfs.call();
    Place source = new Place("tree", dfs.here.resolve("tree"));
    Place target = new Place("/tree", dfs.root.resolve("tree"));
    Walk.through(source, false, new Moved(call, target, java.time.Instant.now().plusSeconds(10)));
    assertThat(dfs.here.resolve("tree/same")).doesNotExist();
    assertThat(dfs.here.resolve("tree/longer")).hasContent("longer by now");
    assertThat(dfs.here.resolve("tree/new")).hasContent("came later");
    assertThat(call.hasFailed()).isTrue();
  }

  @Test
  void whatWasChangedSinceStays() throws Exception {
    local("f", "same");
    dfs.file("f", "same");
    Call call = dfs.call();
    Walk.through(
        new Place("f", dfs.here.resolve("f")),
        false,
        new Moved(
            call,
            new Place("/f", dfs.root.resolve("f")),
            java.time.Instant.now().minusSeconds(10)));
    assertThat(dfs.here.resolve("f")).hasContent("same");
    assertThat(call.hasFailed()).isTrue();
  }

  @Test
  void whatWasCopiedGoes() throws Exception {
    local("tree/d/f", "f");
    Files.createSymbolicLink(dfs.here.resolve("tree/l"), Path.of("d"));
    dfs.done("-moveFromLocal", "tree", "/moved");
    assertThat(dfs.here.resolve("tree")).doesNotExist();
    assertThat(dfs.root.resolve("moved/d/f")).hasContent("f");
  }

  /** Removing one name changes when the file was changed last. */
  @Test
  void allNamesOfAFileGo() throws Exception {
    local("tree/a", "a");
    Files.createLink(dfs.here.resolve("tree/b"), dfs.here.resolve("tree/a"));
    Files.createLink(dfs.here.resolve("tree/c"), dfs.here.resolve("tree/a"));
    dfs.done("-moveFromLocal", "tree", "/moved");
    assertThat(dfs.here.resolve("tree")).doesNotExist();
    assertThat(dfs.root.resolve("moved/b")).hasContent("a");
  }

  /** A link was led elsewhere, and one took the place of a file. */
  @Test
  void aLinkThatIsNotWhatWasCopiedStays() throws Exception {
    local("tree/f", "f");
    Path link = Files.createSymbolicLink(dfs.here.resolve("tree/l"), Path.of("new"));
    dfs.file("tree/f", "f");
    Files.createSymbolicLink(dfs.root.resolve("tree/l"), Path.of("old"));
    Files.delete(dfs.here.resolve("tree/f"));
    Files.createSymbolicLink(dfs.here.resolve("tree/f"), Path.of("only"));
    Call call = dfs.call();
    Walk.through(
        new Place("tree", dfs.here.resolve("tree")),
        false,
        new Moved(
            call,
            new Place("/tree", dfs.root.resolve("tree")),
            java.time.Instant.now().plusSeconds(10)));
    assertThat(Files.isSymbolicLink(link)).isTrue();
    assertThat(Files.isSymbolicLink(dfs.here.resolve("tree/f"))).isTrue();
    assertThat(call.hasFailed()).isTrue();
  }
}

package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WalkTest {
  private @TempDir Path scratch;

  /** Puts a link in the place of a directory just when that was looked at, and removes all. */
  private final class Swapping implements Walk.Visitor {
    private final Path swapped;
    private final List<String> failed = new ArrayList<>();

    Swapping(Path swapped) {
      this.swapped = swapped;
    }

    @Override
    public boolean meet(Walk.Item item) throws IOException {
      if (item.place().path().equals(swapped)) {
        Files.move(swapped, scratch.resolve("aside"));
        Files.createSymbolicLink(swapped, scratch.resolve("victim"));
      }
      SecureDirectoryStream<Path> in = item.in();
      if (!item.stat().isDirectory() && in != null) {
        in.deleteFile(item.name());
      }
      return true;
    }

    @Override
    public void failed(Place place, IOException e) {
      failed.add(place.said());
    }
  }

  private Swapping walk(String top, String swapped) throws IOException {
    Files.createDirectories(scratch.resolve("tree/d"));
    Files.writeString(scratch.resolve("tree/d/own"), "");
    Files.createDirectories(scratch.resolve("victim"));
    Files.writeString(scratch.resolve("victim/precious"), "");
    Swapping visitor = new Swapping(scratch.resolve(swapped));
    Walk.through(new Place(top, scratch.resolve(top)), false, visitor);
    return visitor;
  }

  @Test
  void aLinkInThePlaceOfADirectoryLeadsNowhere() throws IOException {
    Swapping visitor = walk("tree", "tree/d");
    assertThat(visitor.failed).containsExactly("tree/d");
    assertThat(scratch.resolve("victim/precious")).exists();
  }

  @Test
  void norDoesOneInThePlaceOfTheTop() throws IOException {
    Swapping visitor = walk("tree", "tree");
    assertThat(visitor.failed).containsExactly("tree");
    assertThat(scratch.resolve("victim/precious")).exists();
  }

  /** What was opened stays what it was, wherever its name leads by then. */
  @Test
  void whatIsMetIsTakenFromWhereItWasMet() throws IOException {
    Files.createDirectories(scratch.resolve("tree/d"));
    Files.writeString(scratch.resolve("tree/d/same"), "");
    Files.createDirectories(scratch.resolve("victim"));
    Files.writeString(scratch.resolve("victim/same"), "");
    Path file = scratch.resolve("tree/d/same");
    Walk.through(
        new Place("tree", scratch.resolve("tree")),
        false,
        new Walk.Visitor() {
          @Override
          public boolean meet(Walk.Item item) throws IOException {
            if (item.place().path().equals(file)) {
              Files.move(scratch.resolve("tree/d"), scratch.resolve("aside"));
              Files.createSymbolicLink(scratch.resolve("tree/d"), scratch.resolve("victim"));
              Objects.requireNonNull(item.in()).deleteFile(item.name());
            }
            return true;
          }

          @Override
          public void failed(Place place, IOException e) throws IOException {
            throw e;
          }
        });
    assertThat(scratch.resolve("victim/same")).exists();
    assertThat(scratch.resolve("aside/same")).doesNotExist();
  }

  /** Its name leads elsewhere by now, and stays so: what has the next name there is not met. */
  @Test
  void whatHasANameElsewhereIsNotMet() throws IOException {
    Path directory = Files.createDirectories(scratch.resolve("tree/d"));
    Path victim = Files.createDirectories(scratch.resolve("victim"));
    for (String name : List.of("one", "other")) {
      Files.writeString(directory.resolve(name), "his");
      Files.writeString(victim.resolve(name), "hers");
    }
    List<Long> met = new ArrayList<>();
    List<String> failed = new ArrayList<>();
    Walk.through(
        new Place("tree", scratch.resolve("tree")),
        false,
        new Walk.Visitor() {
          @Override
          public boolean meet(Walk.Item item) throws IOException {
            if (item.stat().isRegular()) {
              met.add(item.stat().ino());
              if (met.size() == 1) {
                Files.move(directory, scratch.resolve("aside"));
                Files.createSymbolicLink(directory, victim);
              }
            }
            return true;
          }

          @Override
          public void failed(Place place, IOException e) {
            failed.add(e.getMessage());
          }
        });
    assertThat(met)
        .hasSize(1)
        .doesNotContain(
            Stat.of(victim.resolve("one"), false).ino(),
            Stat.of(victim.resolve("other"), false).ino());
    assertThat(failed).containsExactly("is another file by now");
  }
}

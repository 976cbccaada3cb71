package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is done to each file of a tree is not done to what somebody leads there meanwhile. */
class EachBelowTest {
  private @TempDir Path scratch;

  /** Leads the directory to another one when something in it was looked at. */
  private final class Swapping implements Walk.Visitor {
    private final EachBelow each;
    private final List<String> failed = new ArrayList<>();

    Swapping(EachBelow each) {
      this.each = each;
    }

    @Override
    public boolean meet(Walk.Item item) throws IOException {
      Path directory = scratch.resolve("tree/d");
      if (item.place().path().startsWith(directory.resolve("same"))) {
        Files.move(directory, scratch.resolve("aside"));
        Files.createSymbolicLink(directory, scratch.resolve("victim"));
      }
      return each.meet(item);
    }

    @Override
    public void failed(Place place, IOException e) {
      failed.add(place.said());
    }
  }

  @Test
  void modesAreSetWhereTheyWereMet() throws IOException {
    for (String directory : List.of("tree/d", "victim")) {
      Files.createDirectories(scratch.resolve(directory));
      Path file = Files.writeString(scratch.resolve(directory).resolve("same"), "");
      Files.setAttribute(file, "unix:mode", 0600);
    }
    LocalVerbs dfs = new LocalVerbs(scratch);
    try (Call call = dfs.call()) {
      EachBelow each = new EachBelow(call, new Chmod.Setting(call, Modes.parse("666")));
      Swapping swapping = new Swapping(each);
      Walk.through(new Place("tree", scratch.resolve("tree")), false, swapping);
      assertThat(swapping.failed).isEmpty();
    }
    assertThat(Stat.of(scratch.resolve("victim/same"), false).octal()).isEqualTo("0600");
    assertThat(Stat.of(scratch.resolve("aside/same"), false).octal()).isEqualTo("0666");
  }
}

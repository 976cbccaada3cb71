package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Patterns that stand for more files than there is room for in memory. */
class GlobsTest {
  private static final int FILES = Matches.HELD_MAX + 500;
  private static final int ROOM = 100;
  private static final String ODD = "f\n\udcff";

  private @TempDir Path scratch;
  private LocalVerbs dfs;
  private final List<String> names = new ArrayList<>();

  @BeforeEach
  void prepare() throws IOException {
    dfs = new LocalVerbs(scratch);
    dfs.room = new Room(ROOM);
    for (int i = 0; i < FILES; i++) {
      // In another order than the names have.
      String name = "f%05d".formatted(i * 7 % FILES);
      dfs.file("d/" + name, name + "\n");
      names.add(name);
    }
    Files.write(dfs.file("d/" + ODD, ""), ByteText.bytes(ODD + "\n"));
    dfs.file("e/f", "f\n");
    names.add(ODD);
    names.sort(ByteText::compare);
  }

  private String lines(String before) {
    StringBuilder lines = new StringBuilder();
    names.forEach(name -> lines.append(before).append(name).append('\n'));
    return lines.toString();
  }

  @Test
  void theyComeInOrderAndAreNotHeld() throws IOException {
    assertThat(dfs.done("ls", "-d", "/d/f*")).isEqualTo(lines("/d/"));
    assertThat(dfs.done("ls", "-d", "-U", "/e/f", "/[d-d]/*")).isEqualTo("/e/f\n" + lines("/d/"));
    assertThat(dfs.done("cat", "/*/f*", "/e/f")).isEqualTo(lines("") + "f\nf\n");
    assertThat(dfs.room.heldMost()).isEqualTo(ROOM);
    dfs.done("rm", "/d/f*");
    try (Stream<Path> left = Files.list(dfs.root.resolve("d"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void eachIsFoundByItsNumber() throws IOException {
    try (Call call = dfs.call()) {
      List<Place> places = call.places(List.of("/e/f", "/d/f*", "/e/none*", "/e/*"));
      assertThat(places).hasSize(names.size() + 3);
      for (int i = names.size(); i > 0; i--) {
        String name = names.get(i - 1);
        assertThat(places.get(i).said()).isEqualTo("/d/" + name);
        assertThat(places.get(i).path()).isEqualTo(dfs.root.resolve(path("d/" + name)));
      }
      assertThat(places.get(names.size() + 1).said()).isEqualTo("/e/none*");
      assertThat(places.getLast().said()).isEqualTo("/e/f");
      assertThatThrownBy(() -> places.get(places.size()))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  private Path path(String name) {
    return ByteText.path(dfs.root.getFileSystem(), name);
  }
}

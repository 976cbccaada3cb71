package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is sorted comes in its order however little of it is in memory. */
@Timeout(120)
class SortingTest {
  private @TempDir Path scratch;

  private static <T> List<T> polled(Sorting<T> sorting) throws IOException {
    List<T> all = new ArrayList<>();
    while (sorting.hasNext()) {
      T next = sorting.poll();
      if (next != null) {
        all.add(next);
      }
    }
    assertThat(sorting.poll()).isNull();
    return all;
  }

  @Test
  void elementsComeInOrderAndEqualOnesAsTheyWereAdded() throws IOException {
    Random random = new Random(11);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      names.add(Integer.toString(random.nextInt(1000), 36) + "-" + i);
    }
    names.add("\udcff\n");
    names.add("");
    Comparator<String> byLength = Comparator.comparingInt(String::length);
    List<String> sorted = new ArrayList<>(names);
    sorted.sort(byLength);
    for (int most : new int[] {2, 7, 1000, 10_000}) {
      Room room = new Room(most);
      try (Sorting<String> sorting = new Sorting<>(room, byLength, Sorting.TEXT);
          Sorting<String> queue = Sorting.queue(room, Sorting.TEXT)) {
        for (String name : names) {
          sorting.add(name);
          queue.add(name);
        }
        assertThat(sorting.size()).isEqualTo(names.size());
        assertThat(polled(sorting)).as("at most %d", most).isEqualTo(sorted);
        assertThat(polled(queue)).as("at most %d", most).isEqualTo(names);
      }
      assertThat(room.heldMost()).isEqualTo(Math.min(most, 2 * names.size()));
      assertThat(room.held()).isZero();
    }
  }

  /** The one that is read goes to the file where another needs the room. */
  @Test
  void whatIsBeingReadMakesRoom() throws IOException {
    Room room = new Room(100);
    try (Sorting<String> first = Sorting.ofNames(room);
        Sorting<String> second = Sorting.ofNames(room)) {
      for (int i = 0; i < 90; i++) {
        first.add("%03d".formatted(i));
      }
      for (int i = 0; i < 20; i++) {
        assertThat(first.poll()).isEqualTo("%03d".formatted(i));
      }
      for (int i = 0; i < 80; i++) {
        second.add("%03d".formatted(79 - i));
      }
      assertThat(first.held()).as("in memory").isZero();
      for (int i = 20; i < 90; i++) {
        assertThat(first.poll()).isEqualTo("%03d".formatted(i));
      }
      assertThat(first.poll()).isNull();
      assertThat(polled(second)).hasSize(80).isSorted();
    }
    assertThat(room.heldMost()).isEqualTo(100);
    assertThat(room.held()).isZero();
  }

  @Test
  void whatIsListedIsKeptWhole() throws IOException {
    FileTime early = FileTime.from(Instant.ofEpochSecond(-99_999_999_999L, 1));
    FileTime late = FileTime.from(Instant.ofEpochSecond(99_999_999_999L, 999_999_999));
    Stat stat =
        new Stat(0100644, -1, 5, 6, 7, -2, 8, 1L << 60, early, late, FileTime.fromMillis(3));
    List<Listed> lines =
        List.of(new Listed("a", stat), new Listed("b", null), new Listed("c\udc80", stat, "+3"));
    Room room = new Room(2);
    try (Sorting<Listed> queue = Sorting.queue(room, Listed.FORM)) {
      for (int i = 0; i < 10; i++) {
        queue.add(lines.get(i % 3));
      }
      List<Listed> all = polled(queue);
      for (int i = 0; i < 10; i++) {
        assertThat(all.get(i)).isEqualTo(lines.get(i % 3));
      }
    }
  }

  private void tree(LocalVerbs dfs) throws IOException {
    for (String directory : List.of("d", "d/e", "d/e/f", "d/g", "many")) {
      for (int i = 0; i < 25; i++) {
        Path file = dfs.file(directory + "/" + ((i * 7) % 25) + "-\n" + i, "x".repeat(i * 13 % 11));
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000L * (i * 5 % 9)));
      }
      dfs.file(directory + "/\udc80\udcff", "y");
      dfs.file(directory + "/.hidden", "z");
      dfs.file(directory + "/sub/one", "1");
      dfs.file(directory + "/other/two", "2");
    }
  }

  /** Byte for byte, and no more names in memory than there is room for. */
  @Test
  void everyVerbThatSortsSaysTheSame() throws IOException {
    List<List<String>> lines =
        List.of(
            List.of("ls", "-lR", "/"),
            List.of("ls", "-R", "/", "/d"),
            List.of("ls", "-atr", "/many"),
            List.of("ls", "-AS", "/d/e"),
            List.of("ls", "-UR", "--json", "/d"),
            List.of("ls", "-0R", "/"),
            List.of("tree", "/"),
            List.of("tree", "-a", "-L", "2", "/"),
            List.of("tree", "-d", "/"),
            List.of("diff", "/d", "10s"),
            List.of("getmerge", "-l", "/many", "/d", "/d/e/sub/one", "-"),
            List.of("-ls", "/d"),
            List.of("-ls", "-R", "/"),
            List.of("-ls", "-C", "-t", "/many"),
            List.of("-du", "/d", "/many"));
    LocalVerbs dfs = new LocalVerbs(scratch);
    tree(dfs);
    dfs.past = Files.createDirectory(scratch.resolve("past"));
    for (String name : List.of("0-\n0", "gone", "\udc80\udcff", "sub/one", "sub/three")) {
      Path file = ByteText.path(dfs.past.getFileSystem(), ByteText.of(dfs.past) + "/d/" + name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, name.startsWith("0") ? "" : "was");
    }
    for (List<String> line : lines) {
      String[] words = line.toArray(String[]::new);
      dfs.room = new Room();
      int status = dfs.ends(words);
      byte[] out = dfs.out;
      String err = withoutTimes(dfs.err);
      dfs.room = new Room(5);
      assertThat(dfs.ends(words)).as("%s", line).isEqualTo(status);
      assertThat(dfs.out).as("%s", line).isEqualTo(out);
      assertThat(withoutTimes(dfs.err)).as("%s", line).isEqualTo(err);
      assertThat(dfs.room.heldMost()).as("%s", line).isLessThanOrEqualTo(5);
      assertThat(dfs.room.held()).as("%s", line).isZero();
    }
  }

  private static String withoutTimes(String said) {
    return said.replaceAll("as of \\S+", "as of then");
  }

  /** What is not sorted is printed as it comes; the operand alone waits. */
  @Test
  void whatNeedsNoOrderIsNotHeld() throws IOException {
    LocalVerbs dfs = new LocalVerbs(scratch);
    tree(dfs);
    dfs.done("ls", "-lU", "/many");
    assertThat(dfs.room.heldMost()).isOne();
  }

  @Test
  void theNameOfEachCopyIsWhatItWasGiven() throws IOException {
    Random random = new Random(13);
    Stat[] files = new Stat[400];
    Path[] copies = new Path[files.length];
    FileTime time = FileTime.fromMillis(0);
    try (LinkedNames names = new LinkedNames(10, 100)) {
      for (int i = 0; i < 3000; i++) {
        int at = random.nextInt(files.length);
        if (copies[at] == null || random.nextInt(3) == 0) {
          files[at] = new Stat(0, at, 1, 0, 2, 0, 0, 0, time, time, time);
          copies[at] = scratch.resolve("a".repeat(random.nextInt(120)) + i);
          names.put(files[at], copies[at]);
          assertThat(names.isMade(files[at])).isFalse();
        } else if (random.nextBoolean()) {
          names.made(files[at]);
          assertThat(names.isMade(files[at])).isTrue();
        }
        assertThat(names.of(files[at])).isEqualTo(copies[at]);
      }
      for (int i = 0; i < files.length; i++) {
        if (files[i] != null) {
          assertThat(names.of(files[i])).isEqualTo(copies[i]);
        }
      }
    }
  }
}

package dfs.client.path;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Numbers of inodes are what they were given, and memory is bounded. */
class InodeTableTest {
  private record Inode(long dev, long ino) {}

  @Test
  void itIsAMapHoweverManyAreInMemory() throws IOException {
    long seed = System.nanoTime();
    for (int heldMax : new int[] {1, 40, 1000, InodeTable.HELD_MAX}) {
      Random random = new Random(seed);
      Map<Inode, Long> model = new HashMap<>();
      try (InodeTable table = new InodeTable(heldMax)) {
        for (int i = 0; i < 20_000; i++) {
          // Neighbours, and the same numbers on other devices.
          Inode inode = new Inode(random.nextInt(3), random.nextInt(4000));
          String what = "%s with %d held, seed %d".formatted(inode, heldMax, seed);
          long known = model.getOrDefault(inode, 0L);
          assertThat(table.get(inode.dev, inode.ino)).as(what).isEqualTo(known);
          if (random.nextBoolean()) {
            long number = random.nextLong() | 1;
            assertThat(table.put(inode.dev, inode.ino, number)).as(what).isEqualTo(known);
            model.put(inode, number);
          }
          assertThat(table.held()).as(what).isLessThanOrEqualTo(Math.max(32, 2L * heldMax));
        }
        assertThat(table.size()).isEqualTo(model.size());
        for (Map.Entry<Inode, Long> each : model.entrySet()) {
          assertThat(table.get(each.getKey().dev, each.getKey().ino)).isEqualTo(each.getValue());
        }
      }
    }
  }

  /** Files of this process without a name that were ours. */
  private static List<Path> nameless() throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      for (Path file : open.toList()) {
        try {
          if (Files.readSymbolicLink(file).toString().matches(".*/dfs-[^/]* \\(deleted\\)")) {
            found.add(file);
          }
        } catch (NoSuchFileException e) {
          // Closed by now: that of the list.
        }
      }
    }
    return found;
  }

  @Test
  void aScratchFileHasNoNameAndIsItsOwners() throws IOException {
    List<Path> before = nameless();
    try (FileChannel _ = ScratchFile.open()) {
      List<Path> open = new ArrayList<>(nameless());
      open.removeAll(before);
      assertThat(open).hasSize(1);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(open.getFirst())))
          .isEqualTo("rw-------");
    }
    assertThat(nameless()).isEqualTo(before);
    try (InodeTable table = new InodeTable(10)) {
      for (int i = 1; i < 1000; i++) {
        assertThat(table.put(1, i, 7)).isZero();
      }
      assertThat(table.held()).isZero();
      assertThat(nameless())
          .as("of all that it has grown out of one is left")
          .hasSize(before.size() + 1);
    }
    assertThat(nameless()).isEqualTo(before);
  }
}

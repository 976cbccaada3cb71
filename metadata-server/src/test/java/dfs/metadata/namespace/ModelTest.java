package dfs.metadata.namespace;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.namespace.ReferenceModel.Node;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.records.Usage;
import dfs.metadata.state.Table;
import dfs.metadata.store.Family;
import dfs.metadata.store.Key;
import dfs.metadata.store.MemoryStore;
import dfs.metadata.store.RocksStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random changes end as in a file system that is as simple as can be. */
class ModelTest {
  private static final int SEEDS = 200;
  private static final int SEEDS_ON_DISK = 4;
  private static final int SEEDS_PER_REPLAY = 10;
  private static final int STEPS = 300;
  private static final int BATCH_MAX = 20;
  private static final int STEPS_BETWEEN_COMPARISONS = 30;

  @Test
  void theNamespaceDoesWhatTheModelDoes() {
    long first = Long.getLong("dfs.seed", System.nanoTime());
    Done all = new Done(0, 0);
    for (long seed = first; seed < first + SEEDS; seed++) {
      try (NamespaceBed bed = NamespaceBed.inMemory()) {
        all = all.and(run(bed, seed));
        if (seed % SEEDS_PER_REPLAY == 0) {
          replay(bed, seed);
        }
      }
    }
    assertThat(all.relocated).as("relocations from seed %d on", first).isPositive();
    assertThat(all.putBack).as("put back from seed %d on", first).isPositive();
  }

  @Test
  void onDiskToo(@TempDir Path directory) throws IOException {
    long first = Long.getLong("dfs.seed", System.nanoTime());
    for (long seed = first; seed < first + SEEDS_ON_DISK; seed++) {
      try (NamespaceBed bed =
          new NamespaceBed(RocksStore.open(directory.resolve(Long.toString(seed))))) {
        run(bed, seed);
      }
    }
  }

  /** How many times blocks were relocated, and what was came back. */
  private record Done(int relocated, int putBack) {
    Done and(Done other) {
      return new Done(relocated + other.relocated, putBack + other.putBack);
    }
  }

  private static Done run(NamespaceBed bed, long seed) {
    try {
      RandomChanges changes = new RandomChanges(bed, seed);
      Returns returns = new Returns(changes, true);
      for (int i = 1; i <= STEPS; i++) {
        changes.bed.tick(pause(changes));
        int which = changes.random.nextInt(16);
        if (which < 2) {
          changes.upkeep();
        } else if (which < 4) {
          returns.step();
        } else {
          changes.step();
        }
        if (i % STEPS_BETWEEN_COMPARISONS == 0) {
          compare(changes);
          returns.compare();
        }
      }
      return new Done(changes.moves.relocated(), returns.count());
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  /** Whoever applies the same commands, in whatever batches, has the same records. */
  private static void replay(NamespaceBed bed, long seed) {
    Random random = new Random(seed);
    try (StoredNamespace other = new StoredNamespace(new MemoryStore())) {
      for (int i = 0; i < bed.log.size(); ) {
        int end = Math.min(bed.log.size(), i + 1 + random.nextInt(BATCH_MAX));
        other.apply(end, bed.log.subList(i, end));
        i = end;
      }
      for (Family family : Family.values()) {
        if (family == Family.INSTANTS) {
          // They name entries of the log, which batches are.
          continue;
        }
        assertThat(records(other, family))
            .as("seed %d, %s", seed, family)
            .isEqualTo(records(bed.namespace, family));
      }
    }
  }

  private static List<String> records(StoredNamespace namespace, Family family) {
    List<String> records = new ArrayList<>();
    namespace
        .state()
        .scanRaw(family, (key, value) -> records.add(key + "=" + HexFormat.of().formatHex(value)));
    return records;
  }

  private static long pause(RandomChanges changes) {
    return switch (changes.random.nextInt(10)) {
      case 0 -> changes.random.nextLong(100 * NamespaceBed.SECOND);
      case 1, 2, 3 -> changes.random.nextLong(NamespaceBed.SECOND);
      default -> changes.random.nextLong(1_000_000);
    };
  }

  private static void compare(RandomChanges changes) {
    ReferenceModel model = changes.model;
    assertThat(Picture.of(changes.bed.namespace, 0, model.cellBytes, changes.moves))
        .isEqualTo(model.picture());
    changes.bed.check();
    for (Node directory : model.nodes.values()) {
      if (directory.isDirectory()) {
        long[] below =
            model.sums(
                node ->
                    node != directory
                        && ReferenceModel.isWithin(chargedTo(changes, node), directory));
        assertThat(usage(changes.bed, Keys.USAGE_DIRECTORY, directory.ino))
            .as("usage of %d", directory.ino)
            .isEqualTo(usage(below));
      }
    }
    for (int id : new int[] {0, 1001, 1002, 2001, 2002, 7}) {
      assertThat(usage(changes.bed, Keys.USAGE_USER, id))
          .as("usage of user %d", id)
          .isEqualTo(usage(model.sums(node -> node.uid == id)));
      assertThat(usage(changes.bed, Keys.USAGE_GROUP, id))
          .as("usage of group %d", id)
          .isEqualTo(usage(model.sums(node -> node.gid == id)));
    }
  }

  /**
   * The directory of the primary link; which of a node's links that is the namespace may choose.
   */
  private static Node chargedTo(RandomChanges changes, Node node) {
    Inode inode = changes.bed.namespace.state().read(reader -> reader.inode(node.ino));
    Node directory = inode == null ? null : changes.model.node(inode.parent());
    if (directory == null || !directory.children.containsValue(node)) {
      throw new AssertionError(node.ino + " is charged to " + inode);
    }
    return directory;
  }

  private static Usage usage(long[] sums) {
    return new Usage(sums[0], sums[1], sums[2]);
  }

  private static Usage usage(NamespaceBed bed, long kind, long id) {
    Usage usage = bed.namespace.state().read(reader -> reader.value(Table.USAGE, Key.of(kind, id)));
    return usage == null ? Usage.NOTHING : usage;
  }
}

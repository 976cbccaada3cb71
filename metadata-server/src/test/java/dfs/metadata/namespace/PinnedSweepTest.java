package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.HOUR;
import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.metadata.store.MemoryStore;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.SetAttributes;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who makes and removes snapshots all the time keeps nothing from going that nobody needs. */
class PinnedSweepTest {
  private static final int FILES = 700;

  /** Of 300 images: once through all, and once more. */
  private static final int STEPS = 12;

  private final NamespaceBed bed = new NamespaceBed(new MemoryStore());
  private final List<Long> files = new ArrayList<>();

  @BeforeEach
  void create() {
    for (int i = 0; i < FILES; i++) {
      files.add(bed.create(ROOT, "f" + i));
    }
  }

  private void change(int mode) {
    bed.tick(5 * SECOND);
    for (long file : files) {
      bed.change(new SetAttributes(file, SetAttributes.SET_MODE, mode, 0, 0, 0, 0, 0, 0));
    }
  }

  private void snapshot(String name) {
    bed.tick(5 * SECOND);
    bed.change(new Change.CreateSnapshot(name, ROOT, 0));
  }

  private void trim(List<Long> looked) {
    while (bed.namespace.survey().historyDue(bed.now() + 1)) {
      bed.upkeep(new Upkeep.AdvanceHistory(looked));
    }
  }

  private int images() {
    int[] count = {0};
    return bed.namespace
        .state()
        .readSnapshot(
            reader -> {
              reader.scan(
                  Table.IMAGES,
                  Key.EMPTY,
                  null,
                  (key, image) -> {
                    count[0]++;
                    return true;
                  });
              return count[0];
            });
  }

  /** One step of trimming, and somebody who is in its way. */
  private void step() {
    bed.change(new Change.CreateSnapshot("mine", ROOT, 0));
    bed.change(new Change.RemoveSnapshot("mine"));
    bed.upkeep(new Upkeep.AdvanceHistory());
  }

  @Test
  void whatASnapshotHeldGoesWhileOthersAreRemoved() {
    snapshot("keeps");
    change(0600);
    snapshot("goes");
    change(0644);
    bed.tick(40 * HOUR);
    trim(List.of());
    assertThat(images()).isEqualTo(2 * FILES);
    bed.change(new Change.RemoveSnapshot("goes"));
    for (int i = 0; i < STEPS; i++) {
      step();
      assertThat(bed.namespace.survey().past().releasing()).as("for want of space").isFalse();
    }
    assertThat(images()).isEqualTo(FILES);
    trim(List.of());
    assertThat(bed.namespace.survey().historyDue(bed.now() + 1)).isFalse();
  }

  /** What was kept for who looks, too. */
  @Test
  void spaceIsFreedWhileSnapshotsAreRemoved() {
    snapshot("keeps");
    change(0600);
    bed.tick(5 * SECOND);
    long looked = bed.now() / SECOND * SECOND + SECOND;
    bed.tick(5 * SECOND);
    change(0644);
    bed.tick(40 * HOUR);
    trim(List.of(looked));
    assertThat(bed.namespace.survey().viewed()).containsExactly(looked);
    assertThat(images()).isEqualTo(2 * FILES);
    bed.upkeep(new Upkeep.ReleaseHistory(bed.now(), true));
    assertThat(bed.namespace.survey().past().releasing()).isTrue();
    for (int i = 0; bed.namespace.survey().past().releasing(); i++) {
      assertThat(i).as("steps").isLessThan(STEPS);
      step();
    }
    assertThat(images()).isEqualTo(FILES);
  }
}

package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.HOUR;
import static dfs.metadata.namespace.NamespaceBed.MINUTE;
import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.SECOND;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.records.Keys;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.metadata.store.MemoryStore;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Instants at which somebody looks stay what they are, and nothing else stays for that. */
class LookedInstantsTest {
  private static final int CHANGES = 300;
  private static final Query LOOK = new Query.GetAttributes(ROOT);

  private final long seed = Long.getLong("dfs.seed", System.nanoTime());
  private final MemoryStore store = new MemoryStore();
  private final NamespaceBed bed = new NamespaceBed(store);
  private final RandomChanges changes = new RandomChanges(bed, seed);

  /** The tree after each change, by its stamp. */
  private final TreeMap<Long, String> pictures = new TreeMap<>();

  private final List<Long> looked = new ArrayList<>();

  @AfterEach
  void agrees() {
    bed.check();
  }

  private void change(int count, long pauseNanosMax) {
    for (int i = 0; i < count; i++) {
      bed.tick(changes.random.nextLong(pauseNanosMax));
      changes.step();
      pictures.put(bed.now(), changes.model.picture());
    }
  }

  /** Some seconds that are not full minutes, of the time of the changes. */
  private void lookAtSome() {
    long first = pictures.firstKey();
    long last = pictures.lastKey();
    for (int i = 1; i <= 4; i++) {
      long second = (first + (last - first) * i / 5) / SECOND * SECOND;
      looked.add(second % MINUTE == 0 ? second + SECOND : second);
    }
  }

  private void advance() {
    while (bed.namespace.survey().historyDue(bed.now() + 1)
        || !looked.containsAll(bed.namespace.survey().viewed())) {
      bed.upkeep(new Upkeep.AdvanceHistory(looked));
    }
    bed.reapMaps();
  }

  private String read(StoredNamespace from, long nanos) {
    return Picture.of(from, nanos, changes.model.cellBytes, changes.moves);
  }

  private void expectLooked(StoredNamespace in) {
    for (long instant : looked) {
      Map.Entry<Long, String> then = pictures.floorEntry(instant);
      assertThat(read(in, instant))
          .as("seed %d, as of %d", seed, instant)
          .isEqualTo(then.getValue());
    }
  }

  private Errno at(long nanos) {
    return errno(bed.namespace.query(Caller.ROOT, LOOK, nanos));
  }

  /** Images that none of the instants saw at which somebody looks; and how many there are. */
  private int images(List<String> unseen) {
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
                    long written = image.value().writtenNanos();
                    long superseded = Keys.supersededNanos(key);
                    if (looked.stream().noneMatch(i -> written <= i && i < superseded)) {
                      unseen.add(written + " to " + superseded);
                    }
                    return true;
                  });
              return count[0];
            });
  }

  private int expectOnlyLookedAt() {
    List<String> unseen = new ArrayList<>();
    int images = images(unseen);
    assertThat(unseen).as("seed %d, images that nobody needs", seed).isEmpty();
    return images;
  }

  @Test
  void whatSomebodyLooksAtOutlivesItsHourAndItsDay() {
    change(CHANGES, 20 * SECOND);
    lookAtSome();
    for (int i = 0; i < 40; i++) {
      bed.tick(HOUR);
      change(1, SECOND);
      advance();
      expectLooked(bed.namespace);
    }
    assertThat(bed.namespace.survey().viewed()).isEqualTo(looked);
    for (long instant : looked) {
      assertThat(List.of(at(instant - SECOND), at(instant + SECOND)))
          .as("its neighbours are gone")
          .containsOnly(Errno.ENODATA);
    }
    bed.tick(32 * HOUR);
    advance();
    int images = expectOnlyLookedAt();
    assertThat(images).isPositive();
    expectLooked(bed.namespace);
    expectLooked(new StoredNamespace(store));
    long kept = looked.removeFirst();
    advance();
    assertThat(at(kept)).isEqualTo(Errno.ENODATA);
    assertThat(expectOnlyLookedAt()).isLessThan(images);
    expectLooked(bed.namespace);
    looked.clear();
    advance();
    assertThat(images(new ArrayList<>())).isZero();
    assertThat(bed.namespace.survey().viewed()).isEmpty();
  }

  /** It is there for who means just that second: others round down as ever. */
  @Test
  void othersRoundDownAsEver() {
    change(CHANGES / 2, 10 * SECOND);
    lookAtSome();
    bed.tick(2 * HOUR);
    advance();
    for (long instant : looked) {
      assertThat(bed.instantAt(instant)).isEqualTo(instant);
      assertThat(bed.instantAt(instant + SECOND - 1)).isEqualTo(instant);
      assertThat(bed.instantAt(instant + SECOND)).isEqualTo((instant + SECOND) / MINUTE * MINUTE);
    }
  }

  /** What was not kept any more when somebody asked for it does not come back. */
  @Test
  void whatIsGoneCannotBeLookedAt() {
    change(CHANGES / 2, 10 * SECOND);
    bed.tick(2 * HOUR);
    advance();
    lookAtSome();
    bed.tick(HOUR);
    advance();
    assertThat(bed.namespace.survey().viewed()).isEmpty();
    for (long instant : looked) {
      assertThat(at(instant)).isEqualTo(Errno.ENODATA);
    }
  }

  @Test
  void whenSpaceIsShortItGoes() {
    change(CHANGES / 2, 10 * SECOND);
    lookAtSome();
    bed.tick(32 * HOUR);
    advance();
    assertThat(images(new ArrayList<>())).isPositive();
    assertThat(bed.namespace.survey().past().empty()).as("something could be given up").isFalse();
    long before = looked.get(2);
    bed.upkeep(new Upkeep.ReleaseHistory(before, true));
    assertThat(bed.namespace.survey().past().releasing()).isTrue();
    while (bed.namespace.survey().past().releasing()) {
      bed.upkeep(new Upkeep.AdvanceHistory(looked));
    }
    assertThat(List.of(at(looked.get(0)), at(looked.get(1)))).containsOnly(Errno.ENODATA);
    looked.removeIf(instant -> instant < before);
    assertThat(bed.namespace.survey().viewed()).isEqualTo(looked);
    assertThat(expectOnlyLookedAt()).isPositive();
    expectLooked(bed.namespace);
    bed.upkeep(new Upkeep.ReleaseHistory(bed.now(), true));
    looked.clear();
    advance();
    assertThat(bed.namespace.survey().past().empty()).isTrue();
    assertThat(images(new ArrayList<>())).isZero();
  }

  @Test
  void whatIsNoInstantIsNotKept() {
    change(CHANGES / 2, 10 * SECOND);
    bed.tick(2 * HOUR);
    long toCome = (bed.now() / SECOND + 3600) * SECOND;
    List<Long> none = List.of(Long.MIN_VALUE, -SECOND, 0L, bed.now() / SECOND * SECOND - 1, toCome);
    while (bed.namespace.survey().historyDue(bed.now() + 1)) {
      bed.upkeep(new Upkeep.AdvanceHistory(none));
    }
    for (long instant : none) {
      bed.upkeep(new Upkeep.KeepInstant(instant));
    }
    assertThat(bed.namespace.survey().viewed()).isEmpty();
    bed.upkeep(new Upkeep.ReleaseHistory(bed.now() + 1, true));
    advance();
    assertThat(bed.namespace.survey().past().empty()).isTrue();
  }

  /** A second of this hour, or a minute of this day, needs nothing. */
  @Test
  void whatIsThereAnywayIsNotKeptForThat() {
    change(CHANGES / 2, 10 * SECOND);
    looked.add(pictures.firstKey() / MINUTE * MINUTE + MINUTE);
    bed.tick(2 * HOUR);
    change(CHANGES / 2, SECOND);
    looked.add(bed.now() / MINUTE * MINUTE - SECOND);
    advance();
    expectLooked(bed.namespace);
    assertThat(bed.namespace.survey().viewed()).isEmpty();
    bed.tick(HOUR + 2 * MINUTE);
    bed.tick(HOUR);
    advance();
    assertThat(bed.namespace.survey().viewed()).containsExactly(looked.getLast());
    expectLooked(bed.namespace);
  }

  /** More than one step begins or ends. */
  @Test
  void manyAreLookedAt() {
    change(CHANGES, 5 * SECOND);
    for (long at = pictures.firstKey() / SECOND + 1; looked.size() < 250; at++) {
      if (at % 60 != 0) {
        looked.add(at * SECOND);
      }
    }
    bed.tick(3 * HOUR);
    advance();
    assertThat(bed.namespace.survey().viewed()).isEqualTo(looked);
    expectLooked(bed.namespace);
    bed.tick(32 * HOUR);
    advance();
    assertThat(expectOnlyLookedAt()).isPositive();
    looked.clear();
    advance();
    assertThat(bed.namespace.survey().viewed()).isEmpty();
    assertThat(images(new ArrayList<>())).isZero();
  }

  @Test
  void aSnapshotThatLosesItsNameIsLookedAtStill() {
    change(CHANGES / 2, 10 * SECOND);
    bed.change(new Change.CreateSnapshot("name", ROOT, 0));
    long instant = bed.now();
    change(CHANGES / 2, 10 * SECOND);
    bed.tick(32 * HOUR);
    advance();
    looked.add(instant);
    bed.upkeep(new Upkeep.AdvanceHistory(looked));
    assertThat(bed.namespace.survey().viewed()).as("its name keeps it").isEmpty();
    bed.upkeep(new Upkeep.KeepInstant(instant));
    bed.change(new Change.RemoveSnapshot("name"));
    advance();
    expectLooked(bed.namespace);
    assertThat(expectOnlyLookedAt()).isPositive();
    looked.clear();
    advance();
    assertThat(at(instant)).isEqualTo(Errno.ENODATA);
    assertThat(images(new ArrayList<>())).isZero();
  }
}

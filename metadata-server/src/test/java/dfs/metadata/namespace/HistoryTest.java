package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.HOUR;
import static dfs.metadata.namespace.NamespaceBed.MINUTE;
import static dfs.metadata.namespace.NamespaceBed.SECOND;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.records.Inode;
import dfs.metadata.state.State;
import dfs.metadata.state.Table;
import dfs.metadata.store.Family;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The past as it was: recorded while it happened, and read again. */
class HistoryTest {
  private static final int CHANGES = 1000;
  private final long seed = System.nanoTime();
  private final NamespaceBed bed = NamespaceBed.inMemory();
  private final RandomChanges changes = new RandomChanges(bed, seed);
  private final Returns returns = new Returns(changes, false);

  /** The tree after each change, by its stamp. */
  private final TreeMap<Long, String> pictures = new TreeMap<>();

  private final List<Long> pins = new ArrayList<>();

  @AfterEach
  void agrees() {
    bed.check();
  }

  private void record() {
    pictures.put(bed.now(), changes.model.picture());
  }

  /** Changes, now and then some upkeep, with pauses up to a limit between them. */
  private void change(int count, long pauseNanosMax) {
    try {
      record();
      for (int i = 0; i < count; i++) {
        bed.tick(changes.random.nextLong(pauseNanosMax));
        if (changes.random.nextInt(12) == 0) {
          changes.upkeep();
        }
        if (changes.random.nextInt(12) == 0) {
          returns.step();
        } else {
          changes.step();
        }
        record();
        if (i == count / 2) {
          pin(0);
        } else if (pins.size() < 5 && changes.random.nextInt(count / 5) == 0) {
          pin(changes.random.nextBoolean() ? 0 : bed.now() - changes.random.nextLong(2 * SECOND));
        }
      }
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  private void pin(long nanos) {
    Reply reply = bed.upkeep(new Upkeep.PinInstant("pin " + pins.size(), nanos));
    if (nanos != 0 && kept(nanos) == 0) {
      assertThat(errno(reply)).as("pin %d, before the first", nanos).isEqualTo(Errno.EINVAL);
      return;
    }
    assertThat(errno(reply)).as("pin %d", nanos).isEqualTo(Errno.OK);
    pins.add(nanos == 0 ? bed.now() : Math.floorDiv(nanos, SECOND) * SECOND);
    record();
  }

  private String read(long nanos) {
    return Picture.of(bed.namespace, nanos, changes.model.cellBytes, changes.moves);
  }

  /** What reading at a time must show: the tree after the last change up to this instant. */
  private @Nullable String at(long instant) {
    Map.Entry<Long, String> last = pictures.floorEntry(instant);
    return last == null ? null : last.getValue();
  }

  private void expect(long asked, long instant) {
    String expected = at(instant);
    if (expected != null) {
      assertThat(read(asked)).as("seed %d, %d as of %d", seed, asked, instant).isEqualTo(expected);
    }
  }

  private long number(String name) {
    return bed.namespace.state().read(reader -> reader.number(name));
  }

  /** The instant that reading at a time goes back to, by the rules; 0: none is left. */
  private long kept(long nanos) {
    long best = pins.stream().filter(pin -> pin <= nanos).mapToLong(pin -> pin).max().orElse(0);
    long second = nanos / SECOND * SECOND;
    long minute = nanos / MINUTE * MINUTE;
    if (second >= number(State.SECONDS_FLOOR)) {
      return Math.max(best, second);
    }
    return minute >= number(State.MINUTES_FLOOR) ? Math.max(best, minute) : best;
  }

  private int records(Family family) {
    int[] count = {0};
    bed.namespace
        .state()
        .scanRaw(
            family,
            (key, value) -> {
              count[0]++;
              return true;
            });
    return count[0];
  }

  private void advanceAll() {
    while (bed.namespace.survey().historyDue(bed.now() + 1)) {
      bed.upkeep(new Upkeep.AdvanceHistory());
    }
  }

  @Test
  void eachSecondOfTheLastHourCanBeRead() {
    bed.tick(50 * MINUTE);
    long first = bed.now() / SECOND * SECOND + SECOND;
    record();
    for (int i = 0; i < CHANGES; i++) {
      bed.at(first + i * SECOND + 1 + changes.random.nextInt(1000));
      changes.step();
      record();
    }
    for (int i = 0; i <= CHANGES; i++) {
      long instant = first + i * SECOND;
      expect(instant, instant);
      if (i % 7 == 0) {
        expect(instant + SECOND - 1, instant);
      }
    }
    assertThat(bed.namespace.survey().historyDue(bed.now())).isFalse();
  }

  @Test
  void onlyTheStateAtTheFullSecondCounts() {
    change(CHANGES, SECOND / 2);
    for (long nanos = pictures.firstKey(); nanos <= bed.now(); nanos += SECOND / 3) {
      expect(nanos, kept(nanos));
    }
    pins.forEach(pin -> expect(pin, pin));
    long last = bed.now();
    bed.upkeep(new Upkeep.Sole());
    expect(last + SECOND, last + SECOND);
  }

  @Test
  void afterTheHourMinutesAreLeft() {
    change(CHANGES, 20 * SECOND);
    long last = bed.now();
    while (number(State.SECONDS_FLOOR) <= last) {
      bed.tick(HOUR);
      advanceAll();
      bed.check();
      readSome(last, 60);
    }
    for (long minute = pictures.firstKey() / MINUTE * MINUTE + MINUTE;
        minute < last;
        minute += MINUTE) {
      expect(minute, minute);
      long between = minute + changes.random.nextLong(MINUTE);
      expect(between, kept(between));
      assertThat(kept(minute)).isEqualTo(minute);
    }
    pins.forEach(pin -> expect(pin, pin));
  }

  private void readSome(long last, int reads) {
    long first = pictures.firstKey();
    for (int i = 0; i < reads; i++) {
      long nanos = first + changes.random.nextLong(last - first);
      long instant = kept(nanos);
      if (instant == 0) {
        Reply reply = bed.namespace.query(Caller.ROOT, new Query.GetInstant(), nanos);
        isTooOld(nanos, reply);
      } else {
        expect(nanos, instant);
      }
    }
  }

  /** It is refused, and the oldest that can be read is named. */
  private void isTooOld(long nanos, Reply reply) {
    assertThat(errno(reply)).as("seed %d, %d", seed, nanos).isEqualTo(Errno.ENODATA);
    long oldest = bed.namespace.survey().oldestInstantNanos();
    String named =
        oldest == 0
            ? "only the present is kept"
            : "the oldest is of " + Instant.EPOCH.plusNanos(oldest);
    assertThat(((Reply.Refused) reply).detail()).as("seed %d", seed).isEqualTo(named);
  }

  /** What was found before the seconds went is no other state after that. */
  @Test
  void anInstantThatWasGivenUpIsNoOther() {
    change(CHANGES / 2, 10 * SECOND);
    long last = bed.now();
    Query root = new Query.GetAttributes(NamespaceBed.ROOT);
    long second = (pictures.firstKey() / MINUTE + 1) * MINUTE + 7 * SECOND;
    assertThat(kept(second)).isEqualTo(second);
    release(last, false);
    for (; second < last; second += 10 * SECOND + MINUTE) {
      Reply reply = bed.namespace.query(Caller.ROOT, root, second);
      boolean pinned = pins.contains(second);
      assertThat(errno(reply)).isEqualTo(pinned ? Errno.OK : Errno.ENODATA);
      long minute = second / MINUTE * MINUTE;
      assertThat(errno(bed.namespace.query(Caller.ROOT, root, minute))).isEqualTo(Errno.OK);
      expect(minute, minute);
      expect(second, kept(second));
    }
    assertThat(kept(last - MINUTE)).isPositive();
    isTooOld(
        NamespaceBed.START - 1,
        bed.namespace.query(Caller.ROOT, new Query.GetInstant(), NamespaceBed.START - 1));
  }

  @Test
  void everyStepOfTrimmingLeavesWhatItSays() {
    change(CHANGES, 60 * SECOND);
    long last = bed.now();
    bed.tick(3 * HOUR);
    for (int i = 0; i < 60; i++) {
      bed.tick(HOUR / 2);
      while (bed.namespace.survey().historyDue(bed.now() + 1)) {
        bed.upkeep(new Upkeep.AdvanceHistory());
        readSome(last, 2);
      }
      assertThat(bed.namespace.survey().oldestInstantNanos()).isEqualTo(oldest(last));
    }
    assertThat(kept(last)).isEqualTo(pins.stream().mapToLong(pin -> pin).max().orElse(0));
  }

  private long oldest(long last) {
    long nanos = pictures.firstKey() / SECOND * SECOND;
    while (kept(nanos) == 0 && nanos < last) {
      nanos += SECOND;
    }
    return kept(nanos) == 0 ? bed.namespace.survey().oldestInstantNanos() : kept(nanos);
  }

  @Test
  void afterADayOnlyPinsAreLeftAndThenNothing() {
    change(CHANGES, 30 * SECOND);
    bed.tick(32 * HOUR);
    bed.upkeepAll();
    reap();
    bed.check();
    assertThat(pins).isNotEmpty();
    assertThat(records(Family.HISTORY)).isPositive();
    pins.forEach(pin -> expect(pin, pin));
    expect(bed.now(), bed.now());
    for (int i = 0; i < pins.size(); i++) {
      bed.upkeep(new Upkeep.UnpinInstant("pin " + i));
    }
    pins.clear();
    bed.upkeepAll();
    nothingIsLeft();
  }

  @Test
  void withoutRetentionEachHourGoesWhenItIsOver() {
    bed.upkeep(new Upkeep.SetRetention(0, 0));
    change(CHANGES / 2, 30 * SECOND);
    for (int i = 0; i < pins.size(); i++) {
      bed.upkeep(new Upkeep.UnpinInstant("pin " + i));
    }
    pins.clear();
    bed.tick(HOUR);
    bed.upkeepAll();
    reap();
    readSome(bed.now(), 30);
    nothingIsLeft();
  }

  private void release(long before, boolean minutes) {
    bed.upkeep(new Upkeep.ReleaseHistory(before, minutes));
    while (bed.namespace.survey().past().releasing()) {
      bed.upkeep(new Upkeep.AdvanceHistory());
    }
    bed.reapMaps();
    bed.check();
  }

  @Test
  void whenSpaceIsShortThePastGoesUpToThereAndNoFurther() {
    change(CHANGES, 10 * SECOND);
    long first = pictures.firstKey();
    long last = bed.now();
    for (int i = 0; i < 12; i++) {
      boolean minutes = changes.random.nextInt(3) == 0;
      release(first + changes.random.nextLong(last - first), minutes);
      readSome(last, 20);
    }
    release(last, false);
    int withMinutes = records(Family.HISTORY);
    readSome(last, 60);
    release(last, true);
    assertThat(records(Family.HISTORY)).as("seed %d", seed).isLessThan(withMinutes);
    pins.forEach(pin -> expect(pin, pin));
    for (int i = 0; i < pins.size(); i++) {
      bed.upkeep(new Upkeep.UnpinInstant("pin " + i));
    }
    pins.clear();
    bed.upkeepAll();
    reap();
    release(bed.now(), true);
    bed.upkeepAll();
    assertThat(bed.namespace.survey().past().empty()).isTrue();
    nothingIsLeft();
  }

  @Test
  void untilATimeToComeNothingIsKept() {
    change(CHANGES / 4, 10 * SECOND);
    for (int i = 0; i < pins.size(); i++) {
      bed.upkeep(new Upkeep.UnpinInstant("pin " + i));
    }
    pins.clear();
    bed.upkeepAll();
    reap();
    release(bed.now() + MINUTE, true);
    long until = bed.now() + MINUTE - 2 * SECOND;
    while (bed.now() < until) {
      bed.tick(changes.random.nextLong(SECOND));
      changes.step();
      record();
      assertThat(records(Family.HISTORY)).as("seed %d", seed).isZero();
    }
    bed.check();
    bed.tick(MINUTE);
    change(CHANGES / 4, 10 * SECOND);
    assertThat(records(Family.HISTORY)).as("seed %d", seed).isPositive();
    readSome(bed.now(), 30);
  }

  private void reap() {
    for (ReferenceModel.Node node : List.copyOf(changes.model.nodes.values())) {
      if (node.links == 0) {
        changes.model.nodes.remove(node.ino);
      }
    }
  }

  /** The store holds the present and nothing else. */
  private void nothingIsLeft() {
    reap();
    bed.check();
    assertThat(read(0)).as("seed %d", seed).isEqualTo(changes.model.picture());
    for (Family family : List.of(Family.HISTORY, Family.MAPS, Family.ORPHANS)) {
      assertThat(records(family)).as("seed %d, %s", seed, family).isZero();
    }
    Set<Long> maps = new HashSet<>();
    Set<Long> inos = new HashSet<>();
    State state = bed.namespace.state();
    state.read(
        reader -> {
          reader.scan(
              Table.INODES,
              Key.EMPTY,
              null,
              (key, stored) -> {
                Inode inode = stored.value();
                inos.add(key.longAt(0));
                maps.add(inode.map());
                return true;
              });
          return true;
        });
    assertThat(inos).isEqualTo(changes.model.nodes.keySet());
    for (Family family : List.of(Family.INLINE, Family.XATTRS, Family.LINKS)) {
      state.scanRaw(family, (key, value) -> assertThat(inos).contains(key.longAt(0)) != null);
    }
    state.scanRaw(Family.EXTENTS, (key, value) -> assertThat(maps).contains(key.longAt(0)) != null);
    changes.sealAll();
    Set<Long> named = changes.model.blocks();
    // First what was relocated, then what nothing that was relocated names any more.
    for (int i = 0; i < 2; i++) {
      List<Long> ownerless = bed.namespace.survey().ownerless(0, Integer.MAX_VALUE);
      assertThat(ownerless).doesNotContainAnyElementsOf(named);
      Reply condemned = bed.upkeep(new Upkeep.CondemnBlocks(ownerless));
      assertThat(((Reply.Progress) condemned).ids()).isEqualTo(ownerless);
    }
    Set<Long> left = new HashSet<>(named);
    for (Survey.Block block : blocks(Survey.BlockState.RELOCATED)) {
      assertThat(named).contains(block.id());
      left.remove(block.id());
      left.add(block.target());
    }
    assertThat(blocks(Survey.BlockState.CLOSED))
        .extracting(Survey.Block::id)
        .containsExactlyInAnyOrderElementsOf(left);
    bed.check();
  }

  private List<Survey.Block> blocks(Survey.BlockState state) {
    return bed.namespace.survey().blocks(state, 0, Integer.MAX_VALUE);
  }
}

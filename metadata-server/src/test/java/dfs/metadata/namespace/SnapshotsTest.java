package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.name;
import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Names for instants, which are kept as long as they have one. */
class SnapshotsTest {
  private static final Caller ANN = new Caller(1001, 1001, List.of());

  private final NamespaceBed bed = NamespaceBed.inMemory();

  private Reply create(Caller caller, String name, long ino, long asOf) {
    return bed.change(caller, new Change.CreateSnapshot(name, ino, asOf));
  }

  private static long nanos(Reply reply) {
    assertThat(reply).isInstanceOf(Reply.Instant.class);
    return ((Reply.Instant) reply).nanos();
  }

  private String contents(long file, long asOf) {
    Query query = new Query.ReadMap(file, 0, 100);
    Reply reply = bed.namespace.query(Caller.ROOT, query, asOf);
    return reply instanceof Reply.MapPage page ? page.inline().toStringUtf8() : "gone";
  }

  private void forget() {
    bed.tick(NamespaceBed.SECOND);
    bed.upkeep(new Upkeep.ReleaseHistory(bed.now(), true));
    bed.upkeepAll();
    bed.check();
  }

  /** Within a second nothing else is kept apart. */
  @Test
  void whatAnInstantSawIsKeptWhateverItsAge() {
    long file = bed.create(ROOT, "f");
    bed.writeInline(file, "one");
    long first = nanos(create(Caller.ROOT, "first", ROOT, 0));
    bed.writeInline(file, "two");
    long second = nanos(create(Caller.ROOT, "second", ROOT, 0));
    bed.writeInline(file, "three");
    bed.unlink(ROOT, "f");
    assertThat(nanos(bed.query(new Query.GetSnapshot("first")))).isEqualTo(first);
    assertThat(errno(create(Caller.ROOT, "first", ROOT, 0))).isEqualTo(Errno.EEXIST);
    bed.tick(50 * NamespaceBed.HOUR);
    bed.upkeepAll();
    forget();
    assertThat(contents(file, first)).isEqualTo("one");
    assertThat(contents(file, second)).isEqualTo("two");
    assertThat(bed.query(new Query.ListSnapshots("", 10)))
        .isEqualTo(
            new Reply.Snapshots(
                List.of(
                    new Reply.Snapshot("first", first, ROOT, 0),
                    new Reply.Snapshot("second", second, ROOT, 0)),
                true));
    assertThat(((Reply.Snapshots) bed.query(new Query.ListSnapshots("first", 1))).snapshots())
        .hasSize(1);

    assertThat(errno(bed.change(new Change.RemoveSnapshot("first")))).isEqualTo(Errno.OK);
    forget();
    assertThat(contents(file, first)).isEqualTo("gone");
    assertThat(contents(file, second)).isEqualTo("two");
    assertThat(errno(bed.query(new Query.GetSnapshot("first")))).isEqualTo(Errno.ENOENT);
    assertThat(errno(bed.change(new Change.RemoveSnapshot("first")))).isEqualTo(Errno.ENOENT);
  }

  /** What only it held may lie where the search for what another had held has been. */
  @Test
  void whatARemovedOneHeldGoesWhileAnotherIsLookedFor() {
    long first = bed.create(ROOT, "first");
    for (int i = 0; i < 400; i++) {
      bed.setXattr(first, "user.%04d".formatted(i), "one");
    }
    nanos(create(Caller.ROOT, "other", ROOT, 0));
    for (int i = 0; i < 400; i++) {
      bed.setXattr(first, "user.%04d".formatted(i), "two");
    }
    long last = bed.create(ROOT, "last");
    bed.writeInline(last, "one");
    nanos(create(Caller.ROOT, "one", ROOT, 0));
    bed.writeInline(last, "two");
    bed.tick(50 * NamespaceBed.HOUR);
    bed.upkeepAll();
    assertThat(images()).isGreaterThan(400);
    assertThat(errno(bed.change(new Change.RemoveSnapshot("one")))).isEqualTo(Errno.OK);
    bed.upkeep(new Upkeep.AdvanceHistory());
    assertThat(errno(bed.change(new Change.RemoveSnapshot("other")))).isEqualTo(Errno.OK);
    forget();
    assertThat(images()).isZero();
  }

  private int images() {
    return bed.namespace
        .state()
        .read(reader -> reader.rows(Table.IMAGES, Key.EMPTY, null, Integer.MAX_VALUE).size());
  }

  @Test
  void aKeptTimeGetsAName() {
    long file = bed.create(ROOT, "f");
    bed.writeInline(file, "one");
    bed.tick(3 * NamespaceBed.SECOND);
    long then = bed.now();
    bed.writeInline(file, "two");
    bed.tick(3 * NamespaceBed.SECOND);
    long instant = nanos(create(Caller.ROOT, "then", ROOT, then));
    assertThat(instant).isEqualTo(then / NamespaceBed.SECOND * NamespaceBed.SECOND);
    forget();
    assertThat(contents(file, instant)).isEqualTo("one");
    assertThat(errno(create(Caller.ROOT, "older", ROOT, then - NamespaceBed.HOUR)))
        .isEqualTo(Errno.ENODATA);
  }

  @Test
  void onlyTheOwnerMakesThemAndWhoMadeThemRemovesThem() {
    long hers = bed.mkdir(ANN, bed.mkdir(Caller.ROOT, ROOT, "d", 0777), "hers", 0755);
    assertThat(errno(create(ANN, "a", ROOT, 0))).isEqualTo(Errno.EPERM);
    nanos(create(ANN, "a", hers, 0));
    nanos(create(Caller.ROOT, "b", hers, 0));
    assertThat(errno(bed.change(ANN, new Change.RemoveSnapshot("b")))).isEqualTo(Errno.EPERM);
    assertThat(errno(bed.change(ANN, new Change.RemoveSnapshot("a")))).isEqualTo(Errno.OK);
    long file = bed.create(ROOT, "f");
    assertThat(errno(create(Caller.ROOT, "f", file, 0))).isEqualTo(Errno.ENOTDIR);
    for (String wrong : List.of("", "2026", "a b", "a/b", "-a", "a".repeat(65), "ä")) {
      assertThat(errno(create(Caller.ROOT, wrong, ROOT, 0))).as(wrong).isEqualTo(Errno.EINVAL);
    }
    assertThat(errno(bed.query(new Query.Lookup(ROOT, name("f"))))).isEqualTo(Errno.OK);
  }
}

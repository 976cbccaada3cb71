package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.SECOND;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.extent;
import static dfs.metadata.namespace.NamespaceBed.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.PastEntry;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What puts back the past is done once, however often its request comes. */
class ReturnRepeatsTest {
  private static final int SLOT = 7;
  private static final int PIECES = 300;

  private final NamespaceBed bed = NamespaceBed.inMemory();
  private final long directory = bed.mkdir(ROOT, "d");
  private final long file = bed.create(directory, "f");
  private final long block = bed.allocate();
  private final long instant;
  private long sequence;

  ReturnRepeatsTest() {
    for (int i = 0; i < PIECES; i++) {
      bed.write(file, extent(10_000L * i, 100, block, 100L * i));
    }
    bed.link(file, directory, "hard");
    bed.tick(2 * SECOND);
    instant = bed.instantAt(bed.now());
    bed.tick(2 * SECOND);
    bed.truncate(file, 0);
  }

  @AfterEach
  void close() {
    bed.check();
    bed.close();
  }

  /** The answer, which the same request in the same slot gets again. */
  private Reply twice(Change change) {
    sequence++;
    Reply first = bed.apply(bed.command(bed.session, SLOT, sequence, Caller.ROOT, change));
    Reply again = bed.apply(bed.command(bed.session, SLOT, sequence, Caller.ROOT, change));
    assertThat(errno(first)).as("%s: %s", change, first).isEqualTo(Errno.OK);
    if (first instanceof Reply.Progress progress && change instanceof Change.CopyPast) {
      // That there is no more of the last one's contents, only going on with them tells.
      assertThat(again).isEqualTo(new Reply.Progress(progress.ids(), true));
    } else if (first instanceof Reply.Progress) {
      assertThat(((Reply.Progress) again).more()).isTrue();
    } else {
      assertThat(again).isEqualTo(first);
    }
    return first;
  }

  private long copied(long parent, String name, long from, long existing) {
    PastEntry entry = new PastEntry(name(name), from, existing);
    return ((Reply.Progress) twice(new Change.CopyPast(parent, instant, List.of(entry))))
        .ids()
        .getFirst();
  }

  private void whole(long copy, long from) {
    while (((Reply.Progress) twice(new Change.CopyExtents(copy, from, instant))).more()) {
      bed.tick(1);
    }
  }

  private List<?> extents(long ino) {
    return bed.map(ino).extents();
  }

  @Test
  void aTreeIsPutTogetherOnce() {
    long top = copied(0, "", directory, 0);
    long copy = copied(top, "f", file, 0);
    whole(copy, file);
    assertThat(copied(top, "hard", file, copy)).isEqualTo(copy);
    whole(top, directory);
    twice(new Change.PutBack(top, ROOT, name("d"), true));
    bed.upkeepAll();
    assertThat(bed.attributes(copy).links()).isEqualTo(2);
    assertThat(extents(copy)).hasSize(PIECES);
    assertThat(bed.query(new Query.Lookup(ROOT, name("d"))))
        .isEqualTo(new Reply.Entry(bed.attributes(top)));
    assertThat(bed.namespace.survey().totals().files()).isEqualTo(1);
  }

  @Test
  void aFileIsRestoredOnce() {
    long copy = copied(0, "", file, 0);
    whole(copy, file);
    twice(new Change.Restore(file, instant, copy));
    assertThat(extents(file)).hasSize(PIECES);
    assertThat(errno(bed.query(new Query.GetAttributes(copy)))).isEqualTo(Errno.ESTALE);
  }

  @Test
  void aCopyIsDroppedOnce() {
    long copy = copied(0, "", file, 0);
    twice(new Change.DropCopy(copy));
    assertThat(errno(bed.change(new Change.DropCopy(copy)))).isEqualTo(Errno.EPERM);
    assertThat(bed.namespace.survey().treesToDrop(2)).containsExactly(copy);
    bed.upkeepAll();
    assertThat(errno(bed.query(new Query.GetAttributes(copy)))).isEqualTo(Errno.ESTALE);
    PastEntry below = new PastEntry(ByteString.copyFromUtf8("x"), file, 0);
    long top = copied(0, "", directory, 0);
    long inside = copied(top, "f", file, 0);
    assertThat(errno(bed.change(new Change.DropCopy(inside)))).isEqualTo(Errno.EINVAL);
    twice(new Change.DropCopy(top));
    assertThat(errno(bed.change(new Change.CopyPast(top, instant, List.of(below)))))
        .isEqualTo(Errno.EPERM);
    bed.upkeepAll();
  }

  @Test
  void aSnapshotIsMadeAndRemovedOnce() {
    Reply.Instant made = (Reply.Instant) twice(new Change.CreateSnapshot("s", directory, 0));
    assertThat(bed.query(new Query.GetSnapshot("s"))).isEqualTo(made);
    twice(new Change.RemoveSnapshot("s"));
    assertThat(errno(bed.query(new Query.GetSnapshot("s")))).isEqualTo(Errno.ENOENT);
  }
}

package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.SECOND;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.extent;
import static dfs.metadata.namespace.NamespaceBed.name;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.PastEntry;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Trees without a name, and what is taken from the past, leave nothing behind that is not whole.
 */
class NamelessTest {
  private static final int MANY = 600;

  private final NamespaceBed bed = NamespaceBed.inMemory();
  private final long directory = bed.mkdir(Caller.ROOT, ROOT, "d", 0777);

  @AfterEach
  void close() {
    bed.check();
    bed.close();
  }

  private long instant() {
    bed.tick(2 * SECOND);
    long instant = bed.instantAt(bed.now());
    bed.tick(2 * SECOND);
    return instant;
  }

  private static void done(Reply reply) {
    assertThat(errno(reply)).as("%s", reply).isEqualTo(Errno.OK);
  }

  private Reply restore(long ino, long instant, long copy) {
    return bed.change(new Change.Restore(ino, instant, copy));
  }

  private Reply copying(long parent, long instant, PastEntry... entries) {
    return bed.change(new Change.CopyPast(parent, instant, List.of(entries)));
  }

  private List<Long> copies(long parent, long instant, PastEntry... entries) {
    Reply reply = copying(parent, instant, entries);
    assertThat(reply).isInstanceOf(Reply.Progress.class);
    return ((Reply.Progress) reply).ids();
  }

  private long top(long ino, long instant) {
    return copies(0, instant, entry("", ino)).getFirst();
  }

  private static PastEntry entry(String name, long from) {
    return new PastEntry(name(name), from, 0);
  }

  private int wanted(long block) {
    return requireNonNull(bed.namespace.survey().block(block)).copies();
  }

  private Reply setCopies(long ino, int copies) {
    return bed.change(new Change.SetReplication(ino, copies, 0, Limits.FILE_SIZE_BYTES));
  }

  private void abandon() {
    done(bed.upkeep(new Upkeep.FenceSession(bed.session)));
    bed.upkeepAll();
  }

  @Test
  void onlyACopyOfAFileIsTaken() {
    long sparse = bed.create(directory, "sparse");
    done(bed.truncate(sparse, 2));
    long full = bed.mkdir(directory, "full");
    var _ = bed.create(full, "a");
    var _ = bed.create(full, "b");
    long small = bed.create(directory, "small");
    done(bed.writeInline(small, "12"));
    long blocks = bed.create(directory, "blocks");
    done(bed.write(blocks, extent(0, 2, bed.allocate(), 0)));
    long then = instant();
    long copy = top(full, then);
    var _ = copies(copy, then, entry("a", sparse), entry("b", sparse));
    assertThat(errno(restore(sparse, then, copy))).isEqualTo(Errno.EINVAL);
    assertThat(errno(restore(small, then, top(blocks, then)))).isEqualTo(Errno.EINVAL);
    bed.check();
  }

  @Test
  void aCopyIsNotTakenForItself() {
    long file = bed.create(directory, "f");
    long then = instant();
    long copy = top(file, then);
    long later = instant();
    assertThat(errno(restore(copy, later, copy))).isEqualTo(Errno.ENOENT);
    assertThat(errno(restore(copy, later, 0))).isEqualTo(Errno.ENOENT);
    bed.check();
    abandon();
  }

  @Test
  void whatHasNoNameGetsNoSecondOne() {
    long file = bed.create(directory, "f");
    long below = bed.mkdir(directory, "below");
    long then = instant();
    long copy = top(file, then);
    long tree = top(below, then);
    assertThat(errno(bed.link(copy, directory, "second"))).isEqualTo(Errno.ENOENT);
    assertThat(errno(copying(tree, then, new PastEntry(name("second"), file, copy))))
        .isEqualTo(Errno.EINVAL);
    bed.check();
    done(restore(file, then, copy));
    bed.check();
    abandon();
  }

  /** What were acknowledged there would go with it. */
  @Test
  void nothingIsMadeInATreeThatGoes() {
    long old = bed.mkdir(directory, "top");
    long sub = bed.mkdir(old, "sub");
    long file = bed.create(directory, "f");
    long then = instant();
    long copy = top(old, then);
    done(bed.change(new Change.PutBack(copy, directory, name("top"), true)));
    for (long at : List.of(old, sub)) {
      assertThat(errno(bed.change(new Change.CreateFile(at, name("new"), 0644, 0, false))))
          .isEqualTo(Errno.ENOENT);
      assertThat(errno(bed.link(file, at, "new"))).isEqualTo(Errno.ENOENT);
      assertThat(errno(bed.rename(directory, "f", at, "new"))).isEqualTo(Errno.ENOENT);
    }
    long unnamed = top(sub, then);
    assertThat(errno(bed.rename(directory, "f", unnamed, "f"))).isEqualTo(Errno.ENOENT);
    var _ = bed.create(copy, "new");
    bed.check();
    abandon();
    assertThat(errno(bed.query(new Query.Lookup(directory, name("f"))))).isEqualTo(Errno.OK);
  }

  @Test
  void aFileIsKeptNoWorseForWhatItWas() {
    long file = bed.create(directory, "f");
    done(setCopies(file, 1));
    long block = bed.allocate();
    done(bed.write(file, extent(0, 5000, block, 0)));
    long then = instant();
    done(bed.write(file, extent(0, 5000, bed.allocate(), 0)));
    done(setCopies(file, 3));
    bed.tick(2 * SECOND);
    assertThat(wanted(block)).as("the volume's number, which is one").isZero();
    done(restore(file, then, 0));
    assertThat(bed.attributes(file).copies()).isEqualTo(3);
    assertThat(wanted(block)).isEqualTo(3);
  }

  @Test
  void norForACopyThatIsTaken() {
    long file = bed.create(directory, "f");
    done(setCopies(file, 1));
    long block = bed.allocate();
    for (int i = 0; i < MANY; i++) {
      done(bed.write(file, extent(10_000L * i, 100, block, 100L * i)));
    }
    long then = instant();
    done(bed.truncate(file, 0));
    done(setCopies(file, 3));
    long copy = whole(file, then);
    assertThat(wanted(block)).isEqualTo(3);
    done(setCopies(file, 4));
    assertThat(errno(restore(file, then, copy))).isEqualTo(Errno.EAGAIN);
    done(setCopies(file, 3));
    done(restore(file, then, copy));
    assertThat(bed.attributes(file).copies()).isEqualTo(3);
  }

  private long whole(long file, long then) {
    long copy = top(file, then);
    Reply reply;
    do {
      reply = bed.change(new Change.CopyExtents(copy, file, then));
    } while (reply instanceof Reply.Progress progress && progress.more());
    done(reply);
    return copy;
  }

  private void setXattrs(long ino, int count) {
    ByteString value = ByteString.copyFrom(new byte[Limits.XATTR_VALUE_BYTES]);
    for (int i = 0; i < count; i++) {
      done(bed.change(new Change.SetXattr(ino, name("user." + i), value, 0)));
    }
  }

  @Test
  void theAttributesOfACommandAreBounded() {
    long full = bed.create(directory, "full");
    setXattrs(full, 16);
    long half = bed.create(directory, "half");
    setXattrs(half, 10);
    long then = instant();
    assertThat(errno(restore(full, then, 0))).isEqualTo(Errno.ERANGE);
    assertThat(errno(copying(0, then, entry("", full)))).isEqualTo(Errno.ERANGE);
    long tree = top(directory, then);
    assertThat(copies(tree, then, entry("half", half), entry("again", half))).hasSize(1);
    assertThat(copies(tree, then, entry("again", half), entry("full", full))).hasSize(1);
    assertThat(errno(copying(tree, then, entry("full", full)))).isEqualTo(Errno.ERANGE);
    done(restore(half, then, 0));
    setXattrs(half, 16);
    assertThat(errno(restore(half, then, 0))).isEqualTo(Errno.ERANGE);
    bed.check();
  }
}

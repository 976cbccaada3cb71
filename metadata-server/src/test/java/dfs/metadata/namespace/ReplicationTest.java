package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ANN;
import static dfs.metadata.namespace.NamespaceBed.BOB;
import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.extent;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dfs.protocol.Limits;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How many copies are kept of files and of what is made in directories. */
class ReplicationTest {
  private static final long MIB = 1 << 20;

  private final NamespaceBed bed = NamespaceBed.inMemory();
  private final long shared = bed.mkdir(Caller.ROOT, ROOT, "shared", 0777);
  private final long directory = bed.mkdir(ANN, shared, "d", 0755);

  @AfterEach
  void agrees() {
    bed.check();
  }

  private Reply set(Caller caller, long ino, int copies) {
    return bed.change(caller, new Change.SetReplication(ino, copies, 0, MIB));
  }

  private int copies(long ino) {
    return ((Reply.Entry) bed.query(new Query.GetAttributes(ino))).attributes().copies();
  }

  private int wanted(long block) {
    return requireNonNull(bed.namespace.survey().block(block)).copies();
  }

  @Test
  void whatIsMadeInADirectoryHasItsCopiesAndKeepsThemWhenItMoves() {
    assertThat(set(ANN, directory, 3)).isInstanceOf(Reply.Entry.class);
    long below = bed.mkdir(ANN, directory, "sub", 0755);
    long file = bed.create(ANN, below, "f", 0644);
    assertThat(copies(below)).isEqualTo(3);
    assertThat(copies(file)).isEqualTo(3);
    bed.rename(below, "f", ROOT, "f");
    assertThat(copies(file)).isEqualTo(3);
    set(ANN, directory, 0);
    assertThat(copies(directory)).isZero();
    assertThat(copies(below)).as("what is there already").isEqualTo(3);
    assertThat(copies(bed.create(ANN, directory, "g", 0644))).isZero();
  }

  private Reply setMin(long ino, int copies, int least) {
    return bed.change(ANN, new Change.SetReplication(ino, copies, 0, MIB, least));
  }

  private int least(long ino) {
    return ((Reply.Entry) bed.query(new Query.GetAttributes(ino))).attributes().copiesMin();
  }

  @Test
  void howManyCopiesAWriteNeedsIsInheritedAndKept() {
    assertThat(least(directory)).isZero();
    assertThat(setMin(directory, 8, 8)).isInstanceOf(Reply.Entry.class);
    assertThat(setMin(directory, 3, 1)).isInstanceOf(Reply.Entry.class);
    long below = bed.mkdir(ANN, directory, "sub", 0755);
    long file = bed.create(ANN, below, "f", 0644);
    assertThat(least(file)).isEqualTo(1);
    assertThat(copies(file)).isEqualTo(3);
    bed.rename(below, "f", ROOT, "f");
    assertThat(least(file)).isEqualTo(1);
    assertThat(setMin(file, Change.SetReplication.KEEP, 3)).isInstanceOf(Reply.Entry.class);
    assertThat(least(file)).isEqualTo(3);
    assertThat(copies(file)).as("as before").isEqualTo(3);
    assertThat(set(ANN, file, 2)).isInstanceOf(Reply.Entry.class);
    assertThat(least(file)).as("the usual again").isZero();
    assertThat(least(below)).isEqualTo(1);
  }

  @Test
  void noMoreCopiesAreNeededThanThereAre() {
    bed.upkeep(new Upkeep.SetCopies(2));
    assertThat(errno(setMin(directory, 2, 3))).isEqualTo(Errno.EINVAL);
    assertThat(errno(setMin(directory, 2, -1))).isEqualTo(Errno.EINVAL);
    assertThat(errno(setMin(directory, 0, 3))).isEqualTo(Errno.EINVAL);
    assertThat(errno(setMin(directory, Change.SetReplication.KEEP, 3))).isEqualTo(Errno.EINVAL);
    assertThat(errno(setMin(directory, -2, 1))).isEqualTo(Errno.EINVAL);
    assertThat(setMin(directory, 0, 2)).isInstanceOf(Reply.Entry.class);
    assertThat(copies(directory)).isZero();
    assertThat(least(directory)).isEqualTo(2);
  }

  @Test
  void ownersDecideAndWithinBounds() {
    assertThat(errno(set(BOB, directory, 2))).isEqualTo(Errno.EPERM);
    assertThat(errno(set(ANN, directory, 9))).isEqualTo(Errno.EINVAL);
    assertThat(errno(set(ANN, directory, -1))).isEqualTo(Errno.EINVAL);
    assertThat(errno(set(Caller.ROOT, bed.symlink(ROOT, "s", "d"), 2))).isEqualTo(Errno.EINVAL);
    assertThat(set(Caller.ROOT, directory, 2)).isInstanceOf(Reply.Entry.class);
  }

  /** Files share a block: it has as many copies as any of them ever asked for. */
  @Test
  void aSharedBlockNeverGetsFewer() {
    bed.upkeep(new Upkeep.SetCopies(2));
    long block = bed.allocate();
    long one = bed.create(ANN, directory, "one", 0644);
    long other = bed.create(ANN, directory, "other", 0644);
    bed.write(one, extent(0, 8192, block, 0));
    bed.write(other, extent(0, 8192, block, 8192));
    set(ANN, one, 1);
    assertThat(wanted(block)).as("the volume's").isZero();
    set(ANN, one, 3);
    assertThat(wanted(block)).isEqualTo(3);
    set(ANN, one, 1);
    set(ANN, other, 2);
    assertThat(wanted(block)).isEqualTo(3);
    set(ANN, other, 4);
    assertThat(wanted(block)).isEqualTo(4);
  }

  @Test
  void aFilesOwnBlockHasWhatItAsksFor() {
    long file = bed.create(ANN, directory, "f", 0644);
    Change.AllocateBlock wish = new Change.AllocateBlock(new Change.BlockWish(true, true, file, 3));
    long block = ((Reply.Allocated) bed.change(wish)).grant().block();
    bed.write(file, extent(0, 8192, block, 0));
    assertThat(wanted(block)).isEqualTo(3);
    set(ANN, file, 1);
    assertThat(wanted(block)).isEqualTo(1);
    set(ANN, file, 0);
    assertThat(wanted(block)).isZero();
  }

  /** Whoever writes it has the block open already. */
  @Test
  void whatIsWrittenIntoAnOlderBlockHasTheCopiesOfItsFile() {
    long block = bed.allocate();
    long file = bed.create(ANN, directory, "f", 0644);
    set(ANN, file, 3);
    bed.write(file, extent(0, 8192, block, 0));
    assertThat(wanted(block)).isEqualTo(3);
    bed.upkeep(new Upkeep.SetCopies(4));
    bed.write(bed.create(ANN, shared, "g", 0644), extent(0, 8192, block, 8192));
    assertThat(wanted(block)).as("the volume's").isZero();
  }

  /** Nobody has the log wait for a file in a million pieces. */
  @Test
  void aRangeOfTooManyPiecesIsRefused() {
    long file = bed.create(ANN, directory, "f", 0644);
    long block = bed.allocate();
    for (int i = 0; i <= Limits.EXTENTS_PER_MESSAGE; i++) {
      bed.write(file, extent(i * 20_000L, 10_000, block, i * 10_000L));
    }
    Change whole = new Change.SetReplication(file, 3, 0, 1L << 40);
    assertThat(errno(bed.change(ANN, whole))).isEqualTo(Errno.EAGAIN);
    assertThat(copies(file)).isZero();
    Change half = new Change.SetReplication(file, 3, 20_000, 1L << 40);
    assertThat(bed.change(ANN, half)).isInstanceOf(Reply.Entry.class);
    assertThat(wanted(block)).isEqualTo(3);
  }

  @Test
  void onlyTheRangeIsChanged() {
    long file = bed.create(ANN, directory, "f", 0644);
    long first = bed.allocate();
    long second = bed.allocate();
    bed.write(file, extent(0, MIB, first, 0), extent(MIB, MIB, second, 0));
    set(ANN, file, 3);
    assertThat(wanted(first)).isEqualTo(3);
    assertThat(wanted(second)).isZero();
  }
}

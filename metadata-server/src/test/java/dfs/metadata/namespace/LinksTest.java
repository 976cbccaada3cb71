package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.name;
import static org.assertj.core.api.Assertions.assertThat;

import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.Rename;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Further links, renames and exchanges. */
class LinksTest {
  private final NamespaceBed bed = NamespaceBed.inMemory();

  @AfterEach
  void agrees() {
    bed.check();
  }

  /** The inode under a name; 0: none. */
  private long find(long parent, String name) {
    return bed.query(new Query.Lookup(parent, name(name))) instanceof Reply.Entry entry
        ? entry.attributes().ino()
        : 0;
  }

  @Test
  void aLinkedFileLivesOnUnderItsOtherName() {
    long a = bed.mkdir(ROOT, "a");
    long b = bed.mkdir(ROOT, "b");
    long file = bed.create(a, "f");
    bed.writeInline(file, "12345");
    bed.link(file, b, "g");
    assertThat(bed.attributes(file).links()).isEqualTo(2);
    assertThat(usage(a)).isEqualTo(5);
    assertThat(usage(b)).isZero();
    bed.unlink(a, "f");
    assertThat(bed.attributes(file).links()).isEqualTo(1);
    assertThat(usage(a)).isZero();
    assertThat(usage(b)).isEqualTo(5);
    assertThat(find(b, "g")).isEqualTo(file);
    bed.link(file, a, "f");
    bed.link(file, a, "h");
    bed.unlink(a, "f");
    bed.check();
    bed.unlink(b, "g");
    assertThat(find(a, "h")).isEqualTo(file);
    Reply.Removed removed = (Reply.Removed) bed.unlink(a, "h");
    assertThat(removed.attributes()).isEqualTo(bed.attributes(file));
    assertThat(bed.attributes(file).links()).isZero();
  }

  private long usage(long directory) {
    return bed.namespace.state().read(reader -> Charge.below(reader, directory)).bytes();
  }

  @Test
  void linksAreRefusedWhereTheyMustBe() {
    long d = bed.mkdir(ROOT, "d");
    long file = bed.create(d, "f");
    assertThat(errno(bed.link(d, ROOT, "e"))).isEqualTo(Errno.EPERM);
    assertThat(errno(bed.link(file, d, "f"))).isEqualTo(Errno.EEXIST);
    assertThat(errno(bed.link(999, d, "g"))).isEqualTo(Errno.ESTALE);
    bed.unlink(d, "f");
    assertThat(errno(bed.link(file, d, "g"))).isEqualTo(Errno.ENOENT);
  }

  @Test
  void renameMovesFilesAndTrees() {
    long a = bed.mkdir(ROOT, "a");
    long b = bed.mkdir(ROOT, "b");
    long sub = bed.mkdir(a, "sub");
    long file = bed.create(sub, "f");
    bed.writeInline(file, "abc");
    assertThat(bed.rename(a, "sub", b, "moved")).isEqualTo(new Reply.Removed(null));
    assertThat(find(b, "moved")).isEqualTo(sub);
    assertThat(find(a, "sub")).isZero();
    assertThat(find(sub, "..")).isEqualTo(b);
    assertThat(usage(a)).isZero();
    assertThat(usage(b)).isEqualTo(3);
    assertThat(bed.attributes(a).links()).isEqualTo(2);
    assertThat(bed.attributes(b).links()).isEqualTo(3);
    bed.check();
    bed.rename(sub, "f", ROOT, "f");
    assertThat(usage(b)).isZero();
    assertThat(usage(ROOT)).isEqualTo(3);
  }

  @Test
  void renameReplacesWhatItMay() {
    long file = bed.create(ROOT, "f");
    long old = bed.create(ROOT, "old");
    Reply.Removed removed = (Reply.Removed) bed.rename(ROOT, "f", ROOT, "old");
    assertThat(removed.attributes()).isEqualTo(bed.attributes(old));
    assertThat(find(ROOT, "old")).isEqualTo(file);
    assertThat(bed.namespace.survey().orphans(0, 9)).containsExactly(old);
    long d = bed.mkdir(ROOT, "d");
    long e = bed.mkdir(ROOT, "e");
    assertThat(errno(bed.rename(ROOT, "old", ROOT, "d"))).isEqualTo(Errno.EISDIR);
    assertThat(errno(bed.rename(ROOT, "d", ROOT, "old"))).isEqualTo(Errno.ENOTDIR);
    bed.create(e, "x");
    assertThat(errno(bed.rename(ROOT, "d", ROOT, "e"))).isEqualTo(Errno.ENOTEMPTY);
    bed.unlink(e, "x");
    assertThat(errno(bed.rename(ROOT, "d", ROOT, "e"))).isEqualTo(Errno.OK);
    assertThat(find(ROOT, "e")).isEqualTo(d);
    assertThat(bed.attributes(ROOT).links()).isEqualTo(3);
  }

  @Test
  void renameToAnotherLinkOfTheSameInodeDoesNothing() {
    long file = bed.create(ROOT, "f");
    bed.link(file, ROOT, "g");
    assertThat(bed.rename(ROOT, "f", ROOT, "g")).isEqualTo(new Reply.Removed(null));
    assertThat(bed.rename(ROOT, "f", ROOT, "f")).isEqualTo(new Reply.Removed(null));
    assertThat(find(ROOT, "f")).isEqualTo(file);
    assertThat(find(ROOT, "g")).isEqualTo(file);
  }

  @Test
  void renamesAreRefusedWhereTheyMustBe() {
    long a = bed.mkdir(ROOT, "a");
    long b = bed.mkdir(a, "b");
    long c = bed.mkdir(b, "c");
    bed.create(ROOT, "f");
    assertThat(errno(bed.rename(ROOT, "a", c, "a"))).isEqualTo(Errno.EINVAL);
    assertThat(errno(bed.rename(ROOT, "a", a, "a"))).isEqualTo(Errno.EINVAL);
    assertThat(errno(bed.rename(b, "c", ROOT, "a"))).isEqualTo(Errno.ENOTEMPTY);
    assertThat(errno(bed.rename(ROOT, "none", ROOT, "x"))).isEqualTo(Errno.ENOENT);
    assertThat(errno(bed.rename(ROOT, "f", ROOT, ".dfs"))).isEqualTo(Errno.EPERM);
    assertThat(errno(bed.rename(ROOT, "f", ROOT, "a", Rename.NO_REPLACE))).isEqualTo(Errno.EEXIST);
    assertThat(errno(bed.rename(ROOT, "f", ROOT, "x", Rename.EXCHANGE))).isEqualTo(Errno.ENOENT);
    assertThat(errno(bed.rename(ROOT, "a", b, "c", Rename.EXCHANGE))).isEqualTo(Errno.EINVAL);
    assertThat(errno(bed.rename(b, "c", ROOT, "a", Rename.EXCHANGE))).isEqualTo(Errno.EINVAL);
    assertThat(errno(bed.rename(ROOT, "f", ROOT, "g", Rename.NO_REPLACE))).isEqualTo(Errno.OK);
    bed.rmdir(b, "c");
    assertThat(errno(bed.rename(ROOT, "g", c, "g"))).isEqualTo(Errno.ENOENT);
  }

  @Test
  void exchangeSwapsFilesAndDirectories() {
    long a = bed.mkdir(ROOT, "a");
    long b = bed.mkdir(ROOT, "b");
    long file = bed.create(a, "f");
    bed.writeInline(file, "123");
    long tree = bed.mkdir(b, "t");
    bed.writeInline(bed.create(tree, "x"), "1234567");
    assertThat(errno(bed.rename(a, "f", b, "t", Rename.EXCHANGE))).isEqualTo(Errno.OK);
    assertThat(find(a, "f")).isEqualTo(tree);
    assertThat(find(b, "t")).isEqualTo(file);
    assertThat(find(tree, "..")).isEqualTo(a);
    assertThat(usage(a)).isEqualTo(7);
    assertThat(usage(b)).isEqualTo(3);
    assertThat(bed.attributes(a).links()).isEqualTo(3);
    assertThat(bed.attributes(b).links()).isEqualTo(2);
    bed.check();
    long linked = bed.create(ROOT, "one");
    bed.link(linked, b, "two");
    assertThat(errno(bed.rename(b, "two", a, "f", Rename.EXCHANGE))).isEqualTo(Errno.OK);
    assertThat(find(a, "f")).isEqualTo(linked);
    assertThat(find(b, "two")).isEqualTo(tree);
  }

  @Test
  void movingADirectoryNeedsToWriteIt() {
    long shared = bed.mkdir(Caller.ROOT, ROOT, "shared", 0777);
    long other = bed.mkdir(Caller.ROOT, ROOT, "other", 0777);
    bed.mkdir(NamespaceBed.ANN, shared, "d", 0755);
    Change move = new Rename(shared, name("d"), other, name("d"), 0);
    assertThat(errno(bed.change(NamespaceBed.BOB, move))).isEqualTo(Errno.EACCES);
    Change inPlace = new Rename(shared, name("d"), shared, name("e"), 0);
    assertThat(errno(bed.change(NamespaceBed.BOB, inPlace))).isEqualTo(Errno.OK);
  }

  @Test
  void anOrphanLivesUntilItIsReapedAndCountsForNobody() {
    long file = bed.create(NamespaceBed.ANN, bed.mkdir(Caller.ROOT, ROOT, "d", 0777), "f", 0644);
    bed.writeInline(file, "12");
    bed.unlink(find(ROOT, "d"), "f");
    assertThat(usage(ROOT)).isZero();
    bed.writeInline(file, "123456");
    bed.check();
    assertThat(bed.map(file).inline()).isEqualTo(name("123456"));
    long still = bed.mknod(ROOT, "fifo", FileType.FIFO);
    bed.upkeep(new Upkeep.Reap(List.of(file, still, 777L)));
    assertThat(errno(bed.query(new Query.GetAttributes(file)))).isEqualTo(Errno.ESTALE);
    assertThat(errno(bed.query(new Query.GetAttributes(still)))).isEqualTo(Errno.OK);
  }
}

package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.SECOND;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.extent;
import static dfs.metadata.namespace.NamespaceBed.name;
import static org.assertj.core.api.Assertions.assertThat;

import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.PastEntry;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What was comes back, and no bytes are moved for it. */
class RestoreTest implements AutoCloseable {
  private static final Caller ANN = new Caller(1001, 1001, List.of());
  private static final int MANY = 600;

  private final NamespaceBed bed = NamespaceBed.inMemory();
  private final long directory = bed.mkdir(Caller.ROOT, ROOT, "d", 0777);

  @Override
  @AfterEach
  public void close() {
    bed.close();
  }

  /** An instant as of which all that was done can be read. */
  private long instant() {
    bed.tick(2 * SECOND);
    long instant = bed.instantAt(bed.now());
    bed.tick(2 * SECOND);
    return instant;
  }

  private static void done(Reply reply) {
    assertThat(errno(reply)).as("%s", reply).isEqualTo(Errno.OK);
  }

  private Reply restore(Caller caller, long ino, long instant, long copy) {
    return bed.change(caller, new Change.Restore(ino, instant, copy));
  }

  private Reply.Progress copy(Caller caller, long parent, long instant, PastEntry... entries) {
    Reply reply = bed.change(caller, new Change.CopyPast(parent, instant, List.of(entries)));
    assertThat(reply).isInstanceOf(Reply.Progress.class);
    return (Reply.Progress) reply;
  }

  private static PastEntry entry(String name, long from) {
    return new PastEntry(name(name), from, 0);
  }

  private long lookup(long parent, String name) {
    return ((Reply.Entry) bed.query(new Query.Lookup(parent, name(name)))).attributes().ino();
  }

  private Reply.MapPage mapThen(long ino, long instant) {
    Query query = new Query.ReadMap(ino, 0, 1L << 40);
    return (Reply.MapPage) bed.namespace.query(Caller.ROOT, query, instant);
  }

  /** All but names, change counter, map and times that are not set. */
  private static void alike(Attributes now, Attributes then) {
    assertThat(now.type()).isEqualTo(then.type());
    assertThat(now.mode()).isEqualTo(then.mode());
    assertThat(now.uid()).isEqualTo(then.uid());
    assertThat(now.gid()).isEqualTo(then.gid());
    assertThat(now.sizeBytes()).isEqualTo(then.sizeBytes());
    assertThat(now.allocatedBytes()).isEqualTo(then.allocatedBytes());
    assertThat(now.modifyNanos()).isEqualTo(then.modifyNanos());
    assertThat(now.flags()).isEqualTo(then.flags());
  }

  /** Nothing of the past is left to name a block. */
  private void forget() {
    bed.tick(2 * SECOND);
    done(bed.upkeep(new Upkeep.ReleaseHistory(bed.now(), true)));
    bed.upkeepAll();
    bed.check();
  }

  @Test
  void aFileIsWhatItWasUnderItsNumber() {
    long file = bed.create(directory, "f");
    long block = bed.allocate();
    done(bed.write(file, extent(0, 5000, block, 0)));
    done(bed.setXattr(file, "user.a", "old"));
    done(bed.seal(block, 6000, true));
    long then = instant();
    Attributes was = bed.attributes(file);
    long other = bed.allocate();
    done(bed.write(file, extent(1000, 9000, other, 0)));
    done(bed.change(NamespaceBed.setMode(file, 0600)));
    done(bed.setXattr(file, "user.a", "new"));
    done(bed.setXattr(file, "user.b", "new"));
    long between = instant();
    Reply.MapPage page = bed.map(file);

    done(restore(Caller.ROOT, file, then, 0));
    bed.check();
    alike(bed.attributes(file), was);
    assertThat(bed.map(file).extents()).isEqualTo(mapThen(file, then).extents());
    assertThat(bed.query(new Query.GetXattr(file, name("user.a"))))
        .isEqualTo(new Reply.Value(name("old")));
    assertThat(errno(bed.query(new Query.GetXattr(file, name("user.b"))))).isEqualTo(Errno.ENODATA);
    assertThat(bed.attributes(file).changeNanos()).isGreaterThan(between);
    assertThat(mapThen(file, between).extents()).isEqualTo(page.extents());

    forget();
    assertThat(bed.map(file).extents()).containsExactly(extent(0, 5000, block, 0));
    assertThat(bed.namespace.survey().isOwned(block)).isTrue();
    assertThat(bed.namespace.survey().isOwned(other)).isFalse();
    done(bed.unlink(directory, "f"));
    forget();
    assertThat(bed.namespace.survey().isOwned(block)).isFalse();
  }

  @Test
  void smallContentsComeBackFromTheMetadataAndToIt() {
    long file = bed.create(directory, "f");
    done(bed.writeInline(file, "small"));
    long small = instant();
    long block = bed.allocate();
    done(bed.write(file, extent(0, 5000, block, 0)));
    long large = instant();
    done(restore(Caller.ROOT, file, small, 0));
    bed.check();
    assertThat(bed.map(file).inline()).isEqualTo(name("small"));
    bed.tick(2 * SECOND);
    done(restore(Caller.ROOT, file, large, 0));
    bed.check();
    assertThat(bed.map(file).extents()).containsExactly(extent(0, 5000, block, 0));
    done(bed.truncate(file, 0));
    bed.tick(2 * SECOND);
    done(restore(Caller.ROOT, file, small, 0));
    assertThat(bed.map(file).inline()).isEqualTo(name("small"));
    forget();
  }

  /** Many pieces come with a copy; until then the file is what it is. */
  @Test
  void manyPiecesAreCopiedInSteps() {
    long file = bed.create(directory, "f");
    long block = bed.allocate();
    for (int i = 0; i < MANY; i++) {
      done(bed.write(file, extent(10_000L * i, 100, block, 100L * i)));
    }
    done(bed.seal(block, 100L * MANY, true));
    long then = instant();
    Attributes was = bed.attributes(file);
    List<Extent> extents = mapThen(file, then).extents();
    assertThat(extents).hasSize(MANY);
    done(bed.truncate(file, 0));
    long between = instant();
    assertThat(errno(restore(Caller.ROOT, file, then, 0))).isEqualTo(Errno.EFBIG);
    bed.check();
    Reply.Progress begun = copy(Caller.ROOT, 0, then, entry("", file));
    assertThat(begun.more()).isTrue();
    long copy = begun.ids().getFirst();
    bed.check();
    assertThat(errno(restore(Caller.ROOT, file, then, copy))).isEqualTo(Errno.EAGAIN);
    int steps = 0;
    while (((Reply.Progress) bed.change(new Change.CopyExtents(copy, file, then))).more()) {
      steps++;
      bed.check();
    }
    assertThat(steps).isPositive();
    done(bed.change(new Change.CopyExtents(copy, file, then)));
    assertThat(bed.attributes(file).sizeBytes()).isZero();
    done(restore(Caller.ROOT, file, then, copy));
    bed.check();
    alike(bed.attributes(file), was);
    assertThat(bed.map(file).extents()).isEqualTo(extents);
    assertThat(errno(bed.query(new Query.GetAttributes(copy)))).isEqualTo(Errno.ESTALE);
    assertThat(mapThen(file, between).extents()).isEmpty();
    forget();
    assertThat(bed.map(file).extents()).isEqualTo(extents);
  }

  private record Tree(long top, long sub, long file, long link) {}

  private Tree tree() {
    long top = bed.mkdir(Caller.ROOT, directory, "top", 0755);
    long sub = bed.mkdir(Caller.ROOT, top, "sub", 0700);
    long file = bed.create(top, "f");
    done(bed.writeInline(file, "one"));
    done(bed.link(file, sub, "hard"));
    long link = bed.symlink(sub, "soft", "../f");
    return new Tree(top, sub, file, link);
  }

  /** The copy of the tree, which has no name yet. */
  private long copy(Tree tree, long then) {
    long top = copy(Caller.ROOT, 0, then, entry("", tree.top)).ids().getFirst();
    List<Long> below =
        copy(Caller.ROOT, top, then, entry("sub", tree.sub), entry("f", tree.file)).ids();
    copy(
        Caller.ROOT,
        below.get(0),
        then,
        new PastEntry(name("hard"), tree.file, below.get(1)),
        entry("soft", tree.link));
    return top;
  }

  @Test
  void aTreeIsExchangedAtOnce() {
    Tree tree = tree();
    long then = instant();
    done(bed.writeInline(tree.file, "two"));
    long young = bed.create(tree.sub, "young");
    done(bed.unlink(tree.sub, "hard"));
    long between = instant();
    long top = copy(tree, then);
    bed.check();
    assertThat(lookup(directory, "top")).isEqualTo(tree.top);
    done(bed.change(new Change.PutBack(top, directory, name("top"), true)));
    bed.check();
    assertThat(lookup(directory, "top")).isEqualTo(top);
    long file = lookup(top, "f");
    assertThat(bed.map(file).inline()).isEqualTo(name("one"));
    assertThat(bed.attributes(file).links()).isEqualTo(2);
    assertThat(lookup(lookup(top, "sub"), "hard")).isEqualTo(file);
    assertThat(bed.query(new Query.ReadLink(lookup(lookup(top, "sub"), "soft"))))
        .isEqualTo(new Reply.Value(name("../f")));
    bed.upkeepAll();
    bed.check();
    assertThat(errno(bed.query(new Query.GetAttributes(young)))).isEqualTo(Errno.ESTALE);
    assertThat(errno(bed.query(new Query.GetAttributes(tree.top)))).isEqualTo(Errno.ESTALE);
    Query lookup = new Query.Lookup(tree.sub, name("young"));
    assertThat(errno(bed.namespace.query(Caller.ROOT, lookup, between))).isEqualTo(Errno.OK);
    forget();
  }

  @Test
  void aGoneNameComesBack() {
    Tree tree = tree();
    long then = instant();
    done(bed.unlink(tree.sub, "hard"));
    done(bed.unlink(tree.sub, "soft"));
    done(bed.unlink(tree.top, "f"));
    done(bed.rmdir(tree.top, "sub"));
    done(bed.rmdir(directory, "top"));
    bed.upkeepAll();
    bed.tick(2 * SECOND);
    long top = copy(tree, then);
    done(bed.change(new Change.PutBack(top, directory, name("top"), false)));
    bed.check();
    assertThat(bed.map(lookup(top, "f")).inline()).isEqualTo(name("one"));
    long again = copy(tree, then);
    assertThat(errno(bed.change(new Change.PutBack(again, directory, name("top"), false))))
        .isEqualTo(Errno.EEXIST);
    done(bed.change(new Change.PutBack(again, directory, name("other"), false)));
    bed.check();
  }

  /** Whoever put it together is dead: it goes, and nothing was seen of it. */
  @Test
  void whatIsNeverPutBackGoes() {
    Tree tree = tree();
    long then = instant();
    long by = bed.openSession();
    Change begin = new Change.CopyPast(0, then, List.of(entry("", tree.top)));
    long top = ((Reply.Progress) bed.change(by, Caller.ROOT, begin)).ids().getFirst();
    List<PastEntry> many = new ArrayList<>();
    for (int i = 0; i < Change.CopyPast.ENTRIES_MAX; i++) {
      many.add(entry("name-" + i, tree.file));
    }
    int made = 0;
    while (made < 2 * many.size()) {
      Change more = new Change.CopyPast(top, then, many);
      List<Long> ids = ((Reply.Progress) bed.change(by, Caller.ROOT, more)).ids();
      made += ids.size();
      for (int i = 0; i < many.size(); i++) {
        PastEntry next = many.get(i);
        many.set(i, entry(next.name().toStringUtf8() + "+", next.from()));
      }
    }
    bed.check();
    assertThat(bed.namespace.survey().treesToDrop(10)).isEmpty();
    Change steal = new Change.PutBack(top, directory, name("stolen"), false);
    assertThat(errno(bed.change(steal))).isEqualTo(Errno.EPERM);
    assertThat(errno(bed.change(new Change.CopyPast(ROOT, then, List.of(entry("x", tree.file))))))
        .isEqualTo(Errno.EPERM);
    done(bed.upkeep(new Upkeep.FenceSession(by)));
    assertThat(bed.namespace.survey().treesToDrop(10)).containsExactly(top);
    bed.upkeepAll();
    bed.check();
    assertThat(errno(bed.query(new Query.GetAttributes(top)))).isEqualTo(Errno.ESTALE);
    assertThat(lookup(directory, "top")).isEqualTo(tree.top);
    forget();
  }

  /** Whoever puts it back dies after each step: all is as it was, or as it was then. */
  @Test
  void whereverItEndsThereIsTheOldOrTheNew() {
    int steps = 4;
    for (int last = 0; last <= steps; last++) {
      try (RestoreTest again = new RestoreTest()) {
        again.endAfter(last, last == steps);
      }
    }
  }

  private void endAfter(int steps, boolean whole) {
    Tree tree = tree();
    long then = instant();
    done(bed.writeInline(tree.file, "two"));
    done(bed.unlink(tree.sub, "hard"));
    bed.tick(2 * SECOND);
    long by = bed.openSession();
    List<Long> made = new ArrayList<>();
    List<Supplier<Change>> all =
        List.of(
            () -> new Change.CopyPast(0, then, List.of(entry("", tree.top))),
            () ->
                new Change.CopyPast(
                    made.get(0), then, List.of(entry("sub", tree.sub), entry("f", tree.file))),
            () ->
                new Change.CopyPast(
                    made.get(1),
                    then,
                    List.of(new PastEntry(name("hard"), tree.file, made.get(2)))),
            () -> new Change.PutBack(made.get(0), directory, name("top"), true));
    for (Supplier<Change> step : all.subList(0, steps)) {
      Reply reply = bed.change(by, Caller.ROOT, step.get());
      done(reply);
      if (reply instanceof Reply.Progress progress) {
        made.addAll(progress.ids());
      }
    }
    done(bed.upkeep(new Upkeep.FenceSession(by)));
    bed.check();
    bed.upkeepAll();
    bed.check();
    long top = lookup(directory, "top");
    assertThat(bed.map(lookup(top, "f")).inline()).isEqualTo(name(whole ? "one" : "two"));
    Query hard = new Query.Lookup(lookup(top, "sub"), name("hard"));
    assertThat(errno(bed.query(hard))).isEqualTo(whole ? Errno.OK : Errno.ENOENT);
    assertThat(bed.namespace.survey().totals().files()).isEqualTo(whole ? 1 : 2);
    forget();
  }

  /** For whoever might read it then, may now, and can make it so. */
  @Test
  void othersRestoreWhatIsTheirs() {
    long file = bed.create(ANN, directory, "f", 0644);
    done(bed.writeInline(file, "one"));
    long foreign = bed.create(Caller.ROOT, directory, "g", 0666);
    done(bed.writeInline(foreign, "root's"));
    long then = instant();
    done(bed.writeInline(file, "two"));
    done(bed.writeInline(foreign, "still"));
    bed.tick(2 * SECOND);
    assertThat(errno(restore(ANN, foreign, then, 0))).isEqualTo(Errno.EPERM);
    assertThat(errno(bed.change(ANN, new Change.CopyPast(0, then, List.of(entry("", foreign))))))
        .isEqualTo(Errno.EPERM);
    done(restore(ANN, file, then, 0));
    assertThat(bed.map(file).inline()).isEqualTo(name("one"));
    done(bed.change(NamespaceBed.setMode(file, 0400)));
    bed.tick(2 * SECOND);
    assertThat(errno(restore(ANN, file, then, 0))).isEqualTo(Errno.EACCES);
    long copy = copy(ANN, 0, then, entry("", file)).ids().getFirst();
    long closed = bed.mkdir(Caller.ROOT, ROOT, "closed", 0755);
    assertThat(errno(bed.change(ANN, new Change.PutBack(copy, closed, name("f"), false))))
        .isEqualTo(Errno.EACCES);
    done(bed.change(NamespaceBed.setMode(file, 0)));
    bed.tick(2 * SECOND);
    assertThat(errno(bed.change(ANN, new Change.CopyPast(0, then, List.of(entry("", file))))))
        .isEqualTo(Errno.EACCES);
    assertThat(errno(restore(Caller.ROOT, file, bed.now(), 0))).isEqualTo(Errno.ENODATA);
    bed.check();
  }
}

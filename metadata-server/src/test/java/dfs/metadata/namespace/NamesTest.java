package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ANN;
import static dfs.metadata.namespace.NamespaceBed.BOB;
import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Making, finding, listing and removing entries of directories. */
class NamesTest {
  private final NamespaceBed bed = NamespaceBed.inMemory();

  @AfterEach
  void agrees() {
    bed.check();
  }

  private Errno lookup(long parent, String name) {
    return errno(bed.query(new Query.Lookup(parent, name(name))));
  }

  private List<String> names(long directory) {
    return list(directory, 0, 0, 1000).entries().stream()
        .map(entry -> entry.name().toStringUtf8())
        .toList();
  }

  private Reply.Listing list(long directory, long cookie, long stop, int limit) {
    return (Reply.Listing) bed.query(new Query.ListDirectory(directory, cookie, stop, limit, true));
  }

  @Test
  void aCreatedFileIsFoundWithWhatItWasGiven() {
    bed.tick(NamespaceBed.SECOND);
    Reply made =
        bed.change(
            ANN,
            new Change.CreateFile(
                bed.mkdir(Caller.ROOT, ROOT, "d", 0777), name("f"), 0666, 022, false));
    Attributes file = ((Reply.Entry) made).attributes();
    assertThat(file.mode()).isEqualTo(0644);
    assertThat(file.uid()).isEqualTo(ANN.uid());
    assertThat(file.gid()).isEqualTo(ANN.gid());
    assertThat(file.links()).isEqualTo(1);
    assertThat(file.map()).isEqualTo(file.ino());
    assertThat(file.birthNanos()).isEqualTo(bed.now());
    assertThat(file.modifyNanos()).isEqualTo(bed.now());
    assertThat(bed.attributes(file.ino())).isEqualTo(file);
  }

  @Test
  void directoriesCountTheirEntriesAndSubdirectories() {
    long d = bed.mkdir(ROOT, "d");
    bed.mkdir(d, "sub");
    bed.create(d, "file");
    assertThat(bed.attributes(d).links()).isEqualTo(3);
    assertThat(bed.attributes(d).sizeBytes()).isEqualTo(2);
    assertThat(bed.attributes(ROOT).links()).isEqualTo(3);
    assertThat(errno(bed.rmdir(d, "sub"))).isEqualTo(Errno.OK);
    assertThat(bed.attributes(d).links()).isEqualTo(2);
    assertThat(bed.attributes(d).modifyNanos()).isEqualTo(bed.now());
  }

  @Test
  void takenNamesAreRefused() {
    bed.create(ROOT, "a");
    assertThat(errno(bed.change(new Change.CreateFile(ROOT, name("a"), 0644, 0, false))))
        .isEqualTo(Errno.EEXIST);
    assertThat(errno(bed.change(new Change.MakeDirectory(ROOT, name("a"), 0755, 0))))
        .isEqualTo(Errno.EEXIST);
    assertThat(errno(bed.change(new Change.MakeSymlink(ROOT, name("a"), name("t")))))
        .isEqualTo(Errno.EEXIST);
    assertThat(errno(bed.change(new Change.MakeNode(ROOT, name("a"), FileType.FIFO, 0, 0, 0))))
        .isEqualTo(Errno.EEXIST);
    assertThat(names(ROOT)).containsExactly("a");
  }

  @Test
  void impossibleNamesAreRefused() {
    for (var refused :
        List.of(
            new Object[] {".", Errno.EEXIST},
            new Object[] {"..", Errno.EEXIST},
            new Object[] {".dfs", Errno.EPERM},
            new Object[] {"", Errno.ENOENT},
            new Object[] {"a/b", Errno.EINVAL},
            new Object[] {"a\0b", Errno.EINVAL},
            new Object[] {"n".repeat(256), Errno.ENAMETOOLONG})) {
      Reply reply =
          bed.change(new Change.CreateFile(ROOT, name((String) refused[0]), 0644, 0, false));
      assertThat(errno(reply)).as("%s", refused[0]).isEqualTo(refused[1]);
    }
    bed.create(ROOT, "n".repeat(255));
    assertThat(names(ROOT)).containsExactly("n".repeat(255));
  }

  @Test
  void symbolicLinksKeepTheirTargets() {
    long link = bed.symlink(ROOT, "l", "../there");
    assertThat(bed.query(new Query.ReadLink(link))).isEqualTo(new Reply.Value(name("../there")));
    assertThat(bed.attributes(link).sizeBytes()).isEqualTo(8);
    assertThat(bed.attributes(link).mode()).isEqualTo(0777);
    assertThat(errno(bed.change(new Change.MakeSymlink(ROOT, name("m"), name("")))))
        .isEqualTo(Errno.ENOENT);
    assertThat(errno(bed.change(new Change.MakeSymlink(ROOT, name("m"), name("t".repeat(4096))))))
        .isEqualTo(Errno.ENAMETOOLONG);
    assertThat(errno(bed.query(new Query.ReadLink(ROOT)))).isEqualTo(Errno.EINVAL);
  }

  @Test
  void devicesAreForRoot() {
    long d = bed.mkdir(Caller.ROOT, ROOT, "d", 0777);
    long device = bed.mknod(d, "device", FileType.CHARACTER_DEVICE);
    assertThat(bed.attributes(device).device()).isEqualTo(7);
    assertThat(bed.attributes(bed.mknod(d, "fifo", FileType.FIFO)).device()).isEqualTo(0);
    assertThat(
            errno(
                bed.change(
                    ANN, new Change.MakeNode(d, name("x"), FileType.BLOCK_DEVICE, 0600, 0, 1))))
        .isEqualTo(Errno.EPERM);
    assertThat(
            errno(bed.change(ANN, new Change.MakeNode(d, name("s"), FileType.SOCKET, 0600, 0, 1))))
        .isEqualTo(Errno.OK);
    assertThat(errno(bed.change(new Change.MakeNode(d, name("y"), FileType.DIRECTORY, 0600, 0, 1))))
        .isEqualTo(Errno.EINVAL);
  }

  @Test
  void lookupsKnowDotAndDotDot() {
    long d = bed.mkdir(ROOT, "d");
    long sub = bed.mkdir(d, "sub");
    assertThat(bed.query(new Query.Lookup(sub, name("."))))
        .isEqualTo(new Reply.Entry(bed.attributes(sub)));
    assertThat(bed.query(new Query.Lookup(sub, name(".."))))
        .isEqualTo(new Reply.Entry(bed.attributes(d)));
    assertThat(bed.query(new Query.Lookup(ROOT, name(".."))))
        .isEqualTo(new Reply.Entry(bed.attributes(ROOT)));
    assertThat(lookup(d, "nothing")).isEqualTo(Errno.ENOENT);
    assertThat(lookup(bed.create(d, "f"), "x")).isEqualTo(Errno.ENOTDIR);
    assertThat(lookup(12_345, "x")).isEqualTo(Errno.ESTALE);
  }

  private Reply walk(Caller caller, long directory, String... names) {
    List<ByteString> way = Stream.of(names).map(NamespaceBed::name).toList();
    return bed.namespace.query(caller, new Query.LookupPath(directory, way), 0);
  }

  private Reply way(long... met) {
    return new Reply.Way(LongStream.of(met).mapToObj(bed::attributes).toList());
  }

  @Test
  void aWayEndsWhereThereIsNoMore() {
    long d = bed.mkdir(ROOT, "d");
    long sub = bed.mkdir(d, "sub");
    long file = bed.create(sub, "f");
    Reply made = bed.change(new Change.MakeSymlink(d, name("to"), name("sub")));
    long link = ((Reply.Entry) made).attributes().ino();
    assertThat(walk(Caller.ROOT, ROOT)).isEqualTo(way(ROOT));
    assertThat(walk(Caller.ROOT, ROOT, "d", "sub", "f")).isEqualTo(way(ROOT, d, sub, file));
    assertThat(walk(Caller.ROOT, d, "sub", "none", "f")).isEqualTo(way(d, sub));
    assertThat(walk(Caller.ROOT, d, "sub", "f", "g")).isEqualTo(way(d, sub, file));
    assertThat(walk(Caller.ROOT, ROOT, "d", "to", "f")).isEqualTo(way(ROOT, d, link));
    assertThat(walk(Caller.ROOT, file, "x")).isEqualTo(way(file));
    assertThat(errno(walk(Caller.ROOT, 12_345, "x"))).isEqualTo(Errno.ESTALE);
    assertThat(errno(walk(Caller.ROOT, ROOT, "d", "a/b"))).isEqualTo(Errno.EINVAL);
  }

  @Test
  void eachDirectoryOfAWayMustBeOpenToTheCaller() {
    long closed = bed.mkdir(ANN, bed.mkdir(Caller.ROOT, ROOT, "p", 0777), "d", 0700);
    long file = bed.create(ANN, closed, "f", 0666);
    assertThat(errno(walk(BOB, ROOT, "p", "d", "f"))).isEqualTo(Errno.EACCES);
    assertThat(errno(walk(BOB, ROOT, "p", "d", "none"))).isEqualTo(Errno.EACCES);
    assertThat(walk(ANN, closed, "f")).isEqualTo(way(closed, file));
  }

  @Test
  void removalsAreRefusedWhereTheyMustBe() {
    long d = bed.mkdir(ROOT, "d");
    bed.create(d, "f");
    assertThat(errno(bed.rmdir(ROOT, "d"))).isEqualTo(Errno.ENOTEMPTY);
    assertThat(errno(bed.rmdir(d, "f"))).isEqualTo(Errno.ENOTDIR);
    assertThat(errno(bed.rmdir(d, "nothing"))).isEqualTo(Errno.ENOENT);
    assertThat(errno(bed.unlink(ROOT, "d"))).isEqualTo(Errno.EISDIR);
    assertThat(errno(bed.unlink(d, "nothing"))).isEqualTo(Errno.ENOENT);
    assertThat(errno(bed.rmdir(d, "."))).isEqualTo(Errno.EINVAL);
    assertThat(errno(bed.rmdir(d, ".."))).isEqualTo(Errno.ENOTEMPTY);
    assertThat(names(d)).containsExactly("f");
  }

  @Test
  void aRemovedDirectoryTakesNothingAndGoesWithTheReaper() {
    long d = bed.mkdir(ROOT, "d");
    bed.rmdir(ROOT, "d");
    assertThat(bed.attributes(d).links()).isZero();
    assertThat(errno(bed.change(new Change.CreateFile(d, name("f"), 0644, 0, false))))
        .isEqualTo(Errno.ENOENT);
    assertThat(bed.namespace.survey().orphans(0, 9)).containsExactly(d);
    bed.upkeep(new Upkeep.Reap(List.of(d)));
    assertThat(errno(bed.query(new Query.GetAttributes(d)))).isEqualTo(Errno.ESTALE);
    assertThat(bed.namespace.survey().orphans(0, 9)).isEmpty();
  }

  @Test
  void onlyTheRootOfThePermissionsGetsEverywhere() {
    long d = bed.mkdir(ANN, bed.mkdir(Caller.ROOT, ROOT, "p", 0777), "d", 0700);
    bed.create(ANN, d, "f", 0600);
    assertThat(errno(bed.change(BOB, new Change.CreateFile(d, name("g"), 0644, 0, false))))
        .isEqualTo(Errno.EACCES);
    assertThat(errno(bed.change(BOB, new Change.Unlink(d, name("f"))))).isEqualTo(Errno.EACCES);
    assertThat(errno(bed.namespace.query(BOB, new Query.Lookup(d, name("f")), 0)))
        .isEqualTo(Errno.EACCES);
    assertThat(errno(bed.namespace.query(BOB, new Query.ListDirectory(d, 0, 0, 9, false), 0)))
        .isEqualTo(Errno.EACCES);
    assertThat(lookup(d, "f")).isEqualTo(Errno.OK);
    assertThat(errno(bed.change(ANN, new Change.CreateFile(ROOT, name("g"), 0644, 0, false))))
        .isEqualTo(Errno.EACCES);
  }

  @Test
  void stickyDirectoriesKeepEntriesForTheirOwners() {
    long d = bed.mkdir(Caller.ROOT, ROOT, "tmp", 01777);
    bed.create(ANN, d, "hers", 0666);
    bed.mkdir(ANN, d, "her-d", 0777);
    assertThat(errno(bed.change(BOB, new Change.Unlink(d, name("hers"))))).isEqualTo(Errno.EPERM);
    assertThat(errno(bed.change(BOB, new Change.RemoveDirectory(d, name("her-d")))))
        .isEqualTo(Errno.EPERM);
    assertThat(errno(bed.change(BOB, new Change.Rename(d, name("hers"), d, name("his"), 0))))
        .isEqualTo(Errno.EPERM);
    bed.create(BOB, d, "his", 0666);
    assertThat(errno(bed.change(BOB, new Change.Rename(d, name("his"), d, name("hers"), 0))))
        .isEqualTo(Errno.EPERM);
    assertThat(errno(bed.change(ANN, new Change.Unlink(d, name("hers"))))).isEqualTo(Errno.OK);
  }

  @Test
  void setgidDirectoriesPassTheirGroupOn() {
    long d = bed.mkdir(Caller.ROOT, ROOT, "d", 0777);
    bed.change(NamespaceBed.set(d, Change.SetAttributes.SET_GID, 0, 0, 77, 0));
    bed.change(NamespaceBed.setMode(d, 02777));
    Attributes sub = bed.attributes(bed.mkdir(ANN, d, "sub", 0755));
    assertThat(sub.gid()).isEqualTo(77);
    assertThat(sub.mode()).isEqualTo(02755);
    Attributes file = bed.attributes(bed.create(ANN, d, "f", 02755));
    assertThat(file.gid()).isEqualTo(77);
    assertThat(file.mode()).isEqualTo(0755);
    assertThat(bed.attributes(bed.mkdir(ANN, d, "sub2", 07755)).mode()).isEqualTo(03755);
  }

  @Test
  void listingsComeInPagesAndStopWhereTheyBegan() {
    long d = bed.mkdir(ROOT, "d");
    for (int i = 0; i < 10; i++) {
      bed.create(d, "f" + i);
    }
    Reply.Listing first = list(d, 0, 0, 4);
    assertThat(first.end()).isFalse();
    bed.create(d, "late");
    bed.unlink(d, "f5");
    List<String> found = new ArrayList<>();
    Reply.Listing page = first;
    while (true) {
      page.entries().forEach(entry -> found.add(entry.name().toStringUtf8()));
      if (page.end()) {
        break;
      }
      page = list(d, page.entries().getLast().cookie(), first.stop(), 4);
    }
    assertThat(found).containsExactly("f0", "f1", "f2", "f3", "f4", "f6", "f7", "f8", "f9");
    assertThat(list(d, 0, 0, 100).entries()).hasSize(10);
    assertThat(list(d, 0, 0, 100).entries())
        .allSatisfy(entry -> assertThat(entry.attributes()).isEqualTo(bed.attributes(entry.ino())));
  }
}

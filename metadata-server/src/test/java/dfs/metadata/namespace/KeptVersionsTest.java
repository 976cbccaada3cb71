package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.SECOND;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.name;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which states are kept of a name, and which names of a directory are gone. */
class KeptVersionsTest {
  private static final Caller ANN = new Caller(1001, 1001, List.of());

  private final NamespaceBed bed = NamespaceBed.inMemory();
  private final long directory = bed.mkdir(Caller.ROOT, ROOT, "d", 0755);

  KeptVersionsTest() {
    bed.tick(2 * SECOND);
  }

  private List<Reply.Version> versions(Caller caller, String name, int limit) {
    List<Reply.Version> all = new ArrayList<>();
    long before = 0;
    do {
      Query query = new Query.ListVersions(directory, name(name), before, limit);
      Reply.Versions page = (Reply.Versions) bed.namespace.query(caller, query, 0);
      all.addAll(page.versions());
      before = page.nextNanos();
    } while (before != 0);
    return all;
  }

  private List<Integer> changes(String name) {
    return versions(Caller.ROOT, name, 1000).stream().map(Reply.Version::changed).toList();
  }

  private List<String> gone(Caller caller, int limit) {
    List<String> names = new ArrayList<>();
    ByteString after = ByteString.EMPTY;
    Reply.Deleted page;
    do {
      Query query = new Query.ListDeleted(directory, after, limit);
      page = (Reply.Deleted) bed.namespace.query(caller, query, 0);
      page.entries().forEach(entry -> names.add(entry.name().toStringUtf8()));
      after = page.next();
    } while (!page.end());
    return names;
  }

  private static long ino(Reply.Version version) {
    return requireNonNull(version.attributes()).ino();
  }

  private void done(Reply reply) {
    assertThat(errno(reply)).isEqualTo(Errno.OK);
    bed.tick(2 * SECOND);
  }

  @Test
  void eachKindOfChangeIsTold() {
    long file = bed.create(directory, "f");
    bed.tick(2 * SECOND);
    done(bed.writeInline(file, "one"));
    done(bed.writeInline(file, "two"));
    done(bed.change(NamespaceBed.setMode(file, 0600)));
    done(bed.change(NamespaceBed.set(file, Change.SetAttributes.SET_UID, 0, 1001, 0, 0)));
    done(bed.setXattr(file, "user.a", "b"));
    done(bed.link(file, directory, "other"));
    done(bed.change(NamespaceBed.set(file, Change.SetAttributes.SET_MODIFY_TIME, 0, 0, 0, 0)));
    done(bed.unlink(directory, "f"));
    assertThat(changes("f"))
        .containsExactly(
            Reply.Version.REMOVED,
            Reply.Version.TIME,
            Reply.Version.NAME,
            Reply.Version.XATTR,
            Reply.Version.OWNER,
            Reply.Version.MODE,
            Reply.Version.CONTENT,
            Reply.Version.CONTENT,
            Reply.Version.MADE);
    bed.check();
  }

  /** Without a look at the extents new contents of the same length are a new time. */
  @Test
  void contentsInBlocksAreToldFromTheirTimeAlone() {
    long file = bed.create(directory, "f");
    long block = bed.allocate();
    done(bed.write(file, NamespaceBed.extent(0, 5000, block, 0)));
    done(bed.write(file, NamespaceBed.extent(1000, 500, block, 5000)));
    int valid = Change.SetAttributes.SET_MODIFY_TIME;
    done(bed.change(NamespaceBed.set(file, valid, 0, 0, 0, 0)));
    assertThat(changes("f"))
        .containsExactly(Reply.Version.TIME, Reply.Version.CONTENT, Reply.Version.MADE);
  }

  /** Editors write beside and rename. */
  @Test
  void aNameThatAnotherFileTookHasOneHistory() {
    long first = bed.create(directory, "f");
    done(bed.writeInline(first, "one"));
    long second = bed.create(directory, "beside");
    done(bed.writeInline(second, "second"));
    done(bed.rename(directory, "beside", directory, "f"));
    done(bed.unlink(directory, "f"));
    long third = bed.create(directory, "f");
    bed.tick(2 * SECOND);
    List<Reply.Version> found = versions(Caller.ROOT, "f", 1000);
    assertThat(found.stream().map(Reply.Version::changed))
        .containsExactly(
            Reply.Version.MADE, Reply.Version.REMOVED, Reply.Version.REPLACED, Reply.Version.MADE);
    assertThat(ino(found.get(0))).isEqualTo(third);
    assertThat(found.get(0).untilNanos()).isZero();
    assertThat(found.get(1).attributes()).isNull();
    assertThat(ino(found.get(2))).isEqualTo(second);
    assertThat(ino(found.get(3))).isEqualTo(first);
    for (Reply.Version version : found.subList(2, 4)) {
      Attributes then =
          ((Reply.Entry)
                  bed.namespace.query(
                      Caller.ROOT, new Query.Lookup(directory, name("f")), version.instantNanos()))
              .attributes();
      assertThat(then).isEqualTo(version.attributes());
    }
  }

  @Test
  void pagesHaveAllOfIt() {
    long file = bed.create(directory, "f");
    for (int i = 0; i < 20; i++) {
      done(bed.writeInline(file, "version " + i));
    }
    assertThat(versions(Caller.ROOT, "f", 3)).isEqualTo(versions(Caller.ROOT, "f", 1000));
    assertThat(versions(Caller.ROOT, "f", 3)).hasSize(20);
  }

  @Test
  void whatIsNotKeptIsNotTold() {
    long file = bed.create(directory, "f");
    done(bed.writeInline(file, "one"));
    done(bed.writeInline(file, "two"));
    done(bed.upkeep(new Upkeep.ReleaseHistory(bed.now(), true)));
    assertThat(changes("f")).containsExactly(0);
    done(bed.unlink(directory, "f"));
    done(bed.upkeep(new Upkeep.ReleaseHistory(bed.now(), true)));
    assertThat(gone(Caller.ROOT, 10)).isEmpty();
  }

  @Test
  void whatIsGoneIsListedByPages() {
    List<String> names = new ArrayList<>();
    for (int i = 100; i < 150; i++) {
      names.add("name-" + i);
      long file = bed.create(directory, "name-" + i);
      bed.writeInline(file, "x".repeat(i));
    }
    bed.create(directory, "stays");
    bed.create(directory, "moves");
    bed.create(directory, "again");
    bed.tick(2 * SECOND);
    names.forEach(name -> bed.unlink(directory, name));
    bed.rename(directory, "moves", ROOT, "moved");
    bed.unlink(directory, "again");
    bed.tick(2 * SECOND);
    bed.create(directory, "again");
    bed.upkeepAll();
    bed.tick(NamespaceBed.HOUR);
    bed.upkeepAll();
    bed.create(directory, "late");
    bed.tick(2 * NamespaceBed.MINUTE);
    bed.unlink(directory, "late");
    List<String> all = new ArrayList<>(names);
    all.addFirst("moves");
    all.addFirst("late");
    assertThat(gone(Caller.ROOT, 1000)).isEqualTo(all);
    assertThat(gone(Caller.ROOT, 7)).isEqualTo(all);
    Query query = new Query.ListDeleted(directory, name("name-109"), 1);
    Reply.Gone gone = ((Reply.Deleted) bed.query(query)).entries().getFirst();
    assertThat(gone.attributes().sizeBytes()).isEqualTo(110);
    assertThat(gone.goneNanos()).isGreaterThan(gone.instantNanos());
  }

  /** For who might see it then, and may now. */
  @Test
  void whatWasClosedStaysClosed() {
    long file = bed.create(directory, "f");
    done(bed.writeInline(file, "one"));
    done(bed.change(NamespaceBed.setMode(directory, 0700)));
    done(bed.writeInline(file, "two"));
    bed.create(directory, "hidden");
    bed.tick(2 * SECOND);
    bed.unlink(directory, "hidden");
    done(bed.change(NamespaceBed.setMode(directory, 0755)));
    done(bed.writeInline(file, "three"));
    assertThat(versions(Caller.ROOT, "f", 1000)).hasSize(3);
    assertThat(versions(ANN, "f", 1000)).hasSize(2);
    assertThat(gone(Caller.ROOT, 10)).containsExactly("hidden");
    assertThat(gone(ANN, 10)).isEmpty();
    done(bed.change(NamespaceBed.setMode(directory, 0700)));
    Query versions = new Query.ListVersions(directory, name("f"), 0, 10);
    assertThat(errno(bed.namespace.query(ANN, versions, 0))).isEqualTo(Errno.EACCES);
    Query deleted = new Query.ListDeleted(directory, ByteString.EMPTY, 10);
    assertThat(errno(bed.namespace.query(ANN, deleted, 0))).isEqualTo(Errno.EACCES);
  }
}

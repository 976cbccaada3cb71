package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.SECOND;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.PastEntry;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The past is for those who might read it then and may read it now. */
class PastAccessTest {
  private static final Caller ANN = new Caller(1001, 1001, List.of());

  private final NamespaceBed bed = NamespaceBed.inMemory();
  private final long directory = bed.mkdir(Caller.ROOT, ROOT, "d", 0755);
  private final long below = bed.mkdir(Caller.ROOT, directory, "below", 0755);
  private final long file = bed.create(Caller.ROOT, below, "f", 0644);
  private final long then;

  PastAccessTest() {
    bed.writeInline(file, "as it was");
    bed.tick(2 * SECOND);
    then = bed.instantAt(bed.now());
    bed.tick(2 * SECOND);
  }

  private Reply ask(Caller caller, Query query) {
    return bed.namespace.query(caller, query, then);
  }

  private void expect(Errno reading, Errno finding) {
    assertThat(errno(ask(ANN, new Query.ReadMap(file, 0, 100)))).isEqualTo(reading);
    assertThat(errno(ask(ANN, new Query.Open(file, 4)))).isEqualTo(reading);
    Query.Lookup lookup = new Query.Lookup(below, ByteString.copyFromUtf8("f"));
    assertThat(errno(ask(ANN, lookup))).isEqualTo(finding);
    assertThat(errno(ask(ANN, new Query.GetAttributes(file)))).isEqualTo(finding);
    Query.ListDirectory list = new Query.ListDirectory(below, 0, 0, 10, true);
    assertThat(errno(ask(ANN, list))).isEqualTo(finding);
    assertThat(errno(ask(Caller.ROOT, new Query.ReadMap(file, 0, 100)))).isEqualTo(Errno.OK);
  }

  private void setMode(long ino, int mode) {
    assertThat(errno(bed.change(NamespaceBed.setMode(ino, mode)))).isEqualTo(Errno.OK);
    bed.tick(2 * SECOND);
  }

  @Test
  void whatIsOpenNowAsItWasThenIsReadByAll() {
    expect(Errno.OK, Errno.OK);
    assertThat(((Reply.MapPage) ask(ANN, new Query.ReadMap(file, 0, 100))).inline())
        .isEqualTo(ByteString.copyFromUtf8("as it was"));
  }

  @Test
  void aFileThatWasClosedSinceStaysClosed() {
    setMode(file, 0600);
    expect(Errno.EACCES, Errno.OK);
  }

  @Test
  void whatIsInADirectoryThatWasClosedSinceStaysClosed() {
    setMode(directory, 0700);
    expect(Errno.EACCES, Errno.EACCES);
  }

  @Test
  void whatIsGoneIsAsClosedAsTheDirectoryThatItWasIn() {
    bed.unlink(below, "f");
    bed.rmdir(directory, "below");
    bed.tick(2 * SECOND);
    expect(Errno.OK, Errno.OK);
    setMode(directory, 0711);
    expect(Errno.OK, Errno.OK);
    setMode(directory, 0700);
    expect(Errno.EACCES, Errno.EACCES);
  }

  @Test
  void whatMovedIsAsClosedAsWhereItIsNow() {
    long closed = bed.mkdir(Caller.ROOT, ROOT, "closed", 0700);
    bed.rename(below, "f", closed, "f");
    bed.tick(2 * SECOND);
    assertThat(errno(ask(ANN, new Query.ReadMap(file, 0, 100)))).isEqualTo(Errno.EACCES);
    assertThat(errno(ask(ANN, new Query.GetAttributes(below)))).isEqualTo(Errno.OK);
  }

  /** It was in a closed directory then, and the way to it that there is now is open. */
  @Test
  void whatWasBelowAClosedDirectoryThenStaysClosed() {
    setMode(directory, 0700);
    long between = bed.instantAt(bed.now());
    bed.tick(2 * SECOND);
    setMode(directory, 0755);
    assertThat(errno(bed.namespace.query(ANN, new Query.Open(file, 4), between)))
        .isEqualTo(Errno.EACCES);
    assertThat(errno(ask(ANN, new Query.Open(file, 4)))).isEqualTo(Errno.OK);
  }

  /** It is open now, and was not then. */
  @Test
  void whatWasClosedThenStaysClosed() {
    setMode(file, 0600);
    long between = bed.instantAt(bed.now());
    bed.tick(2 * SECOND);
    setMode(file, 0644);
    assertThat(errno(bed.namespace.query(ANN, new Query.Open(file, 4), between)))
        .isEqualTo(Errno.EACCES);
    assertThat(errno(ask(ANN, new Query.Open(file, 4)))).isEqualTo(Errno.OK);
  }

  private void link(String name, long parent) {
    Change link = new Change.Link(file, parent, ByteString.copyFromUtf8(name));
    assertThat(errno(bed.change(link))).isEqualTo(Errno.OK);
    bed.tick(2 * SECOND);
  }

  private Errno reading(long instant) {
    return errno(bed.namespace.query(ANN, new Query.ReadMap(file, 0, 100), instant));
  }

  /** The directory of its first name was closed all the time. */
  @Test
  void aFileIsAsOpenAsAnyOfItsNames() {
    long other = bed.mkdir(Caller.ROOT, ROOT, "other", 0755);
    link("g", other);
    setMode(directory, 0700);
    long between = bed.instantAt(bed.now());
    bed.tick(2 * SECOND);
    assertThat(reading(between)).isEqualTo(Errno.OK);
    bed.unlink(below, "f");
    bed.tick(2 * SECOND);
    assertThat(reading(between)).as("its first name is gone").isEqualTo(Errno.OK);
    setMode(other, 0700);
    assertThat(reading(between)).as("the other is closed now").isEqualTo(Errno.EACCES);
  }

  @Test
  void aNameThatItGotSinceOpensNothingOfThen() {
    setMode(directory, 0700);
    long between = bed.instantAt(bed.now());
    bed.tick(2 * SECOND);
    long other = bed.mkdir(Caller.ROOT, ROOT, "other", 0755);
    link("early", below);
    link("g", other);
    assertThat(reading(between)).isEqualTo(Errno.EACCES);
    assertThat(reading(bed.instantAt(bed.now()))).isEqualTo(Errno.OK);
  }

  private long nextInstant() {
    bed.tick(2 * SECOND);
    long instant = bed.instantAt(bed.now());
    bed.tick(2 * SECOND);
    return instant;
  }

  private void expect(Errno expected, long ino, long instant) {
    for (Query query :
        List.of(
            new Query.ReadMap(ino, 0, 100), new Query.GetAttributes(ino), new Query.Open(ino, 4))) {
      Reply reply = bed.namespace.query(ANN, query, instant);
      assertThat(errno(reply)).as("%s", query).isEqualTo(expected);
      assertThat(errno(bed.namespace.query(Caller.ROOT, query, instant))).isEqualTo(Errno.OK);
    }
  }

  /** Somebody had it open. */
  @Test
  void aFileWithoutANameHasNoWayToIt() {
    long closed = bed.mkdir(Caller.ROOT, ROOT, "closed", 0700);
    long secret = bed.create(Caller.ROOT, closed, "t", 0644);
    bed.writeInline(secret, "secret");
    long named = nextInstant();
    bed.unlink(closed, "t");
    bed.unlink(below, "f");
    long nameless = nextInstant();
    expect(Errno.EACCES, secret, named);
    expect(Errno.EACCES, secret, nameless);
    expect(Errno.EACCES, file, nameless);
    expect(Errno.OK, file, then);
  }

  private long copy(long parent, String name, long from) {
    PastEntry entry = new PastEntry(ByteString.copyFromUtf8(name), from, 0);
    Reply reply = bed.change(new Change.CopyPast(parent, then, List.of(entry)));
    return ((Reply.Progress) reply).ids().getFirst();
  }

  @Test
  void aTreeWithoutANameHasNoWayIntoIt() {
    long top = copy(0, "", below);
    long copied = copy(top, "f", file);
    long single = copy(0, "", file);
    long apart = nextInstant();
    expect(Errno.EACCES, copied, apart);
    expect(Errno.EACCES, single, apart);
    Change put = new Change.PutBack(top, directory, ByteString.copyFromUtf8("below"), true);
    assertThat(errno(bed.change(put))).isEqualTo(Errno.OK);
    long after = nextInstant();
    expect(Errno.OK, copied, after);
    expect(Errno.EACCES, copied, apart);
    expect(Errno.EACCES, file, after);
    bed.upkeepAll();
    bed.tick(2 * SECOND);
    expect(Errno.EACCES, file, after);
    expect(Errno.OK, file, then);
  }

  @Test
  void whatWasNotThereThenIsStale() {
    long young = bed.create(Caller.ROOT, below, "young", 0644);
    assertThat(errno(ask(ANN, new Query.GetAttributes(young)))).isEqualTo(Errno.ESTALE);
  }
}

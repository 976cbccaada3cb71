package dfs.metadata.gateway;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.metadata.gateway.GatewayBed.Client;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.PastEntry;
import dfs.protocol.metadata.Change.SetAttributes;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Peer;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.ServerMessage;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What sessions without the cluster key may name, and do with what they have open; the same whether
 * the log knows of them from the beginning or not.
 */
@ParameterizedClass
@ValueSource(booleans = {false, true})
class EntitlementTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int SETUID_EXECUTABLE = 04777;
  private static final Peer ANN = new Peer(Peer.Kind.UNIX, 1000, 100, List.of());
  private static final Peer BOB = new Peer(Peer.Kind.UNIX, 1001, 101, List.of());

  private final GatewayBed bed;
  private final Client root;
  private Client ann;

  EntitlementTest(boolean unlogged) throws Exception {
    bed = new GatewayBed();
    bed.areToolsUnlogged = unlogged;
    root = bed.client(Peer.LOCAL).greet(false, GatewayBed.KEY);
    setMode(Attributes.ROOT_INO, 0777);
    ann = bed.client(ANN).greet(false, ByteString.EMPTY);
  }

  private static ByteString utf8(String text) {
    return ByteString.copyFromUtf8(text);
  }

  private static Reply ask(Client client, Operation operation) {
    return requireNonNull(client.ask(Caller.ROOT, operation));
  }

  private static Errno errno(@Nullable Reply reply) {
    return reply instanceof Reply.Refused refused ? refused.errno() : Errno.OK;
  }

  private static Errno errno(Client client, Operation operation) {
    return errno(ask(client, operation));
  }

  private static long ino(Reply made) {
    return ((Reply.Entry) made).attributes().ino();
  }

  private void setMode(long ino, int mode) {
    assertThat(errno(root, change(ino, SetAttributes.SET_MODE, mode, 0))).isEqualTo(Errno.OK);
  }

  private static SetAttributes change(long ino, int valid, int mode, long size) {
    return new SetAttributes(ino, valid, mode, 0, 0, size, 0, 0, 0);
  }

  private static SetAttributes cutByHandle(long ino) {
    return change(ino, SetAttributes.SET_SIZE | SetAttributes.BY_HANDLE, 0, 1);
  }

  private static long create(Client by, long parent, String name, int mode) {
    return ino(ask(by, new Change.CreateFile(parent, utf8(name), mode, 0, true)));
  }

  private long directory(String name, int mode) {
    return ino(ask(root, new Change.MakeDirectory(Attributes.ROOT_INO, utf8(name), mode, 0)));
  }

  private Change.Commit commit(long ino, String contents) {
    Attributes now = ((Reply.Entry) ask(root, new Query.GetAttributes(ino))).attributes();
    return new Change.Commit(
        ino,
        now.map(),
        List.of(),
        true,
        utf8(contents),
        contents.length(),
        0,
        false,
        List.of(),
        null);
  }

  private static Query.ReadMap read(long ino) {
    return new Query.ReadMap(ino, 0, 100);
  }

  private Client reconnected(Client client, Peer peer, List<ClientMessage.Opening> open) {
    ServerMessage.Welcome known = requireNonNull(client.last(ServerMessage.Welcome.class));
    client.close();
    return bed.client(peer).resume(known.session(), known.epoch(), false, ByteString.EMPTY, open);
  }

  private static List<ClientMessage.Opening> open(long ino) {
    return List.of(new ClientMessage.Opening(ino, 1));
  }

  @Test
  void whatIsMadeReadOnlyIsWrittenByItsMaker() {
    long file = create(ann, Attributes.ROOT_INO, "f", 0);
    assertThat(errno(ann, commit(file, "hers"))).isEqualTo(Errno.OK);
    assertThat(errno(ann, read(file))).isEqualTo(Errno.OK);
    ask(ann, new Query.Release(file, 1));
    assertThat(errno(ann, commit(file, "hers"))).isEqualTo(Errno.EACCES);
    assertThat(errno(ann, read(file))).isEqualTo(Errno.EACCES);
  }

  /** Another operation than the one that was done is sent as if it were the same. */
  @Test
  void whatIsSaidToBeDoneAlreadyOpensNothing() {
    long secret = create(root, Attributes.ROOT_INO, "secret", 0600);
    long hers = directory("hers", 0777);
    long closed = directory("closed", 0700);
    create(root, closed, "name", 0600);
    assertThat(errno(ann, new Change.Link(secret, hers, utf8("link")))).isEqualTo(Errno.OK);
    ann.again(ann.asked(), Caller.ROOT, new Change.CreateFile(hers, utf8("x"), 0600, 0, true));
    assertThat(errno(ann, read(secret))).isEqualTo(Errno.EACCES);
    assertThat(errno(ann, commit(secret, "x"))).isEqualTo(Errno.EACCES);
    assertThat(errno(ann, new Change.Link(secret, hers, utf8("other")))).isEqualTo(Errno.OK);
    Change copy = new Change.CopyPast(closed, 1, List.of(new PastEntry(utf8("name"), 1, 0)));
    assertThat(errno(ann.again(ann.asked(), Caller.ROOT, copy))).isEqualTo(Errno.EPERM);
  }

  @Test
  void accessIsDecidedWhenAFileIsOpened() {
    long file = create(root, Attributes.ROOT_INO, "f", 0666);
    assertThat(errno(ann, new Query.Open(file, 2))).isEqualTo(Errno.OK);
    setMode(file, 0);
    assertThat(errno(ann, read(file))).as("what is small is replaced whole").isEqualTo(Errno.OK);
    assertThat(errno(ann, commit(file, "written"))).isEqualTo(Errno.OK);
    assertThat(errno(ann, cutByHandle(file))).isEqualTo(Errno.OK);
    assertThat(errno(ann, new Query.Open(file, 2))).isEqualTo(Errno.EACCES);
    Client bob = bed.client(BOB).greet(false, ByteString.EMPTY);
    assertThat(errno(bob, commit(file, "x"))).as("somebody else").isEqualTo(Errno.EACCES);
  }

  @Test
  void whoOpensToReadWritesNothing() {
    long file = create(root, Attributes.ROOT_INO, "f", 0644);
    assertThat(errno(ann, new Query.Open(file, 4))).isEqualTo(Errno.OK);
    assertThat(errno(ann, commit(file, "x"))).isEqualTo(Errno.EACCES);
    assertThat(errno(ann, commit(file, "x").as(true, false))).isEqualTo(Errno.EACCES);
    assertThat(errno(ann, cutByHandle(file))).isEqualTo(Errno.EACCES);
    setMode(file, 0);
    assertThat(errno(ann, read(file))).isEqualTo(Errno.OK);
  }

  /** Also of a file that it never opened. */
  @Test
  void nobodyIsBelievedToHaveAHandle() {
    long file = create(root, Attributes.ROOT_INO, "f", 0644);
    assertThat(errno(ann, cutByHandle(file))).isEqualTo(Errno.EACCES);
    assertThat(errno(ann, commit(file, "x").as(true, false))).isEqualTo(Errno.EACCES);
  }

  @Test
  void whoMayOnlyWriteReadsNothing() {
    long file = create(root, Attributes.ROOT_INO, "f", 0222);
    assertThat(errno(ann, new Query.Open(file, 2))).isEqualTo(Errno.OK);
    assertThat(errno(ann, read(file))).isEqualTo(Errno.EACCES);
  }

  @Test
  void aWriteTakesThePrivilegesOfAProgramWhateverItsWriterSays() {
    long file = create(root, Attributes.ROOT_INO, "f", SETUID_EXECUTABLE);
    assertThat(errno(ann, new Query.Open(file, 2))).isEqualTo(Errno.OK);
    assertThat(errno(ann, commit(file, "written"))).isEqualTo(Errno.OK);
    Attributes after = ((Reply.Entry) ask(root, new Query.GetAttributes(file))).attributes();
    assertThat(after.mode() & 07777).isEqualTo(0777);
  }

  @Test
  void whoComesBackGoesOnWithWhatIsOpen() {
    long file = create(ann, Attributes.ROOT_INO, "f", 0);
    ann = reconnected(ann, ANN, List.of());
    assertThat(errno(ann, commit(file, "after the stream broke"))).isEqualTo(Errno.OK);
    Change.Commit late = commit(file, "after the server was started again");
    ann.close();
    bed.restart();
    ann = reconnected(ann, ANN, open(file));
    assertThat(errno(ann, late)).isEqualTo(Errno.OK);
    assertThat(errno(ann, read(file))).isEqualTo(Errno.OK);
  }

  @Test
  void whatIsClaimedAfterARestartIsWhatMightBeOpened() {
    long closed = directory("closed", 0700);
    long below = create(root, closed, "f", 0666);
    long readable = create(root, Attributes.ROOT_INO, "readable", 0644);
    long writable = create(root, Attributes.ROOT_INO, "writable", 0666);
    ann.close();
    bed.restart();
    ann =
        reconnected(
            ann,
            ANN,
            List.of(
                new ClientMessage.Opening(below, 1),
                new ClientMessage.Opening(readable, 1),
                new ClientMessage.Opening(writable, 1)));
    Client again = bed.client(Peer.LOCAL).greet(false, GatewayBed.KEY);
    for (long ino : new long[] {readable, writable, closed}) {
      assertThat(errno(again, change(ino, SetAttributes.SET_MODE, 0, 0))).isEqualTo(Errno.OK);
    }
    Attributes now = ((Reply.Entry) ask(again, new Query.GetAttributes(writable))).attributes();
    Change.Commit commit =
        new Change.Commit(
            writable, now.map(), List.of(), true, utf8("x"), 1, 0, false, List.of(), null);
    assertThat(errno(ann, commit)).isEqualTo(Errno.OK);
    assertThat(errno(ann, read(readable))).isEqualTo(Errno.OK);
    assertThat(errno(ann, cutByHandle(readable))).isEqualTo(Errno.EACCES);
    assertThat(errno(ann, read(below))).isEqualTo(Errno.EACCES);
    assertThat(errno(ann, new Query.GetAttributes(below))).isEqualTo(Errno.EACCES);
  }

  /** Numbers of inodes are no secret. */
  @Test
  void anInodeNumberIsNoWayToAFile() {
    long closed = directory("closed", 0700);
    long file = create(root, closed, "f", 0666);
    long below = ino(ask(root, new Change.MakeDirectory(closed, utf8("d"), 0777, 0)));
    ByteString name = utf8("user.x");
    for (Operation operation :
        List.of(
            new Query.GetAttributes(file),
            new Query.Open(file, 4),
            new Query.CheckAccess(file, 4),
            read(file),
            new Query.GetXattr(file, name),
            new Query.ListXattrs(file),
            new Query.ReadLink(file),
            new Query.Lookup(below, utf8("..")),
            new Query.LookupPath(below, List.of()),
            new Query.ListDirectory(below, 0, 0, 10, true),
            new Query.GetReport("fsck", List.of(new Query.Place(below, "d")), false),
            commit(file, "x"),
            change(file, SetAttributes.SET_SIZE, 0, 1),
            new Change.SetXattr(file, name, name, 0),
            new Change.RemoveXattr(file, name),
            new Change.Touch(List.of(new Change.AccessTime(file, 1))),
            new Change.Link(file, Attributes.ROOT_INO, utf8("mine")),
            new Change.CreateFile(below, utf8("g"), 0644, 0, false),
            new Change.MakeSymlink(below, utf8("g"), utf8("x")),
            new Change.Rename(below, utf8("g"), Attributes.ROOT_INO, utf8("g"), 0),
            new Change.Rename(Attributes.ROOT_INO, utf8("g"), below, utf8("g"), 0))) {
      assertThat(errno(ann, operation)).as("%s", operation).isEqualTo(Errno.EACCES);
    }
    setMode(closed, 0711);
    assertThat(errno(ann, read(file))).isEqualTo(Errno.OK);
    assertThat(errno(ann, new Query.Lookup(below, utf8("..")))).isEqualTo(Errno.OK);
  }

  private Errno asOf(long instant, Operation operation) {
    return errno(requireNonNull(ann.askAsOf(Caller.ROOT, operation, instant)));
  }

  /** Nor is one that bears an instant of the past. */
  @Test
  void whatIsOfThePresentHasNoPast() {
    long closed = directory("closed", 0700);
    long file = create(root, closed, "f", 0666);
    long own = create(ann, Attributes.ROOT_INO, "own", 0644);
    bed.clock.nanos += 2 * SECOND;
    long instant = bed.clock.nanos / SECOND * SECOND;
    ByteString name = utf8("user.x");
    for (Operation operation :
        List.of(
            new Change.Link(file, Attributes.ROOT_INO, utf8("mine")),
            new Change.SetXattr(file, name, name, 0),
            new Change.CreateFile(Attributes.ROOT_INO, utf8("g"), 0644, 0, false),
            new Change.Unlink(Attributes.ROOT_INO, utf8("own")),
            new Query.GetReport("fsck", List.of(new Query.Place(closed, "d")), false),
            new Query.Release(own, 1),
            new Query.Lock(own, 1, 0, 1, true, false),
            new Query.Unlock(own, 1, 0, 1),
            new Query.ListVersions(closed, name, 0, 10),
            new Query.ListDeleted(closed, ByteString.EMPTY, 10))) {
      for (long then : new long[] {1, instant}) {
        assertThat(asOf(then, operation)).as("%s", operation).isEqualTo(Errno.EINVAL);
      }
    }
    assertThat(errno(ann, commit(own, "still open"))).isEqualTo(Errno.OK);
    assertThat(asOf(instant, read(own))).isEqualTo(Errno.OK);
    assertThat(asOf(instant, read(file))).isEqualTo(Errno.EACCES);
  }

  @Test
  void anyNameOfAFileIsAWayToIt() {
    long closed = directory("closed", 0700);
    long file = create(root, closed, "f", 0644);
    assertThat(errno(root, new Change.Link(file, Attributes.ROOT_INO, utf8("g"))))
        .isEqualTo(Errno.OK);
    assertThat(errno(ann, read(file))).isEqualTo(Errno.OK);
    assertThat(errno(root, new Change.Unlink(Attributes.ROOT_INO, utf8("g")))).isEqualTo(Errno.OK);
    assertThat(errno(ann, read(file))).isEqualTo(Errno.EACCES);
  }

  @Test
  void whatIsOpenStaysSoWhereverItGoes() {
    long directory = directory("d", 0755);
    long closed = directory("closed", 0700);
    long file = create(root, directory, "f", 0644);
    assertThat(errno(ann, new Query.Open(file, 4))).isEqualTo(Errno.OK);
    setMode(directory, 0700);
    assertThat(errno(ann, read(file))).as("its directory is closed").isEqualTo(Errno.OK);
    ask(root, new Change.Rename(directory, utf8("f"), closed, utf8("f"), 0));
    assertThat(errno(ann, read(file))).as("it was moved").isEqualTo(Errno.OK);
    ask(root, new Change.Unlink(closed, utf8("f")));
    assertThat(errno(ann, read(file))).as("it was removed").isEqualTo(Errno.OK);
    assertThat(errno(ann, new Query.GetAttributes(file))).isEqualTo(Errno.OK);
    ask(ann, new Query.Release(file, 1));
    assertThat(errno(ann, read(file))).isEqualTo(Errno.ESTALE);
  }

  /** As with a descriptor of a directory, the calls of openat(2)'s kind. */
  @Test
  void anOpenDirectoryIsABeginning() {
    long outer = directory("outer", 0755);
    long inner = ino(ask(root, new Change.MakeDirectory(outer, utf8("inner"), 0755, 0)));
    long file = create(root, inner, "f", 0644);
    assertThat(errno(ann, new Query.Open(inner, 4))).isEqualTo(Errno.OK);
    setMode(outer, 0700);
    assertThat(errno(ann, new Query.Lookup(inner, utf8("f")))).isEqualTo(Errno.OK);
    assertThat(errno(ann, read(file))).isEqualTo(Errno.OK);
    ask(ann, new Query.Release(inner, 1));
    assertThat(errno(ann, read(file))).isEqualTo(Errno.EACCES);
  }

  @Test
  void whatOneUserHasOpenIsBounded() {
    LiveSession hers = new LiveSession(1, 1, "h", false, new Caller(1000, 100, List.of()), 0);
    LiveSession trusted = new LiveSession(2, 1, "h", false, null, 0);
    for (long ino = 1; ino <= Limits.SESSION_OPEN_INODES; ino++) {
      assertThat(hers.hasTooManyOpen(ino)).isFalse();
      hers.claims(ino, 1, 4);
      trusted.claims(ino, 1, 4);
    }
    assertThat(hers.hasTooManyOpen(0)).isTrue();
    assertThat(hers.hasTooManyOpen(1)).as("once more").isFalse();
    assertThat(trusted.hasTooManyOpen(0)).isFalse();
    hers.claims(1, Integer.MAX_VALUE, 2);
    assertThat(hers.access(1)).isEqualTo(6);
    Query.Release all = new Query.Release(1, Integer.MAX_VALUE);
    hers.released(new ClientMessage.Request(0, 1, 0, Caller.ROOT, all), 1, all.opens());
    assertThat(hers.holds(1)).isFalse();
    assertThat(hers.hasTooManyOpen(0)).isFalse();
  }

  /** Whoever says so. */
  @Test
  void aNewSessionHasNothingOpen() {
    long closed = directory("closed", 0700);
    long removed = create(root, closed, "removed", 0644);
    ask(root, new Change.Unlink(closed, utf8("removed")));
    long own = create(root, closed, "own", 0600);
    SetAttributes give = new SetAttributes(own, SetAttributes.SET_UID, 0, 1001, 0, 0, 0, 0, 0);
    assertThat(errno(root, give)).isEqualTo(Errno.OK);
    List<ClientMessage.Opening> open =
        List.of(new ClientMessage.Opening(removed, 1), new ClientMessage.Opening(own, 1));
    Client bob = bed.client(BOB).resume(0, 0, false, ByteString.EMPTY, open);
    assertThat(errno(bob, read(removed))).isEqualTo(Errno.ESTALE);
    assertThat(errno(bob, read(own))).isEqualTo(Errno.EACCES);
  }

  @Test
  void whatHasNoNameIsClaimedByItsOwnerAlone() {
    long foreign = create(root, Attributes.ROOT_INO, "foreign", 0666);
    long own = create(ann, Attributes.ROOT_INO, "own", 0600);
    assertThat(errno(ann, new Query.Open(foreign, 4))).isEqualTo(Errno.OK);
    Change.Commit late = commit(own, "hers");
    ask(root, new Change.Unlink(Attributes.ROOT_INO, utf8("foreign")));
    ask(root, new Change.Unlink(Attributes.ROOT_INO, utf8("own")));
    ann.close();
    bed.restart();
    ann =
        reconnected(
            ann,
            ANN,
            List.of(new ClientMessage.Opening(foreign, 1), new ClientMessage.Opening(own, 1)));
    assertThat(errno(ann, read(foreign))).isEqualTo(Errno.ESTALE);
    assertThat(errno(ann, late)).isEqualTo(Errno.OK);
  }

  private long instant() {
    bed.clock.nanos += 2 * SECOND;
    return bed.clock.nanos / SECOND * SECOND;
  }

  private static long copy(Client by, long parent, long instant, String name, long from) {
    PastEntry entry = new PastEntry(utf8(name), from, 0);
    Reply reply = ask(by, new Change.CopyPast(parent, instant, List.of(entry)));
    assertThat(reply).isInstanceOf(Reply.Progress.class);
    return ((Reply.Progress) reply).ids().getFirst();
  }

  private void expectNoWay(long top, long file) {
    for (Operation operation :
        List.of(
            new Query.Open(top, 4),
            new Query.GetAttributes(top),
            new Query.Lookup(top, utf8("f")),
            new Query.ListDirectory(top, 0, 0, 10, true),
            new Query.GetAttributes(file),
            new Query.Open(file, 4),
            read(file),
            new Change.Link(file, Attributes.ROOT_INO, utf8("mine")),
            new Change.Rename(top, utf8("f"), Attributes.ROOT_INO, utf8("mine"), 0))) {
      assertThat(errno(ann, operation)).as("%s", operation).isEqualTo(Errno.EACCES);
    }
  }

  @Test
  void aTreeWithoutANameIsNoBeginning() {
    long closed = directory("closed", 0700);
    long tree = ino(ask(root, new Change.MakeDirectory(closed, utf8("tree"), 0777, 0)));
    long file = create(root, tree, "f", 0666);
    long instant = instant();
    long top = copy(root, 0, instant, "", tree);
    long copied = copy(root, top, instant, "f", file);
    expectNoWay(top, copied);
    assertThat(errno(root, new Change.PutBack(top, closed, utf8("tree"), true)))
        .isEqualTo(Errno.OK);
    expectNoWay(tree, file);
    expectNoWay(top, copied);
    ask(root, new Change.Rename(closed, utf8("tree"), Attributes.ROOT_INO, utf8("tree"), 0));
    assertThat(errno(ann, read(copied))).isEqualTo(Errno.OK);
    expectNoWay(tree, file);
  }

  /** What it names on the way has no name yet. */
  @Test
  void whoPutsATreeTogetherGoesOn() {
    long tree = ino(ask(ann, new Change.MakeDirectory(Attributes.ROOT_INO, utf8("t"), 0700, 0)));
    long file = create(ann, tree, "f", 0600);
    long instant = instant();
    long top = copy(ann, 0, instant, "", tree);
    long copied = copy(ann, top, instant, "f", file);
    assertThat(errno(ann, new Change.CopyExtents(top, tree, instant))).isEqualTo(Errno.OK);
    assertThat(errno(ann, new Change.PutBack(top, Attributes.ROOT_INO, utf8("t"), true)))
        .isEqualTo(Errno.OK);
    assertThat(errno(ann, read(copied))).isEqualTo(Errno.OK);
  }

  @Test
  void aDirectoryThatWasRemovedHasNothingInIt() {
    long gone = directory("gone", 0755);
    assertThat(errno(ann, new Query.Open(gone, 4))).isEqualTo(Errno.OK);
    ask(root, new Change.RemoveDirectory(Attributes.ROOT_INO, utf8("gone")));
    Client bob = bed.client(BOB).greet(false, ByteString.EMPTY);
    assertThat(errno(bob, new Query.GetAttributes(gone))).isEqualTo(Errno.OK);
    assertThat(errno(bob, new Query.Lookup(gone, utf8("f")))).isEqualTo(Errno.ENOENT);
  }

  /** Nor is what begins now over. */
  @Test
  void whatIsToComeIsNotPast() {
    long own = create(ann, Attributes.ROOT_INO, "own", 0644);
    long instant = instant();
    assertThat(asOf(instant, read(own))).isEqualTo(Errno.OK);
    assertThat(asOf(instant + SECOND, read(own))).isEqualTo(Errno.EINVAL);
    assertThat(asOf(instant + SECOND, new Query.GetInstant())).isEqualTo(Errno.EINVAL);
  }
}

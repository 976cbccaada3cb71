package dfs.metadata.gateway;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.metadata.gateway.GatewayBed.Client;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
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

/** Tools of which the log hears when they change something, and not before. */
class UnloggedSessionsTest {
  private static final ByteString NAME = ByteString.copyFromUtf8("file");
  private static final Query LOOK = new Query.GetAttributes(Attributes.ROOT_INO);
  private static final Change CREATE =
      new Change.CreateFile(Attributes.ROOT_INO, NAME, 0644, 0, false);
  private static final Peer ANN = new Peer(Peer.Kind.UNIX, 1000, 100, List.of());
  private static final Peer BOB = new Peer(Peer.Kind.UNIX, 1001, 101, List.of());
  private static final long CLAIMED_NANOS = 8_000_000_000L;
  private static final long LEFT_NANOS = 31_000_000_000L;

  private final GatewayBed bed;

  UnloggedSessionsTest() throws Exception {
    bed = new GatewayBed();
    bed.areToolsUnlogged = true;
  }

  private Client tool() {
    return bed.client(Peer.LOCAL).greet(false, GatewayBed.KEY);
  }

  private Client of(Peer user) {
    return bed.client(user).greet(false, ByteString.EMPTY);
  }

  private static ServerMessage.Welcome welcome(Client client) {
    return requireNonNull(client.last(ServerMessage.Welcome.class));
  }

  private Client resumed(Client client, ClientMessage.Opening... open) {
    client.close();
    ServerMessage.Welcome known = welcome(client);
    return bed.client(Peer.LOCAL)
        .resume(known.session(), known.epoch(), false, GatewayBed.KEY, List.of(open));
  }

  private static void expectDone(@Nullable Reply reply) {
    assertThat(reply).isNotNull().isNotInstanceOf(Reply.Refused.class);
  }

  private static void expectDone(Client client, Operation operation) {
    expectDone(client.ask(Caller.ROOT, operation));
  }

  private static void expectErrno(@Nullable Reply reply, Errno errno) {
    assertThat(reply)
        .isInstanceOfSatisfying(Reply.Refused.class, r -> assertThat(r.errno()).isEqualTo(errno));
  }

  private long file() {
    Client maker = tool();
    Reply made = maker.ask(Caller.ROOT, CREATE);
    assertThat(made).isInstanceOf(Reply.Entry.class);
    maker.say(new ClientMessage.Goodbye());
    return requireNonNull((Reply.Entry) made).attributes().ino();
  }

  private boolean isKept() {
    bed.tick();
    return !bed.namespace.survey().orphans(0, 1).isEmpty();
  }

  @Test
  void whoOnlyAsksCostsNoLogEntry() {
    long ino = file();
    long before = bed.entries();
    for (Client reader : List.of(tool(), of(ANN))) {
      expectDone(reader, LOOK);
      expectDone(reader, new Query.Open(ino, 4));
      expectDone(reader, new Query.ReadMap(ino, 0, 100));
      expectDone(reader, new Query.Release(ino, 1));
      reader.say(new ClientMessage.Goodbye());
      assertThat(reader.isClosed()).isTrue();
    }
    Client gone = tool();
    expectDone(gone, LOOK);
    gone.close();
    bed.clock.nanos += LEFT_NANOS;
    bed.tick();
    assertThat(bed.entries()).isEqualTo(before);
    assertThat(resumed(gone).last(ServerMessage.Fenced.class)).as("it was silent").isNotNull();
  }

  @Test
  void theLogHearsOfItBeforeWhatItChanges() {
    file();
    Client tool = tool();
    Change remove = new Change.Unlink(Attributes.ROOT_INO, NAME);
    tool.say(new ClientMessage.Request(0, 1, 0, Caller.ROOT, remove));
    Reply unknown = Reply.refused(Errno.EINVAL, "the log does not know the session");
    assertThat(tool.answer(1)).isEqualTo(unknown);
    Query.Lock lock = new Query.Lock(1, 1, 0, 1, true, false);
    tool.say(new ClientMessage.Request(0, 2, 0, Caller.ROOT, lock));
    assertThat(tool.answer(2)).isEqualTo(unknown);
    long before = bed.entries();
    assertThat(tool.begin())
        .isInstanceOfSatisfying(
            Reply.Session.class,
            begun -> {
              assertThat(begun.id()).isEqualTo(welcome(tool).session());
              assertThat(begun.epoch()).isPositive();
            });
    expectDone(tool, remove);
    assertThat(bed.entries()).as("the session, once, and what it changed").isEqualTo(before + 2);
    tool.say(new ClientMessage.Goodbye());
    assertThat(requireNonNull(bed.namespace.survey().session(welcome(tool).session())).fenced())
        .isTrue();
  }

  /** What it has open lives on, as far as anybody can know what that is. */
  @Test
  void afterARestartItGoesOn() {
    long ino = file();
    Client reader = tool();
    expectDone(reader, new Query.Open(ino, 4));
    Client other = tool();
    expectDone(other, new Change.Unlink(Attributes.ROOT_INO, NAME));
    other.say(new ClientMessage.Goodbye());
    bed.restart();
    bed.clock.nanos += CLAIMED_NANOS / 2;
    assertThat(isKept()).as("while tools may be absent").isTrue();
    Client again = resumed(reader, new ClientMessage.Opening(ino, 1));
    assertThat(welcome(again).session()).isNotEqualTo(welcome(reader).session());
    assertThat(welcome(again).epoch()).isNegative();
    bed.clock.nanos += CLAIMED_NANOS;
    assertThat(isKept()).as("a tool has it open").isTrue();
    expectDone(again, new Query.ReadMap(ino, 0, 100));
    expectDone(again, new Query.Release(ino, 1));
    assertThat(isKept()).isFalse();
  }

  /** What it waited for is not done twice: it has changed nothing, whatever became of the log. */
  @Test
  void whoDidNotHearThatTheLogKnowsOfItGoesOn() {
    Client tool = tool();
    expectDone(tool.begin());
    bed.restart();
    Client again = resumed(tool);
    assertThat(welcome(again).session()).isEqualTo(welcome(tool).session());
    assertThat(welcome(again).epoch()).isPositive();
    Client late = tool();
    expectDone(late.begin());
    bed.restart();
    bed.clock.nanos += CLAIMED_NANOS;
    bed.tick();
    Client after = resumed(late);
    assertThat(welcome(after).session()).isNotEqualTo(welcome(late).session());
    expectDone(after, LOOK);
  }

  /** A new session has nothing open, whatever it says. */
  @Test
  void nobodyComesBackWithWhatHeWasNotGiven() {
    ServerMessage.Welcome hers = welcome(of(ANN));
    Client tool = tool();
    for (int i = 0; i < 2; i++) {
      for (long epoch : new long[] {-1, 0, 1, Long.MIN_VALUE, hers.epoch() ^ 1}) {
        Client made = bed.client(ANN).resume(hers.session(), epoch, false, ByteString.EMPTY);
        assertThat(made.last(ServerMessage.Welcome.class)).isNull();
      }
      Client other = bed.client(BOB).resume(hers.session(), hers.epoch(), false, ByteString.EMPTY);
      assertThat(other.last(ServerMessage.Welcome.class)).isNull();
      Client trusted =
          bed.client(ANN)
              .resume(welcome(tool).session(), welcome(tool).epoch(), false, ByteString.EMPTY);
      assertThat(trusted.last(ServerMessage.Welcome.class)).isNull();
      bed.restart();
    }
    Client again = bed.client(ANN).resume(hers.session(), hers.epoch(), false, ByteString.EMPTY);
    assertThat(again.last(ServerMessage.Welcome.class)).isNotNull();
  }

  /** Else a lock could be claimed that nobody waited for. */
  @Test
  void whatTheLogDoesNotKnowHasNoLocks() {
    Client tool = tool();
    bed.restart();
    ServerMessage.Welcome known = welcome(tool);
    Client again = bed.client(Peer.LOCAL);
    again.resume(
        known.session(),
        known.epoch(),
        false,
        GatewayBed.KEY,
        List.of(),
        List.of(new ClientMessage.Locked(1, 1, 0, 1, true)));
    assertThat(again.last(ServerMessage.Welcome.class)).isNull();
  }

  @Test
  void aFullLogIsReadAndSaysWhyItTakesNothing() {
    bed.isFull = true;
    Client tool = tool();
    expectDone(tool, LOOK);
    expectErrno(tool.begin(), Errno.ENOSPC);
    expectErrno(tool.begin(), Errno.ENOSPC);
    bed.isFull = false;
    expectDone(tool.begin());
    bed.isLogClosed = true;
    Client lost = tool();
    lost.begin();
    assertThat(lost.isClosed()).as("nobody knows what became of it").isTrue();
  }

  @Test
  void aUserHasSoManyAndNoMore() {
    ServerMessage.Welcome known = welcome(of(ANN));
    bed.restart();
    for (int i = 0; i < Limits.SESSIONS_UNLOGGED; i++) {
      of(ANN);
    }
    for (Client more : List.of(of(ANN), back(known))) {
      assertThat(requireNonNull(more.last(ServerMessage.Fenced.class)).reason())
          .contains("uid 1000 has 4096 sessions");
      assertThat(more.isClosed()).isTrue();
    }
    assertThat(of(BOB).last(ServerMessage.Welcome.class)).isNotNull();
    assertThat(tool().last(ServerMessage.Welcome.class)).isNotNull();
  }

  /** They are all who have the key together, on many machines. */
  @Test
  void beyondThatTheLogHearsOfWhoHasTheKey() {
    Client before = tool();
    bed.restart();
    for (int i = 0; i < Limits.SESSIONS_UNLOGGED; i++) {
      assertThat(welcome(tool()).epoch()).isNegative();
    }
    assertThat(welcome(tool()).epoch()).isPositive();
    expectDone(resumed(before), LOOK);
    assertThat(welcome(of(ANN)).epoch()).isNegative();
  }

  private Client back(ServerMessage.Welcome known, ClientMessage.Opening... open) {
    return bed.client(ANN)
        .resume(known.session(), known.epoch(), false, ByteString.EMPTY, List.of(open));
  }

  private void mode(Client by, long ino, int mode) {
    expectDone(
        by, new Change.SetAttributes(ino, Change.SetAttributes.SET_MODE, mode, 0, 0, 0, 0, 0, 0));
  }

  /** The seal is good for ever, and so would be what is said with it. */
  @Test
  void whatItsOwnerHadOpenNeedsAWayOnceAllAreBack() {
    Client root = tool();
    mode(root, Attributes.ROOT_INO, 0777);
    Client ann = of(ANN);
    expectDone(ann, LOOK);
    Client maker = of(ANN);
    Reply made = maker.ask(Caller.ROOT, CREATE);
    long ino = requireNonNull((Reply.Entry) made).attributes().ino();
    mode(root, Attributes.ROOT_INO, 0700);
    bed.restart();
    ClientMessage.Opening open = new ClientMessage.Opening(ino, 1);
    Query read = new Query.ReadMap(ino, 0, 10);
    bed.clock.nanos += CLAIMED_NANOS / 2;
    expectDone(back(welcome(ann), open), read);
    bed.clock.nanos += CLAIMED_NANOS / 2;
    expectErrno(back(welcome(ann), open).ask(Caller.ROOT, read), Errno.EACCES);
    root = tool();
    mode(root, Attributes.ROOT_INO, 0711);
    Client late = back(welcome(ann), open);
    mode(root, Attributes.ROOT_INO, 0700);
    expectDone(late, read);
  }

  @Test
  void whoLeadsNoMoreGreetsNobody() {
    ServerMessage.Welcome known = welcome(of(ANN));
    bed.restart();
    bed.isDeposed = true;
    for (Client client : List.of(tool(), of(ANN), back(known))) {
      assertThat(client.last(ServerMessage.Welcome.class)).isNull();
      assertThat(client.last(ServerMessage.Fenced.class)).as("it asks another").isNull();
      assertThat(client.isClosed()).isTrue();
    }
  }

  /** It may be much that he says, and again and again. */
  @Test
  void nothingIsLookedUpForWhoWasNotGivenWhatHeComesBackWith() {
    ServerMessage.Welcome asked = welcome(of(ANN));
    Client ann = of(ANN);
    expectDone(ann.begin());
    long logged = welcome(ann).session();
    bed.restart();
    int before = bed.questions;
    List<ClientMessage.Opening> open = List.of(new ClientMessage.Opening(1, 1));
    for (long session : new long[] {logged, asked.session()}) {
      for (long epoch : new long[] {-1, 2}) {
        Client made = bed.client(ANN).resume(session, epoch, false, ByteString.EMPTY, open);
        assertThat(made.last(ServerMessage.Fenced.class)).isNotNull();
      }
    }
    bed.client(BOB).resume(logged, 1, false, ByteString.EMPTY, open);
    bed.client(BOB).resume(asked.session(), asked.epoch(), false, ByteString.EMPTY, open);
    assertThat(bed.questions).isEqualTo(before);
    back(asked, open.getFirst());
    assertThat(bed.questions).isGreaterThan(before);
  }
}

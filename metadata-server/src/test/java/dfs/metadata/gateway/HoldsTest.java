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
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a tool has open lives on without a name, over broken streams and restarts, no longer. */
class HoldsTest {
  private static final ByteString NAME = ByteString.copyFromUtf8("file");
  private static final Change UNLINK = new Change.Unlink(Attributes.ROOT_INO, NAME);
  private static final long CLAIMED_NANOS = 8_000_000_000L;

  private GatewayBed bed;
  private Client tool;
  private Client other;

  @BeforeEach
  void begin() throws Exception {
    bed = new GatewayBed();
    tool = client();
    other = client();
  }

  private Client client() {
    return bed.client(Peer.LOCAL).greet(false, GatewayBed.KEY);
  }

  private long create(Client by, boolean open) {
    Reply made =
        by.ask(Caller.ROOT, new Change.CreateFile(Attributes.ROOT_INO, NAME, 0644, 0, open));
    assertThat(made).isInstanceOf(Reply.Entry.class);
    return requireNonNull((Reply.Entry) made).attributes().ino();
  }

  private static void expectDone(@Nullable Reply reply) {
    assertThat(reply).isNotNull().isNotInstanceOf(Reply.Refused.class);
  }

  private static void expectDone(Client by, Operation operation) {
    expectDone(by.ask(Caller.ROOT, operation));
  }

  /** Its stream breaks, and it comes back with what it has open. */
  private Client resumed(Client client, ClientMessage.Opening... open) {
    client.close();
    ServerMessage.Welcome known = requireNonNull(client.last(ServerMessage.Welcome.class));
    return bed.client(Peer.LOCAL)
        .resume(known.session(), known.epoch(), false, GatewayBed.KEY, List.of(open));
  }

  private boolean isKept() {
    bed.tick();
    return !bed.namespace.survey().orphans(0, 1).isEmpty();
  }

  @Test
  void anOpenThatIsSentAgainCountsOnce() {
    long ino = create(other, false);
    expectDone(tool, new Query.Open(ino, 4));
    long asked = tool.asked();
    tool = resumed(tool);
    expectDone(tool.again(asked, Caller.ROOT, new Query.Open(ino, 4)));
    expectDone(other, UNLINK);
    assertThat(isKept()).isTrue();
    expectDone(tool, new Query.Release(ino, 1));
    assertThat(isKept()).isFalse();
  }

  /** What comes late does not make what came after it new. */
  @Test
  void anOpenThatIsSentAgainAfterALateOneCountsOnce() {
    long ino = create(other, false);
    Query open = new Query.Open(ino, 4);
    expectDone(tool, open);
    long first = tool.asked();
    expectDone(tool, open);
    long second = tool.asked();
    expectDone(tool.again(first, Caller.ROOT, open));
    expectDone(tool.again(second, Caller.ROOT, open));
    expectDone(other, UNLINK);
    expectDone(tool, new Query.Release(ino, 2));
    assertThat(isKept()).isFalse();
  }

  /** All others would wait until each was looked at. */
  @Test
  void nobodySaysToHaveMoreOpenThanHeMay() {
    Peer ann = new Peer(Peer.Kind.UNIX, 1000, 100, List.of());
    ServerMessage.Welcome known =
        requireNonNull(
            bed.client(ann).greet(false, ByteString.EMPTY).last(ServerMessage.Welcome.class));
    bed.restart();
    List<ClientMessage.Opening> open =
        LongStream.rangeClosed(1, Limits.SESSION_OPEN_INODES + Limits.SESSION_SLOTS + 1)
            .mapToObj(ino -> new ClientMessage.Opening(ino, 1))
            .toList();
    Client again =
        bed.client(ann).resume(known.session(), known.epoch(), false, ByteString.EMPTY, open);
    assertThat(again.last(ServerMessage.Fenced.class)).isNotNull();
    assertThat(again.last(ServerMessage.Welcome.class)).isNull();
  }

  @Test
  void aFileThatIsMadeAgainIsOpenOnce() {
    long ino = create(tool, true);
    long asked = tool.asked();
    tool = resumed(tool);
    expectDone(
        tool.again(
            asked, Caller.ROOT, new Change.CreateFile(Attributes.ROOT_INO, NAME, 0644, 0, true)));
    expectDone(other, UNLINK);
    assertThat(isKept()).isTrue();
    expectDone(tool, new Query.Release(ino, 1));
    assertThat(isKept()).isFalse();
  }

  /** Who closed the directory meanwhile cannot undo what was done in it. */
  @Test
  void whatIsDoneIsNotJudgedAgain() {
    Peer ann = new Peer(Peer.Kind.UNIX, 1000, 100, List.of());
    expectDone(other, mode(Attributes.ROOT_INO, 0755));
    Reply made =
        other.ask(
            Caller.ROOT,
            new Change.MakeDirectory(
                Attributes.ROOT_INO, ByteString.copyFromUtf8("directory"), 0777, 0));
    assertThat(made).isInstanceOf(Reply.Entry.class);
    long directory = requireNonNull((Reply.Entry) made).attributes().ino();
    Client hers = bed.client(ann).greet(false, ByteString.EMPTY);
    Change create = new Change.CreateFile(directory, NAME, 0644, 0, true);
    assertThat(hers.ask(Caller.ROOT, create)).isInstanceOf(Reply.Entry.class);
    long asked = hers.asked();
    expectDone(other, mode(Attributes.ROOT_INO, 0));
    hers.close();
    ServerMessage.Welcome known = requireNonNull(hers.last(ServerMessage.Welcome.class));
    Client again = bed.client(ann).resume(known.session(), known.epoch(), false, ByteString.EMPTY);
    assertThat(again.again(asked, Caller.ROOT, create)).isInstanceOf(Reply.Entry.class);
    assertThat(again.ask(Caller.ROOT, create)).isInstanceOf(Reply.Refused.class);
  }

  private static Change mode(long ino, int mode) {
    return new Change.SetAttributes(ino, Change.SetAttributes.SET_MODE, mode, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void whatIsDoneIsAnsweredWhenNothingNewIsTaken() {
    long ino = create(tool, true);
    long asked = tool.asked();
    bed.isFull = true;
    Change create = new Change.CreateFile(Attributes.ROOT_INO, NAME, 0644, 0, true);
    tool = resumed(tool);
    assertThat(tool.again(asked, Caller.ROOT, create))
        .isInstanceOfSatisfying(
            Reply.Entry.class, same -> assertThat(same.attributes().ino()).isEqualTo(ino));
    assertThat(tool.ask(Caller.ROOT, create))
        .isInstanceOfSatisfying(
            Reply.Refused.class, no -> assertThat(no.errno()).isEqualTo(Errno.ENOSPC));
  }

  /** What else is open of it stays so. */
  @Test
  void aReleaseThatIsSentAgainCountsOnce() {
    long ino = create(other, false);
    expectDone(tool, new Query.Open(ino, 4));
    expectDone(tool, new Query.Open(ino, 4));
    expectDone(other, UNLINK);
    expectDone(tool, new Query.Release(ino, 1));
    long asked = tool.asked();
    tool = resumed(tool);
    expectDone(tool.again(asked, Caller.ROOT, new Query.Release(ino, 1)));
    assertThat(isKept()).isTrue();
    expectDone(tool, new Query.Release(ino, 1));
    assertThat(isKept()).isFalse();
  }

  /** The first answer was lost, and by the second nothing is open. */
  @Test
  void anOpenThatIsRefusedWhenItIsSentAgainIsNone() {
    Caller user = new Caller(1000, 1000, List.of());
    long ino = create(other, false);
    expectDone(tool.ask(user, new Query.Open(ino, 4)));
    long asked = tool.asked();
    expectDone(
        other,
        new Change.SetAttributes(ino, Change.SetAttributes.SET_MODE, 0600, 0, 0, 0, 0, 0, 0));
    tool = resumed(tool);
    assertThat(tool.again(asked, user, new Query.Open(ino, 4)))
        .isInstanceOfSatisfying(
            Reply.Refused.class, no -> assertThat(no.errno()).isEqualTo(Errno.EACCES));
    expectDone(other, UNLINK);
    assertThat(isKept()).isFalse();
  }

  @Test
  void afterARestartToolsSayFirstWhatTheyHaveOpen() {
    long ino = create(tool, true);
    expectDone(other, UNLINK);
    bed.restart();
    other = resumed(other);
    assertThat(isKept()).as("while one is not back").isTrue();
    tool = resumed(tool, new ClientMessage.Opening(ino, 1));
    bed.clock.nanos += CLAIMED_NANOS;
    assertThat(isKept()).isTrue();
    expectDone(tool, new Query.Release(ino, 1));
    assertThat(isKept()).isFalse();
  }

  @Test
  void whoDoesNotComeBackAfterARestartIsOver() {
    create(tool, true);
    expectDone(other, UNLINK);
    bed.restart();
    bed.clock.nanos += CLAIMED_NANOS;
    assertThat(isKept()).isFalse();
    assertThat(bed.namespace.survey().sessions()).allMatch(session -> session.fenced());
    tool = resumed(tool);
    assertThat(tool.isClosed()).isTrue();
    assertThat(tool.last(ServerMessage.Fenced.class)).isNotNull();
  }

  /** Its blocks would stay open, and what it made without a name would stay. */
  @Test
  void theEndOfASessionIsSaidUntilTheLogHasHeard() {
    long session = requireNonNull(tool.last(ServerMessage.Welcome.class)).session();
    bed.isLogClosed = true;
    tool.say(new ClientMessage.Goodbye());
    bed.tick();
    bed.isLogClosed = false;
    assertThat(requireNonNull(bed.namespace.survey().session(session)).fenced()).isFalse();
    Client back = resumed(tool);
    assertThat(back.last(ServerMessage.Fenced.class)).as("it is over already").isNotNull();
    bed.tick();
    assertThat(requireNonNull(bed.namespace.survey().session(session)).fenced()).isTrue();
  }
}

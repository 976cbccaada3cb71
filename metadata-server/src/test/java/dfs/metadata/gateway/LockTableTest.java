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
import dfs.protocol.session.ClientMessage.Locked;
import dfs.protocol.session.ClientMessage.Opening;
import dfs.protocol.session.ServerMessage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who has which range of a file, and who hears that it is free. */
class LockTableTest {
  private static final long INO = 7;
  private static final Peer ANN = new Peer(Peer.Kind.UNIX, 1000, 100, List.of());

  private final GatewayBed bed;

  LockTableTest() throws Exception {
    bed = new GatewayBed();
  }

  private Client tool() {
    return bed.client(Peer.LOCAL).greet(false, GatewayBed.KEY);
  }

  private static Errno errno(@Nullable Reply reply) {
    return reply instanceof Reply.Refused refused ? refused.errno() : Errno.OK;
  }

  private static Errno ask(Client client, Operation operation) {
    return errno(requireNonNull(client.ask(Caller.ROOT, operation)));
  }

  private static Query.Lock exclusive(long owner, long offset, long length) {
    return new Query.Lock(INO, owner, offset, length, true, false);
  }

  private static Query.Lock shared(long owner, long offset, long length) {
    return new Query.Lock(INO, owner, offset, length, false, false);
  }

  private static Query.Lock waiting(long owner, long offset, long length) {
    return new Query.Lock(INO, owner, offset, length, true, true);
  }

  private static Query.Unlock unlock(long owner, long offset, long length) {
    return new Query.Unlock(INO, owner, offset, length);
  }

  private static boolean isTold(Client client) {
    return client.last(ServerMessage.LockFree.class) != null;
  }

  @Test
  void anExclusiveLockExcludesAllOthers() {
    Client one = tool();
    Client other = tool();
    assertThat(ask(one, exclusive(1, 10, 10))).isEqualTo(Errno.OK);
    assertThat(ask(other, exclusive(1, 19, 1))).isEqualTo(Errno.EAGAIN);
    assertThat(ask(other, shared(1, 0, 11))).isEqualTo(Errno.EAGAIN);
    assertThat(ask(one, shared(2, 10, 1))).as("another owner here").isEqualTo(Errno.EAGAIN);
    assertThat(ask(other, exclusive(1, 0, 10))).isEqualTo(Errno.OK);
    assertThat(ask(other, exclusive(1, 20, Long.MAX_VALUE - 20))).isEqualTo(Errno.OK);
    assertThat(ask(one, unlock(1, 10, 10))).isEqualTo(Errno.OK);
    assertThat(ask(other, exclusive(1, 10, 10))).isEqualTo(Errno.OK);
  }

  @Test
  void sharedLocksExcludeExclusiveOnesAlone() {
    Client one = tool();
    Client other = tool();
    assertThat(ask(one, shared(1, 0, 10))).isEqualTo(Errno.OK);
    assertThat(ask(other, shared(1, 5, 10))).isEqualTo(Errno.OK);
    assertThat(ask(other, exclusive(1, 5, 10))).as("one's is in the way").isEqualTo(Errno.EAGAIN);
    assertThat(ask(one, unlock(1, 0, 10))).isEqualTo(Errno.OK);
    assertThat(ask(other, exclusive(1, 5, 10))).as("in place of its own").isEqualTo(Errno.OK);
    assertThat(ask(one, shared(1, 5, 1))).isEqualTo(Errno.EAGAIN);
  }

  @Test
  void aPartIsUnlocked() {
    Client one = tool();
    Client other = tool();
    assertThat(ask(one, exclusive(1, 0, 30))).isEqualTo(Errno.OK);
    assertThat(ask(one, unlock(1, 10, 10))).isEqualTo(Errno.OK);
    assertThat(ask(one, unlock(2, 0, 30))).as("not its own").isEqualTo(Errno.OK);
    assertThat(ask(other, exclusive(1, 10, 10))).isEqualTo(Errno.OK);
    assertThat(ask(other, exclusive(1, 9, 1))).isEqualTo(Errno.EAGAIN);
    assertThat(ask(other, exclusive(1, 20, 1))).isEqualTo(Errno.EAGAIN);
  }

  @Test
  void whoWaitsIsToldOnce() {
    Client holder = tool();
    Client waits = tool();
    Client tries = tool();
    assertThat(ask(holder, exclusive(1, 0, 10))).isEqualTo(Errno.OK);
    assertThat(ask(waits, waiting(1, 5, 1))).isEqualTo(Errno.EAGAIN);
    assertThat(ask(tries, exclusive(1, 5, 1))).isEqualTo(Errno.EAGAIN);
    assertThat(isTold(waits)).isFalse();
    assertThat(ask(holder, unlock(1, 0, 10))).isEqualTo(Errno.OK);
    assertThat(isTold(waits)).isTrue();
    assertThat(isTold(tries)).isFalse();
    assertThat(ask(waits, waiting(1, 5, 1))).isEqualTo(Errno.OK);
  }

  @Test
  void locksEndWithTheirSession() {
    Client holder = tool();
    Client waits = tool();
    assertThat(ask(holder, exclusive(1, 0, 10))).isEqualTo(Errno.OK);
    assertThat(ask(waits, waiting(1, 5, 1))).isEqualTo(Errno.EAGAIN);
    holder.close();
    assertThat(isTold(waits)).as("it may come back").isFalse();
    Client again = resumed(holder, List.of());
    again.say(new ClientMessage.Goodbye());
    assertThat(isTold(waits)).isTrue();
    assertThat(ask(waits, waiting(1, 5, 1))).isEqualTo(Errno.OK);
  }

  private Client resumed(Client client, List<Locked> locks) {
    ServerMessage.Welcome known = requireNonNull(client.last(ServerMessage.Welcome.class));
    return bed.client(Peer.LOCAL)
        .resume(known.session(), known.epoch(), false, GatewayBed.KEY, List.of(), locks);
  }

  @Test
  void afterARestartNothingIsGivenBeforeAllHaveClaimedTheirs() {
    Client holder = tool();
    Client other = tool();
    assertThat(ask(holder, exclusive(1, 0, 10))).isEqualTo(Errno.OK);
    bed.restart();
    other = resumed(other, List.of());
    assertThat(ask(other, waiting(1, 100, 1))).as("who knows").isEqualTo(Errno.EBUSY);
    holder = resumed(holder, List.of(new Locked(INO, 1, 0, 10, true)));
    assertThat(isTold(other)).isTrue();
    assertThat(ask(other, waiting(1, 100, 1))).isEqualTo(Errno.OK);
    assertThat(ask(other, exclusive(1, 9, 1))).isEqualTo(Errno.EAGAIN);
    assertThat(ask(holder, unlock(1, 0, 10))).isEqualTo(Errno.OK);
    assertThat(ask(other, exclusive(1, 9, 1))).isEqualTo(Errno.OK);
  }

  /** Who claims it is told so, and over. */
  @Test
  void whatAnotherHasIsNotClaimed() {
    LockTable locks = new LockTable(true);
    LiveSession late = session(1);
    LiveSession other = session(2);
    assertThat(locks.lock(other, waiting(1, 0, 10))).isEqualTo(Errno.EBUSY);
    locks.claimed();
    assertThat(locks.lock(other, waiting(1, 0, 10))).isEqualTo(Errno.OK);
    assertThat(
            locks.claim(
                late, List.of(new Locked(INO, 1, 20, 1, true), new Locked(INO, 2, 9, 1, false))))
        .isFalse();
    assertThat(locks.size()).as("nothing of it is taken").isEqualTo(1);
    assertThat(locks.claim(late, List.of(new Locked(INO, 1, 20, 1, true)))).isTrue();
    locks.leave(late);
    locks.leave(other);
    assertThat(locks.size()).isZero();
  }

  private static LiveSession session(long id) {
    return new LiveSession(id, 1, "h", false, null, 0);
  }

  @Test
  void whatOneSessionLocksIsBounded() {
    LockTable locks = new LockTable(false);
    LiveSession session = session(1);
    for (long ino = 1; ino <= Limits.SESSION_LOCKS; ino++) {
      assertThat(locks.lock(session, new Query.Lock(ino, 1, 0, 1, true, false)))
          .isEqualTo(Errno.OK);
    }
    assertThat(locks.lock(session, new Query.Lock(0, 1, 0, 1, true, false)))
        .isEqualTo(Errno.ENOLCK);
    LiveSession waits = session(2);
    for (long ino = 1; ino <= Limits.SESSION_LOCKS; ino++) {
      assertThat(locks.lock(waits, new Query.Lock(ino, 1, 0, 1, true, true)))
          .isEqualTo(Errno.EAGAIN);
    }
    assertThat(locks.lock(session(3), new Query.Lock(0, 1, 0, 1, true, false))).isEqualTo(Errno.OK);
    assertThat(locks.lock(waits, new Query.Lock(0, 1, 0, 1, true, true))).isEqualTo(Errno.ENOLCK);
  }

  /** In the middle of a range there are two in place of one. */
  @Test
  void theRestsOfWhatIsUnlockedAreBoundedToo() {
    Client full = tool();
    Client other = tool();
    for (int i = 1; i < Limits.SESSION_LOCKS - 1; i++) {
      assertThat(ask(full, new Query.Lock(INO + i, 1, 0, 1, true, false))).isEqualTo(Errno.OK);
    }
    assertThat(ask(full, exclusive(1, 0, 30))).isEqualTo(Errno.OK);
    assertThat(ask(full, shared(1, 10, 10))).as("three in place of one").isEqualTo(Errno.ENOLCK);
    assertThat(ask(full, unlock(1, 10, 10))).isEqualTo(Errno.OK);
    assertThat(ask(full, unlock(1, 5, 1))).isEqualTo(Errno.ENOLCK);
    assertThat(ask(other, exclusive(1, 5, 1))).as("as it was").isEqualTo(Errno.EAGAIN);
    assertThat(ask(full, shared(1, 0, 10))).as("one in place of one").isEqualTo(Errno.OK);
    assertThat(ask(full, unlock(1, 0, 5))).isEqualTo(Errno.OK);
    assertThat(ask(full, unlock(1, 0, 10))).isEqualTo(Errno.OK);
    assertThat(ask(other, exclusive(1, 5, 1))).isEqualTo(Errno.OK);
  }

  @Test
  void anOrdinaryUserLocksWhatIsOpenForIt() {
    Client root = tool();
    Change create =
        new Change.CreateFile(Attributes.ROOT_INO, ByteString.copyFromUtf8("f"), 0644, 0, false);
    long file = ((Reply.Entry) requireNonNull(root.ask(Caller.ROOT, create))).attributes().ino();
    Client ann = bed.client(ANN).greet(false, ByteString.EMPTY);
    Query.Lock shared = new Query.Lock(file, 1, 0, 1, false, false);
    Query.Lock exclusive = new Query.Lock(file, 1, 0, 1, true, false);
    assertThat(ask(ann, shared)).isEqualTo(Errno.EBADF);
    assertThat(ask(ann, new Query.Open(file, 4))).isEqualTo(Errno.OK);
    assertThat(ask(ann, shared)).isEqualTo(Errno.OK);
    assertThat(ask(ann, exclusive)).isEqualTo(Errno.EBADF);
  }

  /** Of files that were closed to it since it opened and locked them. */
  @Test
  void aLockThatIsClaimedIsWhatMightBeTaken() {
    Client root = tool();
    Client ann = bed.client(ANN).greet(false, ByteString.EMPTY);
    List<Long> files = new ArrayList<>();
    List<Locked> locks = new ArrayList<>();
    List<Opening> open = new ArrayList<>();
    for (String name : List.of("closed", "readable", "writable")) {
      Change create =
          new Change.CreateFile(Attributes.ROOT_INO, ByteString.copyFromUtf8(name), 0666, 0, false);
      long file = ((Reply.Entry) requireNonNull(root.ask(Caller.ROOT, create))).attributes().ino();
      assertThat(ask(ann, new Query.Open(file, 6))).isEqualTo(Errno.OK);
      assertThat(ask(ann, new Query.Lock(file, 1, 0, 9, true, false))).isEqualTo(Errno.OK);
      files.add(file);
      locks.add(new Locked(file, 1, 0, 9, true));
      open.add(new Opening(file, 1));
    }
    assertThat(ask(root, setMode(files.get(0), 0600))).isEqualTo(Errno.OK);
    assertThat(ask(root, setMode(files.get(1), 0644))).isEqualTo(Errno.OK);
    ServerMessage.Welcome known = requireNonNull(ann.last(ServerMessage.Welcome.class));
    bed.restart();
    root = resumed(root, List.of());
    ann =
        bed.client(ANN)
            .resume(known.session(), known.epoch(), false, ByteString.EMPTY, open, locks);
    assertThat(ann.last(ServerMessage.Fenced.class)).isNull();
    List<Errno> shared = new ArrayList<>();
    List<Errno> exclusive = new ArrayList<>();
    for (long file : files) {
      shared.add(ask(root, new Query.Lock(file, 1, 0, 1, false, false)));
      exclusive.add(ask(root, new Query.Lock(file, 1, 0, 1, true, false)));
    }
    assertThat(shared).containsExactly(Errno.OK, Errno.OK, Errno.EAGAIN);
    assertThat(exclusive).containsExactly(Errno.OK, Errno.EAGAIN, Errno.EAGAIN);
  }

  private static Change setMode(long ino, int mode) {
    return new Change.SetAttributes(ino, Change.SetAttributes.SET_MODE, mode, 0, 0, 0, 0, 0, 0);
  }
}

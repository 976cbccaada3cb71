package dfs.protocol.session;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Reply;
import dfs.protocol.wire.RecordCodec;
import dfs.protocol.wire.Tag;
import java.util.List;

/** From the metadata server to a client, on the session's stream. */
public sealed interface ServerMessage {
  RecordCodec<ServerMessage> CODEC = RecordCodec.of(ServerMessage.class);

  /** The first message: show the cluster key over this, or be who the socket says. */
  @Tag(1)
  record Challenge(ByteString nonce) implements ServerMessage {}

  /**
   * The session is open.
   *
   * @param epoch below 0: the log does not know of the session, and {@link ClientMessage.Begin} is
   *     to be said before it changes anything; to be said in the next greeting like any other
   * @param cluster identity of the cluster
   * @param nowNanos the leader's stamped time
   * @param lease term and counter of the grant, (term &lt;&lt; 32 | counter)
   * @param proof {@link KeyProof#TO_SESSION}, to who has shown the key, who believes nothing
   *     without it; else empty
   */
  @Tag(2)
  record Welcome(
      long session,
      long epoch,
      ByteString cluster,
      long nowNanos,
      LeaseMode granted,
      long lease,
      ByteString proof)
      implements ServerMessage {
    /** To who has not shown the key. */
    public Welcome(
        long session,
        long epoch,
        ByteString cluster,
        long nowNanos,
        LeaseMode granted,
        long lease) {
      this(session, epoch, cluster, nowNanos, granted, lease, ByteString.EMPTY);
    }
  }

  @Tag(3)
  record Answer(int slot, long sequence, Reply reply) implements ServerMessage {}

  /**
   * A heartbeat has come.
   *
   * @param scarce space is short: what is written now may find no room
   * @param leaving chunk servers that are drained: the session is to end its blocks there
   */
  @Tag(4)
  record HeartbeatAnswer(long sentNanos, long nowNanos, boolean scarce, List<Long> leaving)
      implements ServerMessage {
    public HeartbeatAnswer {
      leaving = List.copyOf(leaving);
    }

    /** With nothing else to be said. */
    public HeartbeatAnswer(long sentNanos, long nowNanos) {
      this(sentNanos, nowNanos, false, List.of());
    }
  }

  /**
   * Give the lease back down to {@code to}: flush what is dirty, empty caches, then acknowledge.
   */
  @Tag(5)
  record Recall(long recall, LeaseMode to) implements ServerMessage {}

  /**
   * Forget what the kernel knows of an inode: attributes, data from {@code fromOffset} on (-1:
   * none), and the name in parent if it is not empty; then acknowledge.
   */
  @Tag(6)
  record Invalidate(
      long recall, long ino, long fromOffset, long parent, ByteString name, boolean gone)
      implements ServerMessage {}

  /**
   * The session holds a lease of this mode from now on; {@code lease} is (term &lt;&lt; 32 |
   * counter).
   */
  @Tag(7)
  record Grant(LeaseMode mode, long lease) implements ServerMessage {}

  /**
   * The session is over; the reason is for people.
   *
   * @param proof as in {@link Welcome}
   */
  @Tag(8)
  record Fenced(String reason, ByteString proof) implements ServerMessage {
    /** To who has been welcomed, or has not shown the key. */
    public Fenced(String reason) {
      this(reason, ByteString.EMPTY);
    }
  }

  /** An unlinked inode: does the session still hold it? Answered by an acknowledgement. */
  @Tag(9)
  record AskInUse(long recall, long ino) implements ServerMessage {}

  /** A lock of this inode that the session was refused may be had now: it is to try again. */
  @Tag(10)
  record LockFree(long ino) implements ServerMessage {}

  /**
   * An answer to {@link ClientMessage.Begin}: {@link Reply.Session} with the epoch from now on, or
   * why the log takes nothing, which is then the answer to what was to be done.
   */
  @Tag(11)
  record Begun(Reply reply) implements ServerMessage {}
}

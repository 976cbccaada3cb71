package dfs.protocol.session;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.wire.RecordCodec;
import dfs.protocol.wire.Tag;
import java.util.List;

/** From a client to the metadata server, on the session's stream. */
public sealed interface ClientMessage {
  RecordCodec<ClientMessage> CODEC = RecordCodec.of(ClientMessage.class);

  /**
   * The first message, answering the server's challenge. A known session (id, epoch) goes on; else
   * a new one begins.
   *
   * @param proof {@link KeyProof#OF_SESSION}, or empty: then the session speaks for the peer of the
   *     Unix socket alone
   * @param mount a mount, which keeps leases, and which is refused without a proof; else a tool,
   *     which never does. Of a known session the log knows which
   * @param held the lease mode that the session was granted and did not give back, claimed again;
   *     also one that is not certain any more: what is dirty was written under it
   * @param open inodes that the session holds open, claimed again
   * @param replaces a session whose process is proven dead (its file lock was free): ended at once;
   *     0: none
   * @param locks that the session has, claimed again
   * @param nonce over which the metadata server is to show the key, too; empty without a proof
   * @param unlogged a tool that asks, and says {@link Begin} before it changes anything: until then
   *     the log need not know of it, and after a restart the server may give it another number
   * @param instants as {@link Heartbeat#instants}
   */
  @Tag(1)
  record Hello(
      long session,
      long epoch,
      ByteString proof,
      String host,
      boolean mount,
      LeaseMode held,
      List<Opening> open,
      long replaces,
      List<Locked> locks,
      ByteString nonce,
      boolean unlogged,
      List<Long> instants)
      implements ClientMessage {
    public Hello {
      open = List.copyOf(open);
      locks = List.copyOf(locks);
      instants = looked(instants);
    }

    /** Of who has no locks, and no key. */
    public Hello(
        long session,
        long epoch,
        ByteString proof,
        String host,
        boolean mount,
        LeaseMode held,
        List<Opening> open,
        long replaces) {
      this(
          session,
          epoch,
          proof,
          host,
          mount,
          held,
          open,
          replaces,
          List.of(),
          ByteString.EMPTY,
          false,
          List.of());
    }
  }

  private static List<Long> looked(List<Long> instants) {
    if (instants.size() > Limits.SESSION_INSTANTS) {
      throw new IllegalArgumentException(instants.size() + " instants are looked at");
    }
    return List.copyOf(instants);
  }

  /** A range of a file that is locked; as {@link dfs.protocol.metadata.Query.Lock}. */
  record Locked(long ino, long owner, long offset, long lengthBytes, boolean exclusive) {
    public Locked {
      if (offset < 0 || lengthBytes < 1 || offset > Long.MAX_VALUE - lengthBytes) {
        throw new IllegalArgumentException("range " + offset + "+" + lengthBytes);
      }
    }
  }

  /** An inode that the session holds open, this many times. */
  record Opening(long ino, int opens) {
    public Opening {
      if (opens < 1) {
        throw new IllegalArgumentException("inode " + ino + " open " + opens + " times");
      }
    }
  }

  /**
   * One operation. A slot has one in flight; its sequence grows by one with each new operation, and
   * a repeat after a broken stream bears the same. {@code asOfNanos} is 0 for the present.
   */
  @Tag(2)
  record Request(int slot, long sequence, long asOfNanos, Caller caller, Operation operation)
      implements ClientMessage {
    public Request {
      if (slot < 0 || slot >= Limits.SESSION_SLOTS || sequence < 1 || asOfNanos < 0) {
        throw new IllegalArgumentException("slot " + slot + " sequence " + sequence);
      }
    }
  }

  /**
   * Sent every second; comes back as it is.
   *
   * @param mode what the client believes to hold
   * @param instants of the past that somebody looks at here, in nanoseconds since 1970: they stay
   */
  @Tag(3)
  record Heartbeat(long sentNanos, LeaseMode mode, List<Long> instants) implements ClientMessage {
    public Heartbeat {
      instants = looked(instants);
    }
  }

  /** A recall or an invalidation is done. {@code inUse}: the inode is open or mapped here. */
  @Tag(4)
  record Acknowledge(long recall, boolean inUse) implements ClientMessage {}

  /** The session ends of its own will; nothing is dirty, open or leased. */
  @Tag(5)
  record Goodbye() implements ClientMessage {}

  /**
   * The log is to know of an unlogged session; answered by {@link ServerMessage.Begun}. Before that
   * the session does nothing that {@link #isNeededFor} names. Sent again over the next stream if no
   * answer came.
   */
  @Tag(6)
  record Begin() implements ClientMessage {
    /** What is changed or locked outlives the server's memory, and so must whose it is. */
    public static boolean isNeededFor(Operation operation) {
      return switch (operation) {
        case Change _, Query.Lock _ -> true;
        case Query _ -> false;
      };
    }
  }
}

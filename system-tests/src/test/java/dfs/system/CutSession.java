package dfs.system;

import com.google.protobuf.ByteString;
import dfs.client.metadata.LeaseListener;
import dfs.client.metadata.MetadataSession;
import dfs.metadata.namespace.NamespaceBed;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;

/**
 * A session with a namespace in memory, for code of the client; or what asks in it as of an
 * instant. Before a certain call something happens. One thread.
 */
final class CutSession implements MetadataSession {
  /** What happens before a call. */
  enum Cut {
    /** It does not arrive, and none after it. */
    BEFORE,
    /** It is done, and nobody hears of it nor of any later one. */
    AFTER,
    /** All of the past is given up. */
    PAST
  }

  /** Of the session and all that ask in it. */
  private static final class Calls {
    private final NamespaceBed bed;
    private final long session;
    private final int good;
    private final Cut cut;
    private int count;

    Calls(NamespaceBed bed, int good, Cut cut) {
      this.bed = bed;
      this.session = bed.openSession();
      this.good = good;
      this.cut = cut;
    }

    Reply call(Caller caller, Operation operation, long asOfNanos) throws IOException {
      int number = count++;
      if (number == good && cut == Cut.PAST) {
        bed.upkeep(new Upkeep.ReleaseHistory(bed.now(), true));
      }
      if (number < good || cut == Cut.PAST) {
        return done(caller, operation, asOfNanos);
      }
      if (number == good && cut == Cut.AFTER) {
        var _ = done(caller, operation, asOfNanos);
      }
      throw new IOException("call " + number + " was cut");
    }

    private Reply done(Caller caller, Operation operation, long asOfNanos) throws IOException {
      return switch (operation) {
        case Query query -> bed.namespace().query(caller, query, asOfNanos);
        case Change change -> bed.change(session, caller, change);
        case Operation other -> throw new IOException("no operation of clients: " + other);
      };
    }
  }

  private final Calls calls;

  /** 0: the present. */
  private final long instantNanos;

  private CutSession(Calls calls, long instantNanos) {
    this.calls = calls;
    this.instantNanos = instantNanos;
  }

  /**
   * @param good so many calls are nothing unusual
   */
  static CutSession open(NamespaceBed bed, int good, Cut cut) {
    return new CutSession(new Calls(bed, good, cut), 0);
  }

  /** Asks in the same session as of a kept instant; its calls count, too. */
  CutSession asOf(long instant) {
    return new CutSession(calls, instant);
  }

  @Override
  public Reply call(Caller caller, Operation operation) throws IOException {
    Reply reply = calls.call(caller, operation, instantNanos);
    if (instantNanos != 0
        && reply instanceof Reply.Refused refused
        && refused.errno() == Errno.ENODATA) {
      throw new IOException("so old is nothing that is kept: " + refused.detail());
    }
    return reply;
  }

  @Override
  public Reply callAsOf(Caller caller, Operation operation, long asOfNanos) throws IOException {
    return calls.call(caller, operation, asOfNanos);
  }

  @Override
  public long id() {
    return calls.session;
  }

  @Override
  public ByteString cluster() {
    return ByteString.EMPTY;
  }

  @Override
  public boolean isOver() {
    return false;
  }

  @Override
  public boolean isSpaceScarce() {
    return false;
  }

  @Override
  public LeaseMode lease() {
    return LeaseMode.NONE;
  }

  @Override
  public long leaseNumber() {
    return 0;
  }

  @Override
  public long leaseValidNanos() {
    return 0;
  }

  @Override
  public long nowNanos() {
    return calls.bed.now();
  }

  @Override
  public void listen(LeaseListener listener) {}

  @Override
  public void close() {}
}

package dfs.client.volume;

import com.google.protobuf.ByteString;
import dfs.client.metadata.LeaseListener;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A session as of a kept instant: what is asked is answered as it was then, and nothing can be
 * changed. Whose session it is ends it.
 */
final class PastSession implements MetadataSession {
  private final MetadataSession present;
  private final long asOfNanos;

  /**
   * @param asOfNanos nanoseconds since 1970; before the current second of the leader's clock
   */
  PastSession(MetadataSession present, long asOfNanos) {
    this.present = present;
    this.asOfNanos = asOfNanos;
  }

  @Override
  public Reply call(Caller caller, Operation operation) throws IOException {
    return switch (operation) {
      case Query.GetSpace q -> present.call(caller, q);
      // What was open then is nobody's now.
      case Query.Release _ -> Reply.Done.DONE;
      case Query.Open q -> opened(caller, q);
      case Query.LookupPath q -> metOneByOne(caller, q);
      case Query q -> asked(caller, q);
      case Operation _ -> Reply.refused(Errno.EROFS, "the past cannot be changed");
    };
  }

  private Reply asked(Caller caller, Query query) throws IOException {
    Reply reply = present.callAsOf(caller, query, asOfNanos);
    if (reply instanceof Reply.Refused refused
        && refused.errno() == Errno.ENODATA
        && !(query instanceof Query.GetXattr)) {
      throw new IOException("so old is nothing that is kept: " + refused.detail());
    }
    return reply;
  }

  /** Of the past one name is asked for at a time. */
  private Reply metOneByOne(Caller caller, Query.LookupPath path) throws IOException {
    List<Attributes> met = new ArrayList<>(path.names().size() + 1);
    Reply reply = asked(caller, new Query.GetAttributes(path.directory()));
    for (ByteString name : path.names()) {
      if (!(reply instanceof Reply.Entry entry)) {
        break;
      }
      met.add(entry.attributes());
      if (!entry.attributes().isDirectory()) {
        return new Reply.Way(met);
      }
      reply = asked(caller, new Query.Lookup(entry.attributes().ino(), name));
    }
    if (reply instanceof Reply.Entry entry) {
      met.add(entry.attributes());
    } else if (met.isEmpty()
        || !(reply instanceof Reply.Refused refused && refused.errno() == Errno.ENOENT)) {
      return reply;
    }
    return new Reply.Way(met);
  }

  private Reply opened(Caller caller, Query.Open open) throws IOException {
    Reply allowed = asked(caller, new Query.CheckAccess(open.ino(), open.access()));
    return allowed instanceof Reply.Refused
        ? allowed
        : asked(caller, new Query.GetAttributes(open.ino()));
  }

  @Override
  public Reply callAsOf(Caller caller, Operation operation, long instantNanos) throws IOException {
    return present.callAsOf(caller, operation, instantNanos);
  }

  @Override
  public long id() {
    return present.id();
  }

  @Override
  public ByteString cluster() {
    return present.cluster();
  }

  @Override
  public boolean isOver() {
    return present.isOver();
  }

  @Override
  public boolean isSpaceScarce() {
    return present.isSpaceScarce();
  }

  @Override
  public LeaseMode lease() {
    return LeaseMode.NONE;
  }

  @Override
  public long leaseNumber() {
    return present.leaseNumber();
  }

  @Override
  public long leaseValidNanos() {
    return 0;
  }

  @Override
  public long nowNanos() {
    return present.nowNanos();
  }

  @Override
  public void listen(LeaseListener listener) {
    throw new UnsupportedOperationException("nobody asks back about the past");
  }

  @Override
  public void close() {
    // The present one is its owner's.
  }
}

package dfs.fuse.vfs;

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
 * A mount's session as the past sees it: queries with numbers of {@link PastNodes} are asked as of
 * the time that each has, and answered with such numbers. Whose session it is ends it.
 */
final class PastSession implements MetadataSession {
  private final MetadataSession present;
  private final PastNodes nodes;

  PastSession(MetadataSession present, PastNodes nodes) {
    this.present = present;
    this.nodes = nodes;
  }

  @Override
  public Reply call(Caller caller, Operation operation) throws IOException {
    if (!(operation instanceof Query query)) {
      return Reply.refused(Errno.EROFS, "the past cannot be changed");
    }
    return switch (query) {
      case Query.Lookup q -> ask(caller, q, q.parent());
      case Query.GetAttributes q -> ask(caller, q, q.ino());
      case Query.ReadLink q -> ask(caller, q, q.ino());
      case Query.ListDirectory q -> ask(caller, q, q.ino());
      case Query.GetXattr q -> ask(caller, q, q.ino());
      case Query.ListXattrs q -> ask(caller, q, q.ino());
      case Query.ReadMap q -> ask(caller, q, q.ino());
      case Query.Open q -> ask(caller, q, q.ino());
      case Query.CheckAccess q -> ask(caller, q, q.ino());
      case Query.GetSpace q -> present.call(caller, q);
      // The server does not count who reads the past.
      case Query.Release _ -> Reply.Done.DONE;
      case Query.GetReport _,
          Query.ListBlocks _,
          Query.GetInstant _,
          Query.GetSnapshot _,
          Query.LookupPath _,
          Query.ListSnapshots _,
          Query.ListVersions _,
          Query.ListDeleted _ ->
          Reply.refused(Errno.EINVAL, "there are no reports of the past");
      case Query.Lock _, Query.Unlock _ -> Reply.refused(Errno.EINVAL, "locks are of the present");
    };
  }

  /** Asks the volume as it is. */
  Reply present(Caller caller, Query query) throws IOException {
    return present.call(caller, query);
  }

  private Reply ask(Caller caller, Query query, long number) throws IOException {
    PastNodes.Node node = nodes.get(number);
    if (node == null || node.isGate()) {
      return Reply.refused(Errno.ESTALE, "inode " + number + " of the past is not known");
    }
    Reply reply = present.callAsOf(caller, of(query, node.ino()), node.asOfNanos());
    if (reply instanceof Reply.Refused refused
        && refused.errno() == Errno.ENODATA
        && !(query instanceof Query.GetXattr)) {
      return Reply.refused(Errno.ESTALE, refused.detail());
    }
    return numbered(reply, node.asOfNanos());
  }

  /** The same query of the inode of the volume. Opening is asked, and counted nowhere. */
  private static Query of(Query query, long ino) {
    return switch (query) {
      case Query.Lookup q -> new Query.Lookup(ino, q.name());
      case Query.GetAttributes _ -> new Query.GetAttributes(ino);
      case Query.ReadLink _ -> new Query.ReadLink(ino);
      case Query.ListDirectory q ->
          new Query.ListDirectory(ino, q.cookie(), q.stop(), q.limitEntries(), q.plus());
      case Query.GetXattr q -> new Query.GetXattr(ino, q.name());
      case Query.ListXattrs _ -> new Query.ListXattrs(ino);
      case Query.ReadMap q -> new Query.ReadMap(ino, q.offset(), q.lengthBytes());
      case Query.CheckAccess q -> new Query.CheckAccess(ino, q.access());
      default -> query;
    };
  }

  /** An answer as of a time, with the numbers of this mount. */
  Reply numbered(Reply reply, long asOfNanos) {
    return switch (reply) {
      case Reply.Entry r -> new Reply.Entry(numbered(r.attributes(), asOfNanos));
      case Reply.MapPage r ->
          new Reply.MapPage(
              numbered(r.attributes(), asOfNanos),
              r.endOffset(),
              r.inline(),
              r.extents(),
              r.blocks());
      case Reply.Listing r -> {
        List<Reply.Dentry> entries = new ArrayList<>(r.entries().size());
        for (Reply.Dentry entry : r.entries()) {
          Attributes attributes = entry.attributes();
          entries.add(
              new Reply.Dentry(
                  entry.name(),
                  nodes.number(asOfNanos, entry.ino()),
                  entry.type(),
                  entry.cookie(),
                  attributes == null ? null : numbered(attributes, asOfNanos)));
        }
        yield new Reply.Listing(entries, r.stop(), r.end());
      }
      default -> reply;
    };
  }

  private Attributes numbered(Attributes a, long asOfNanos) {
    return new Attributes(
        nodes.number(asOfNanos, a.ino()),
        a.type(),
        a.mode(),
        a.links(),
        a.uid(),
        a.gid(),
        a.device(),
        a.sizeBytes(),
        a.allocatedBytes(),
        a.accessNanos(),
        a.modifyNanos(),
        a.changeNanos(),
        a.birthNanos(),
        a.change(),
        a.map(),
        a.flags());
  }

  @Override
  public Reply callAsOf(Caller caller, Operation operation, long asOfNanos) throws IOException {
    return present.callAsOf(caller, operation, asOfNanos);
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

  /** None is needed: nobody changes the past. */
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

package dfs.client.file;

import com.google.protobuf.ByteString;
import dfs.client.metadata.LeaseListener;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.session.LeaseMode;
import java.util.ArrayList;
import java.util.List;

/** One file, whatever its number. */
final class Volume implements MetadataSession {
  final List<Change.Commit> commits = new ArrayList<>();
  final List<BlockEnd> ends = new ArrayList<>();
  volatile LeaseMode lease = LeaseMode.EXCLUSIVE;
  Runnable onLook = () -> {};

  /** Happens just before the next commit. */
  Runnable onCommit = () -> {};

  ByteString inline = ByteString.EMPTY;
  Errno refusal = Errno.OK;
  boolean scarce;
  int busy;

  /** So often too few chunk servers are here for a block. */
  int few;

  long map;
  int flags;
  private long change = 1;
  private long changedByOthers;
  long sizeBytes;
  private long nextBlock = 1;

  static Attributes attributes(long ino, long size, long change, int flags) {
    return new Attributes(
        ino, FileType.REGULAR, 0644, 1, 0, 0, 0, size, size, 1, 1, 1, 1, change, ino, flags);
  }

  /** Another client acknowledged a write: this is the whole file now, and lies in its metadata. */
  synchronized void othersWrite(ByteString contents) {
    inline = contents;
    sizeBytes = contents.size();
    flags = Attributes.FLAG_INLINE;
    changedByOthers = ++change;
  }

  synchronized Attributes now(long ino) {
    Attributes now = attributes(ino, sizeBytes, ++change, flags);
    return map == 0 ? now : withMap(now, inline.size());
  }

  private Attributes withMap(Attributes a, long size) {
    return new Attributes(
        a.ino(), a.type(), a.mode(), 1, 0, 0, 0, size, size, 1, 1, 1, 1, a.change(), map, flags);
  }

  @Override
  public synchronized Reply call(Caller caller, Operation operation) {
    return switch (operation) {
      case Change.AllocateBlock o when busy > 0 -> {
        busy--;
        yield Reply.refused(Errno.EBUSY, "room is being made for " + o.wish());
      }
      case Change.AllocateBlock o when few > 0 -> {
        few--;
        yield Reply.refused(Errno.EAGAIN, "too few chunk servers are here for " + o.wish());
      }
      case Change.AllocateBlock o ->
          new Reply.Allocated(
              new BlockGrant(
                  nextBlock++,
                  1,
                  o.wish().solo(),
                  o.wish().synced(),
                  List.of(1L),
                  List.of("somewhere"),
                  ByteString.EMPTY));
      case Change.Commit o -> commit(o);
      case Change.SealBlocks o -> {
        ends.addAll(o.ends());
        yield Reply.Done.DONE;
      }
      case Query.GetAttributes o -> new Reply.Entry(now(o.ino()));
      case Query.ReadMap o ->
          new Reply.MapPage(now(o.ino()), sizeBytes, inline, List.of(), List.of());
      default -> Reply.Done.DONE;
    };
  }

  private Reply commit(Change.Commit commit) {
    Runnable before = onCommit;
    onCommit = () -> {};
    before.run();
    if (refusal != Errno.OK) {
      return Reply.refused(refusal, "as told");
    }
    if (commit.expectedChange() != 0 && commit.expectedChange() < changedByOthers) {
      return Reply.refused(Errno.EAGAIN, "was changed meanwhile");
    }
    if (map != 0 && commit.map() != map) {
      return Reply.refused(Errno.ESTALE, "another map");
    }
    long covered = commit.extents().stream().mapToLong(Extent::lengthBytes).sum();
    if (!commit.hasInline() && covered < inline.size()) {
      return Reply.refused(Errno.EINVAL, "the inline bytes are not replaced");
    }
    commits.add(commit);
    sizeBytes = map == 0 ? Math.max(sizeBytes, commit.sizeBytes()) : 0;
    return new Reply.Committed(now(commit.ino()), null);
  }

  @Override
  public Reply callAsOf(Caller caller, Operation operation, long asOfNanos) {
    return call(caller, operation);
  }

  @Override
  public long id() {
    return 1;
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
    return scarce;
  }

  @Override
  public LeaseMode lease() {
    LeaseMode now = lease;
    Runnable looked = onLook;
    onLook = () -> {};
    looked.run();
    return now;
  }

  @Override
  public long leaseNumber() {
    return 1;
  }

  @Override
  public long leaseValidNanos() {
    return 1;
  }

  @Override
  public long nowNanos() {
    return 1;
  }

  @Override
  public void listen(LeaseListener listener) {}

  @Override
  public void close() {}
}

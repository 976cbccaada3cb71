package dfs.client.nio;

import com.google.protobuf.ByteString;
import dfs.client.metadata.LeaseListener;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.LeaseMode;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A volume of one file, which is made when it is opened and lies in the metadata; there is no room
 * for blocks. No lease.
 */
final class OneFileSession implements MetadataSession {
  private static final long INO = 7;

  /** Commits wait for this. */
  CountDownLatch committing = new CountDownLatch(0);

  /** A commit has come. */
  final CountDownLatch committed = new CountDownLatch(1);

  final AtomicInteger released = new AtomicInteger();

  private ByteString contents = ByteString.EMPTY;
  private long change = 1;

  private synchronized Attributes file() {
    int flags = contents.isEmpty() ? 0 : Attributes.FLAG_INLINE;
    long size = contents.size();
    return new Attributes(
        INO, FileType.REGULAR, 0644, 1, 0, 0, 0, size, size, 1, 1, 1, 1, change, INO, flags);
  }

  private static Attributes root() {
    return new Attributes(
        Attributes.ROOT_INO, FileType.DIRECTORY, 0755, 2, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0);
  }

  @Override
  public Reply call(Caller caller, Operation operation) {
    return switch (operation) {
      case Query.GetAttributes q ->
          new Reply.Entry(q.ino() == Attributes.ROOT_INO ? root() : file());
      case Query.LookupPath _ -> new Reply.Way(List.of(root()));
      case Query.Lookup q -> Reply.refused(Errno.ENOENT, "no " + q.name());
      case Change.CreateFile _ -> new Reply.Entry(file());
      case Query.ReadMap q -> map(q);
      case Change.Commit c -> commit(c);
      case Change.AllocateBlock _ -> Reply.refused(Errno.ENOSPC, "no room");
      case Query.Release _ -> {
        released.incrementAndGet();
        yield Reply.Done.DONE;
      }
      default -> Reply.Done.DONE;
    };
  }

  private synchronized Reply map(Query.ReadMap query) {
    return new Reply.MapPage(
        file(), query.offset() + query.lengthBytes(), contents, List.of(), List.of());
  }

  private Reply commit(Change.Commit commit) {
    committed.countDown();
    try {
      committing.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    synchronized (this) {
      contents = commit.inline();
      change++;
      return new Reply.Committed(file(), null);
    }
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
    return false;
  }

  @Override
  public LeaseMode lease() {
    return LeaseMode.NONE;
  }

  @Override
  public long leaseNumber() {
    return 1;
  }

  @Override
  public long leaseValidNanos() {
    return 0;
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

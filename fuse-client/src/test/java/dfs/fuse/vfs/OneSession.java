package dfs.fuse.vfs;

import com.google.protobuf.ByteString;
import dfs.client.block.BlockStore;
import dfs.client.block.BlockWriter;
import dfs.client.metadata.LeaseListener;
import dfs.client.metadata.MetadataSession;
import dfs.client.metadata.SessionEndedException;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.metadata.Reply.BlockPlace;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A session under an exclusive lease, in which every operation is answered with an empty file whose
 * owner is the number of the session.
 */
final class OneSession implements MetadataSession {
  static final long INO = 7;

  private final int number;
  private final String cluster;
  private volatile boolean over;
  private volatile boolean endsWithNextCall;
  private volatile boolean closed;
  private volatile @Nullable LeaseListener listener;

  /** Operations that are refused. */
  volatile Predicate<Operation> refuses = operation -> false;

  /** How often the file was open, for a server that is started again, when an end was told. */
  final List<Integer> openAtReleases = Collections.synchronizedList(new ArrayList<>());

  OneSession(int number, String cluster) {
    this.number = number;
    this.cluster = cluster;
  }

  /** The server ends it; returns when the mount has dealt with that. */
  void end() {
    over = true;
    Objects.requireNonNull(listener).fenced("as told");
  }

  /** The next operation is under way when the server ends it. */
  void endWithNextCall() {
    endsWithNextCall = true;
  }

  /** How often the file is open, as a server that is started again would be told. */
  int open() {
    return Objects.requireNonNull(listener).open().getOrDefault(INO, 0);
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public Reply call(Caller caller, Operation operation) throws IOException {
    if (endsWithNextCall) {
      endsWithNextCall = false;
      over = true;
      Thread.ofPlatform().daemon().start(this::end);
    }
    if (over) {
      throw new SessionEndedException("as told");
    }
    if (operation instanceof Query.Release) {
      openAtReleases.add(open());
    }
    if (refuses.test(operation)) {
      return Reply.refused(Errno.EACCES, "as told");
    }
    return new Reply.Entry(
        new Attributes(
            INO, FileType.REGULAR, 0644, 1, number, 0, 0, 0, 0, 1, 1, 1, 1, number, 1, 0));
  }

  @Override
  public Reply callAsOf(Caller caller, Operation operation, long asOfNanos) throws IOException {
    return call(caller, operation);
  }

  @Override
  public long id() {
    return number;
  }

  @Override
  public ByteString cluster() {
    return ByteString.copyFromUtf8(cluster);
  }

  @Override
  public boolean isOver() {
    return over;
  }

  @Override
  public boolean isSpaceScarce() {
    return false;
  }

  @Override
  public LeaseMode lease() {
    return over ? LeaseMode.NONE : LeaseMode.EXCLUSIVE;
  }

  @Override
  public long leaseNumber() {
    return number;
  }

  @Override
  public long leaseValidNanos() {
    return over ? 0 : 1_000_000_000L;
  }

  @Override
  public long nowNanos() {
    return 1;
  }

  @Override
  public void listen(LeaseListener hearer) {
    listener = hearer;
  }

  @Override
  public void close() {
    over = true;
    closed = true;
  }

  /** Blocks that nobody needs. */
  static final class NoBlocks implements BlockStore {
    @Override
    public BlockWriter create(BlockGrant grant) throws IOException {
      throw new IOException("no blocks here");
    }

    @Override
    public void read(BlockPlace place, long blockOffset, ByteBuffer into) throws IOException {
      throw new IOException("no blocks here");
    }

    @Override
    public int checksum(BlockPlace place, long blockOffset, int length) throws IOException {
      throw new IOException("no blocks here");
    }

    @Override
    public void close() {}
  }
}

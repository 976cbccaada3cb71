package dfs.client.nio;

import dfs.client.path.At;
import dfs.client.path.OpenFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A channel on an open file. What is under way when it is closed, or when the caller is
 * interrupted, ends by itself behind the caller's back; then what was written is made durable, and
 * the file let go of. Thread-safe.
 */
final class DfsFileChannel extends FileChannel implements Part {
  /** Bytes that one call moves at most. */
  private static final int CALL_BYTES = 1 << 20;

  private final Owner owner;
  private final OpenFile file;
  private final At at;
  private final String shown;
  private final Options options;
  private final Calls calls;
  private final ChannelLocks locks;

  /** Guards the position; held while a call that moves it is under way. */
  private final ReentrantLock positioning = new ReentrantLock();

  private long position;

  /** Guards the two below. */
  private final ReentrantLock lock = new ReentrantLock();

  private int underWay;
  private boolean ending;

  /** Done as soon as the channel is closed. */
  private final CompletableFuture<Boolean> closing = new CompletableFuture<>();

  /** Done when the file was let go of. */
  private final CompletableFuture<Boolean> ended = new CompletableFuture<>();

  /** Threads that close it and wait for nothing. */
  private final Set<Thread> leaving = ConcurrentHashMap.newKeySet();

  DfsFileChannel(Owner owner, OpenFile file, At at, String shown, Options options) {
    this.owner = owner;
    this.file = file;
    this.at = at;
    this.shown = shown;
    this.options = options;
    this.calls = owner.threads();
    this.locks = new ChannelLocks(this, file, calls);
  }

  private void checkOpen() throws ClosedChannelException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }

  private void checkReadable() throws ClosedChannelException {
    checkOpen();
    if (!options.mode().read()) {
      throw new NonReadableChannelException();
    }
  }

  private void checkWritable() throws ClosedChannelException {
    checkOpen();
    if (!options.writes()) {
      throw new NonWritableChannelException();
    }
  }

  /** Runs a call on the file unless this is closed before it ends. */
  private <T> T run(Calls.Call<T> call) throws IOException {
    if (Thread.currentThread().isInterrupted()) {
      throw endedByInterrupt();
    }
    CompletableFuture<T> result = begin(call);
    try {
      return calls.awaitUnless(result, closing);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw endedByInterrupt();
    } catch (Calls.LeftException e) {
      throw new AsynchronousCloseException();
    } catch (IOException e) {
      throw Faults.of(e, shown, null);
    }
  }

  /** Begins a call on the file; it is not let go of before that ends. */
  <T> CompletableFuture<T> begin(Calls.Call<T> call) throws IOException {
    lock.lock();
    try {
      if (ending) {
        throw new AsynchronousCloseException();
      }
      underWay++;
    } finally {
      lock.unlock();
    }
    boolean begun = false;
    try {
      CompletableFuture<T> result =
          calls.begin(
              () -> {
                try {
                  return call.run();
                } finally {
                  done();
                }
              });
      begun = true;
      return result;
    } finally {
      if (!begun) {
        done();
      }
    }
  }

  /** A call has ended; the last one after the close ends the file's use. */
  private void done() {
    boolean last;
    lock.lock();
    try {
      underWay--;
      last = ending && underWay == 0;
    } finally {
      lock.unlock();
    }
    if (last) {
      letGo();
    }
  }

  private IOException endedByInterrupt() throws IOException {
    end();
    return new ClosedByInterruptException();
  }

  /** Who closes it meanwhile may wait: this does not wait for that. */
  @Override
  public void end() throws IOException {
    Thread caller = Thread.currentThread();
    leaving.add(caller);
    try {
      if (isOpen()) {
        close();
      }
    } finally {
      leaving.remove(caller);
    }
  }

  @Override
  public CompletableFuture<Boolean> ended() {
    return ended;
  }

  private void letGo() {
    try {
      try {
        locks.end();
      } finally {
        close(file);
      }
      ended.complete(true);
    } catch (IOException e) {
      ended.completeExceptionally(Faults.of(e, shown, null));
    } catch (RuntimeException | Error e) {
      ended.completeExceptionally(e);
    }
    owner.ended(this);
  }

  private void close(OpenFile closing) throws IOException {
    try {
      closing.close();
    } finally {
      if (options.deleteOnClose()) {
        unlink();
      }
    }
  }

  /** The name goes if it still is that of this file. */
  private void unlink() throws IOException {
    owner.unlinkIfSame(at, file.ino());
  }

  @Override
  protected void implCloseChannel() throws IOException {
    closing.complete(true);
    boolean idle;
    lock.lock();
    try {
      ending = true;
      idle = underWay == 0;
    } finally {
      lock.unlock();
    }
    if (idle) {
      var _ =
          calls.beginEnd(
              () -> {
                letGo();
                return true;
              });
    }
    if (!leaving.contains(Thread.currentThread())) {
      var _ = calls.await(ended);
    }
  }

  /** Enters what moves the position; {@code positioning} is held when it returns. */
  private void enter() throws IOException {
    try {
      positioning.lockInterruptibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw endedByInterrupt();
    }
    if (!isOpen()) {
      positioning.unlock();
      throw new AsynchronousCloseException();
    }
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    Objects.requireNonNull(dst);
    checkReadable();
    checkRoom(dst);
    enter();
    try {
      int count = readAt(dst, position);
      position += Math.max(0, count);
      return count;
    } finally {
      positioning.unlock();
    }
  }

  @Override
  public int read(ByteBuffer dst, long at) throws IOException {
    Objects.requireNonNull(dst);
    checkPosition(at);
    checkReadable();
    checkRoom(dst);
    return readAt(dst, at);
  }

  private static void checkRoom(ByteBuffer dst) {
    if (dst.isReadOnly()) {
      throw new IllegalArgumentException("Read-only buffer");
    }
  }

  private static void checkPosition(long at) {
    if (at < 0) {
      throw new IllegalArgumentException("Negative position " + at);
    }
  }

  private int readAt(ByteBuffer dst, long offset) throws IOException {
    int room = Math.min(dst.remaining(), CALL_BYTES);
    if (room == 0) {
      return 0;
    }
    ByteBuffer read =
        run(
            () -> {
              ByteBuffer own = ByteBuffer.allocate(room);
              file.read(offset, own);
              return own.flip();
            });
    if (!read.hasRemaining()) {
      return -1;
    }
    int count = read.remaining();
    dst.put(read);
    return count;
  }

  @Override
  public long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, dsts.length);
    checkReadable();
    enter();
    try {
      long sum = 0;
      for (int i = offset; i < offset + length; i++) {
        checkRoom(dsts[i]);
        while (dsts[i].hasRemaining()) {
          int wanted = Math.min(dsts[i].remaining(), CALL_BYTES);
          int count = readAt(dsts[i], position);
          if (count < 0) {
            return sum == 0 ? -1 : sum;
          }
          position += count;
          sum += count;
          if (count < wanted) {
            return sum;
          }
        }
      }
      return sum;
    } finally {
      positioning.unlock();
    }
  }

  @Override
  public int write(ByteBuffer src) throws IOException {
    Objects.requireNonNull(src);
    return (int) write(new ByteBuffer[] {src}, 0, 1);
  }

  @Override
  public int write(ByteBuffer src, long at) throws IOException {
    Objects.requireNonNull(src);
    checkPosition(at);
    checkWritable();
    return (int) writeAll(List.of(src), at, false);
  }

  /** Nobody else's write at the position comes between two buffers. */
  @Override
  public long write(ByteBuffer[] srcs, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, srcs.length);
    List<ByteBuffer> those = Arrays.asList(srcs).subList(offset, offset + length);
    checkWritable();
    enter();
    try {
      return writeAll(those, position, true);
    } finally {
      positioning.unlock();
    }
  }

  /**
   * Writes all that buffers have, by calls of {@link #CALL_BYTES}. When one fails those before it
   * have happened: the buffers, and the position, are where it began.
   *
   * @param moves the position goes along; {@code positioning} is held
   * @return how much that was
   */
  private long writeAll(List<ByteBuffer> srcs, long offset, boolean moves) throws IOException {
    long sum = 0;
    long end = offset;
    ByteBuffer own = gather(srcs);
    while (own.hasRemaining()) {
      int count = own.remaining();
      end = writeOne(own, end);
      if (moves) {
        position = end;
      }
      int taken = count;
      for (ByteBuffer src : srcs) {
        int part = Math.min(src.remaining(), taken);
        src.position(src.position() + part);
        taken -= part;
      }
      sum += count;
      own = gather(srcs);
    }
    return sum;
  }

  /** What comes next, copied. */
  private static ByteBuffer gather(List<ByteBuffer> srcs) {
    long left = srcs.stream().mapToLong(ByteBuffer::remaining).sum();
    ByteBuffer own = ByteBuffer.allocate((int) Math.min(left, CALL_BYTES));
    for (ByteBuffer src : srcs) {
      own.put(src.slice(src.position(), Math.min(src.remaining(), own.remaining())));
    }
    return own.flip();
  }

  /** One call; returns where it ended. */
  private long writeOne(ByteBuffer own, long offset) throws IOException {
    int count = own.remaining();
    return run(
        () -> {
          long begin = offset;
          if (options.append()) {
            begin = file.append(own);
          } else {
            file.write(offset, own);
            if (options.sync()) {
              file.sync();
            }
          }
          return begin + count;
        });
  }

  @Override
  public long position() throws IOException {
    checkOpen();
    enter();
    try {
      return options.append() ? length() : position;
    } finally {
      positioning.unlock();
    }
  }

  @Override
  public FileChannel position(long newPosition) throws IOException {
    checkOpen();
    checkPosition(newPosition);
    enter();
    try {
      position = newPosition;
      return this;
    } finally {
      positioning.unlock();
    }
  }

  private long length() throws IOException {
    return run(() -> file.attributes().sizeBytes());
  }

  @Override
  public long size() throws IOException {
    checkOpen();
    return length();
  }

  @Override
  public FileChannel truncate(long size) throws IOException {
    checkOpen();
    if (size < 0) {
      throw new IllegalArgumentException("Negative size " + size);
    }
    checkWritable();
    enter();
    try {
      var _ =
          run(
              () -> {
                if (size < file.attributes().sizeBytes()) {
                  file.truncate(size);
                }
                return true;
              });
      position = Math.min(position, size);
      return this;
    } finally {
      positioning.unlock();
    }
  }

  /** Contents and attributes go together, whatever is asked for. */
  @Override
  public void force(boolean metaData) throws IOException {
    checkOpen();
    var _ =
        run(
            () -> {
              file.sync();
              return true;
            });
  }

  @Override
  public long transferTo(long at, long count, WritableByteChannel target) throws IOException {
    checkOpen();
    if (!target.isOpen()) {
      throw new ClosedChannelException();
    }
    checkReadable();
    if (target instanceof DfsFileChannel dfs) {
      dfs.checkWritable();
    }
    if (at < 0 || count < 0) {
      throw new IllegalArgumentException("position " + at + ", count " + count);
    }
    long moved = 0;
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(count, CALL_BYTES));
    while (moved < count) {
      buffer.clear().limit((int) Math.min(count - moved, CALL_BYTES));
      if (readAt(buffer, at + moved) <= 0) {
        return moved;
      }
      buffer.flip();
      int read = buffer.remaining();
      int written = target.write(buffer);
      moved += written;
      if (written < read) {
        return moved;
      }
    }
    return moved;
  }

  @Override
  public long transferFrom(ReadableByteChannel src, long at, long count) throws IOException {
    checkOpen();
    if (!src.isOpen()) {
      throw new ClosedChannelException();
    }
    checkWritable();
    if (src instanceof DfsFileChannel dfs) {
      dfs.checkReadable();
    }
    if (at < 0 || count < 0) {
      throw new IllegalArgumentException("position " + at + ", count " + count);
    }
    long moved = 0;
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(count, CALL_BYTES));
    while (moved < count) {
      buffer.clear().limit((int) Math.min(count - moved, CALL_BYTES));
      int read = src.read(buffer);
      if (read <= 0) {
        return moved;
      }
      var _ = writeAll(List.of(buffer.flip()), at + moved, false);
      moved += read;
    }
    return moved;
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long at, long size) {
    throw new UnsupportedOperationException(
        "a file of dfs cannot be mapped here: read it, or map it below a mount");
  }

  private void checkLockable(boolean shared) throws ClosedChannelException {
    if (shared) {
      checkReadable();
    } else {
      checkWritable();
    }
  }

  @Override
  public FileLock lock(long at, long size, boolean shared) throws IOException {
    checkLockable(shared);
    return locks.lock(at, size, shared, closing);
  }

  @Override
  public @Nullable FileLock tryLock(long at, long size, boolean shared) throws IOException {
    checkLockable(shared);
    return locks.tryLock(at, size, shared);
  }
}

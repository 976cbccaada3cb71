package dfs.system;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.client.path.At;
import dfs.client.path.OpenFile;
import dfs.client.path.OpenMode;
import dfs.client.path.PathCalls;
import dfs.client.volume.Entrance;
import dfs.client.volume.Reached;
import dfs.protocol.session.ClientMessage.Locked;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Locks of a Java program beside those of another client. */
@Timeout(300)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class JavaLocksTest {
  private static final long PATIENCE_SECONDS = 60;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private @TempDir Path scratch;

  @SuppressWarnings("NullAway.Init")
  private Path data;

  @SuppressWarnings("NullAway.Init")
  private DfsProcess servers;

  @SuppressWarnings("NullAway.Init")
  private FileSystem volume;

  @SuppressWarnings("NullAway.Init")
  private Reached other;

  @SuppressWarnings("NullAway.Init")
  private OpenFile others;

  @SuppressWarnings("NullAway.Init")
  private FileChannel channel;

  @BeforeEach
  void start() throws Exception {
    data = scratch.resolve("data");
    serve();
    volume = FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", data));
    channel = FileChannel.open(volume.getPath("/f"), Set.of(READ, WRITE, CREATE));
    other = Reached.open(new Entrance(data), "other");
    PathCalls calls = new PathCalls(other.session(), other.files(), other.caller(), 0);
    OpenMode mode = new OpenMode(true, true, false, false, false, true, 0);
    others = calls.open(At.root(ByteString.copyFromUtf8("/f")), mode);
  }

  private void serve() throws Exception {
    servers =
        DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data.toString());
  }

  @AfterEach
  void stop() throws Exception {
    volume.close();
    other.close();
    servers.close();
  }

  private Locked locked(long offset, long length, boolean exclusive) throws Exception {
    Locked wanted = others.newLock(offset, length, exclusive);
    assertThat(others.tryLock(wanted)).isTrue();
    return wanted;
  }

  private boolean isFree(long offset, boolean exclusive) throws Exception {
    Locked wanted = others.newLock(offset, 1, exclusive);
    boolean free = others.tryLock(wanted);
    if (free) {
      others.unlock(wanted);
    }
    return free;
  }

  @Test
  void whatOneHasLockedTheOtherHasNot() throws Exception {
    try (FileLock lock = channel.lock(10, 10, false)) {
      assertThat(lock.isValid()).isTrue();
      assertThat(isFree(10, false)).isFalse();
      assertThat(isFree(9, true)).isTrue();
    }
    assertThat(isFree(10, true)).isTrue();
    Locked theirs = locked(0, 5, true);
    assertThat(channel.tryLock()).isNull();
    assertThat(channel.tryLock(5, 5, false)).isNotNull();
    others.unlock(theirs);
    try (FileLock shared = channel.tryLock(0, 5, true)) {
      assertThat(shared).isNotNull();
      assertThat(isFree(0, false)).isTrue();
      assertThat(isFree(0, true)).isFalse();
    }
  }

  /** A thread that waits for a lock; what it heard in the end: the lock, or an exception. */
  private final class Waiter {
    final CompletableFuture<Object> heard = new CompletableFuture<>();
    final Thread thread;

    Waiter() {
      thread =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    try {
                      heard.complete(channel.lock(0, 5, false));
                    } catch (Throwable e) {
                      heard.complete(e);
                    }
                  });
      long since = System.nanoTime();
      while (thread.getState() != Thread.State.WAITING) {
        assertThat(System.nanoTime() - since).isLessThan(TimeUnit.SECONDS.toNanos(10));
        LockSupport.parkNanos(LOOK_NANOS);
      }
      assertThat(heard).isNotDone();
    }

    Object heard() throws Exception {
      return heard.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }

  @Test
  void whoWaitsGetsWhatIsFreed() throws Exception {
    Locked theirs = locked(0, 1, true);
    Waiter waiter = new Waiter();
    others.unlock(theirs);
    assertThat(waiter.heard()).isInstanceOf(FileLock.class);
    assertThat(isFree(4, false)).isFalse();
  }

  @Test
  void whoWaitsGetsWhatEndedWithAnothersSession() throws Exception {
    var _ = locked(0, 1, true);
    Waiter waiter = new Waiter();
    other.close();
    assertThat(waiter.heard()).isInstanceOf(FileLock.class);
    other = Reached.open(new Entrance(data), "again");
  }

  @Test
  void whoWaitsIsInterrupted() throws Exception {
    Locked theirs = locked(0, 1, true);
    Waiter waiter = new Waiter();
    waiter.thread.interrupt();
    assertThat(waiter.heard()).isExactlyInstanceOf(FileLockInterruptionException.class);
    assertThat(channel.isOpen()).isFalse();
    others.unlock(theirs);
    assertThat(isFree(0, true)).isTrue();
  }

  @Test
  void whoWaitsLeavesWhenTheChannelIsClosed() throws Exception {
    Locked theirs = locked(0, 1, true);
    Waiter waiter = new Waiter();
    channel.close();
    assertThat(waiter.heard()).isExactlyInstanceOf(AsynchronousCloseException.class);
    others.unlock(theirs);
    assertThat(isFree(0, true)).isTrue();
  }

  /** Who has it next sees what was written under it. */
  @Test
  void whatIsWrittenUnderALockIsSeenByTheNext() throws Exception {
    try (FileLock lock = channel.lock()) {
      channel.write(ByteBuffer.wrap(new byte[10]));
      assertThat(lock.isValid()).isTrue();
    }
    assertThat(others.attributes().sizeBytes()).isEqualTo(10);
  }

  @Test
  void locksOutliveARestartOfTheServer() throws Exception {
    Locked theirs = locked(0, 1, true);
    FileLock lock = channel.lock(10, 1, false);
    Waiter waiter = new Waiter();
    servers.kill();
    serve();
    assertThat(isFree(10, false)).isFalse();
    assertThat(waiter.heard).isNotDone();
    others.unlock(theirs);
    assertThat(waiter.heard()).isInstanceOf(FileLock.class);
    assertThat(lock.isValid()).isTrue();
    lock.release();
    long since = System.nanoTime();
    while (!isFree(10, true)) {
      assertThat(System.nanoTime() - since).isLessThan(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS));
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }
}

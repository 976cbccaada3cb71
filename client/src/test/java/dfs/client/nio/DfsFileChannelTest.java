package dfs.client.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.client.block.BlockStore;
import dfs.client.block.BlockWriter;
import dfs.client.file.OpenFiles;
import dfs.client.path.At;
import dfs.client.path.PathCalls;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.metadata.Reply.BlockPlace;
import dfs.protocol.seam.RealTime;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several threads on one channel, and calls that fail. */
@Timeout(60)
class DfsFileChannelTest {
  private static final long PATIENCE_SECONDS = 20;
  private static final int CALLS = 1024;
  private static final int MEBIBYTE = 1 << 20;

  private final OneFileSession session = new OneFileSession();
  private final OpenFiles files = new OpenFiles(session, new NoBlocks(), new Still());
  private final Calls calls = new Calls(new RealTime(), Optional.empty());
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void end() {
    session.committing.countDown();
    calls.close();
    threads.shutdown();
  }

  private final class Alone implements Owner {
    @Override
    public Calls threads() {
      return calls;
    }

    @Override
    public void ended(Part part) {}

    @Override
    public void unlinkIfSame(At at, long ino) {
      throw new UnsupportedOperationException();
    }
  }

  private DfsFileChannel open() throws IOException {
    Options options =
        Options.of(
            EnumSet.of(
                StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE));
    At at = At.root(ByteString.copyFromUtf8("f"));
    PathCalls volume = new PathCalls(session, files, Caller.ROOT, 0);
    return new DfsFileChannel(new Alone(), volume.open(at, options.mode()), at, "f", options);
  }

  private static ByteBuffer bytes(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  @Test
  void whatIsGatheredStaysTogether() throws Exception {
    int parts = 4;
    int rounds = 100;
    try (FileChannel channel = open()) {
      CountDownLatch begin = new CountDownLatch(1);
      Future<?>[] writers = new Future<?>[2];
      for (int writer = 0; writer < writers.length; writer++) {
        int value = writer + 1;
        writers[writer] =
            threads.submit(
                () -> {
                  begin.await();
                  for (int i = 0; i < rounds; i++) {
                    ByteBuffer[] record = new ByteBuffer[parts];
                    Arrays.setAll(record, part -> bytes(1, value));
                    assertThat(channel.write(record)).isEqualTo(parts);
                  }
                  return null;
                });
      }
      begin.countDown();
      for (Future<?> writer : writers) {
        writer.get();
      }
      ByteBuffer written = ByteBuffer.allocate(parts * rounds * writers.length);
      assertThat(channel.read(written, 0)).isEqualTo(written.capacity());
      for (int at = 0; at < written.capacity(); at++) {
        assertThat(written.get(at)).as("byte %d", at).isEqualTo(written.get(at - at % parts));
      }
    }
  }

  /** It goes to blocks at four MiB, and there is no room. */
  @Test
  void theBufferAndThePositionAreWhereAFailedWriteEnded() throws Exception {
    FileChannel channel = open();
    ByteBuffer source = bytes(6 * MEBIBYTE, 1);
    assertThatThrownBy(() -> channel.write(source)).hasMessageContaining("no room");
    assertThat(source.position()).isEqualTo(3 * MEBIBYTE);
    assertThat(channel.position()).isEqualTo(source.position());
    assertThatThrownBy(channel::close).isInstanceOf(IOException.class);
    assertThat(session.released).hasValue(1);
  }

  @Test
  void aFileIsLetGoOfHoweverManyCallsWait() throws Exception {
    FileChannel channel = open();
    CountDownLatch waiting = new CountDownLatch(1);
    for (int i = 0; i < CALLS; i++) {
      var _ =
          calls.begin(
              () -> {
                try {
                  waiting.await();
                } catch (InterruptedException e) {
                  throw new IOException(e);
                }
                return true;
              });
    }
    try {
      assertThatThrownBy(() -> channel.size()).hasMessageContaining("wait for the servers");
      threads
          .submit(
              () -> {
                channel.close();
                return null;
              })
          .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(session.released).hasValue(1);
    } finally {
      waiting.countDown();
    }
  }

  /** Who closes it waits until what was written is durable; who only leaves does not. */
  @Test
  void whoLeavesWaitsForNobodyAndNobodyLeavesWithHim() throws Exception {
    DfsFileChannel channel = open();
    channel.write(bytes(10, 1));
    session.committing = new CountDownLatch(1);
    CompletableFuture<Boolean> closed = new CompletableFuture<>();
    var _ =
        threads.submit(
            () -> {
              channel.close();
              return closed.complete(true);
            });
    assertThat(session.committed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    threads
        .submit(
            () -> {
              channel.end();
              return null;
            })
        .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(closed).isNotDone();
    assertThat(channel.ended()).isNotDone();
    session.committing.countDown();
    assertThat(closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(channel.ended()).isCompleted();
  }

  /** Nothing is written back because of its age. */
  private static final class Still implements Time {
    @Override
    public long monotonicNanos() {
      return 1;
    }

    @Override
    public long wallNanos() {
      return 1;
    }

    @Override
    public Timer after(long delay, TimeUnit unit, Runnable task) {
      return () -> {};
    }
  }

  private static final class NoBlocks implements BlockStore {
    @Override
    public BlockWriter create(BlockGrant grant) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void read(BlockPlace place, long blockOffset, ByteBuffer into) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int checksum(BlockPlace place, long blockOffset, int length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }
}

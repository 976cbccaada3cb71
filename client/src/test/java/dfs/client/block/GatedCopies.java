package dfs.client.block;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.block.Pieces;
import dfs.protocol.frame.BlockTransport;
import dfs.protocol.frame.Cancellation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Servers at any socket, which answer reads when a test says so. */
final class GatedCopies implements BlockTransport {
  private static final long LIMIT_SECONDS = 30;

  private final LinkedBlockingQueue<Asked> reads = new LinkedBlockingQueue<>();

  /** A read that one of them was asked for. */
  static final class Asked {
    final String socket;
    final ByteBuffer into;
    private final CompletableFuture<byte[]> answer = new CompletableFuture<>();
    private final CountDownLatch ended = new CountDownLatch(1);

    Asked(Path socket, ByteBuffer into) {
      this.socket = socket.toString();
      this.into = into;
    }

    void answer(byte[] bytes) {
      answer.complete(bytes);
    }

    void fail(IOException cause) {
      answer.completeExceptionally(cause);
    }

    /** Whoever asked has stopped waiting, whatever for. */
    void awaitEnd() throws InterruptedException {
      assertThat(ended.await(LIMIT_SECONDS, TimeUnit.SECONDS)).as("%s ended", socket).isTrue();
    }
  }

  /** The next read that any of them is asked for. */
  Asked next() throws InterruptedException {
    return Objects.requireNonNull(reads.poll(LIMIT_SECONDS, TimeUnit.SECONDS), "nobody was asked");
  }

  boolean isNobodyAsked() {
    return reads.isEmpty();
  }

  @Override
  public Serving serve(Path socket, BlockService service) {
    throw new UnsupportedOperationException();
  }

  @Override
  public BlockService connect(Path socket, long answerNanos, @Nullable Cancellation cancellation) {
    return new ReadOnlyService() {
      @Override
      public Checksums read(ByteString capability, long block, long offset, ByteBuffer into)
          throws IOException {
        Asked asked = new Asked(socket, into);
        if (cancellation != null) {
          cancellation.begin(() -> asked.fail(new IOException("given up")));
        }
        reads.add(asked);
        try {
          byte[] bytes = asked.answer.get(LIMIT_SECONDS, TimeUnit.SECONDS);
          into.put(bytes);
          return Pieces.checksums(offset, ByteBuffer.wrap(bytes));
        } catch (InterruptedException | TimeoutException e) {
          throw new IOException(e);
        } catch (ExecutionException e) {
          throw new IOException(e.getCause());
        } finally {
          if (cancellation != null) {
            cancellation.over();
          }
          asked.ended.countDown();
        }
      }
    };
  }

  @Override
  public boolean isSuspect(Path socket) {
    return false;
  }

  @Override
  public void close() {}
}

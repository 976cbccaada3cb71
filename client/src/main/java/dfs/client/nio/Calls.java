package dfs.client.nio;

import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.file.ClosedFileSystemException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Runs calls of the volume on threads of its own: a caller that is interrupted, or whose channel is
 * closed, leaves at once, and the call ends by itself, with buffers that are its own. Thread-safe.
 */
final class Calls implements AutoCloseable {
  /** Calls under way, those that were left behind included. */
  private static final int CALLS_MAX = 1024;

  private static final long FOREVER_NANOS = Long.MAX_VALUE;
  private static final long MILLIS_OF_SECOND = 1000;

  private final Time time;
  private final long patienceNanos;
  private final ExecutorService threads;
  private final AtomicInteger underWay = new AtomicInteger();

  /** What is to be done. */
  interface Call<T extends @Nullable Object> {
    T run() throws IOException;
  }

  /**
   * @param timeout how long a call may take; empty: as long as the session lives
   */
  Calls(Time time, Optional<Duration> timeout) {
    this.time = time;
    this.patienceNanos = timeout.map(Calls::nanos).orElse(FOREVER_NANOS);
    this.threads = time.threads("dfs-java");
  }

  private static long nanos(Duration duration) {
    try {
      return duration.toNanos();
    } catch (ArithmeticException e) {
      return FOREVER_NANOS;
    }
  }

  Time time() {
    return time;
  }

  /**
   * Begins a call.
   *
   * @throws IOException when too many are under way
   * @throws ClosedFileSystemException after {@link #close}
   */
  <T extends @Nullable Object> CompletableFuture<T> begin(Call<T> call) throws IOException {
    if (underWay.incrementAndGet() > CALLS_MAX) {
      underWay.decrementAndGet();
      throw new IOException(CALLS_MAX + " calls wait for the servers already");
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    boolean begun = false;
    try {
      threads.execute(
          () -> {
            try {
              run(call, result);
            } finally {
              underWay.decrementAndGet();
            }
          });
      begun = true;
    } catch (RejectedExecutionException e) {
      ClosedFileSystemException closed = new ClosedFileSystemException();
      closed.initCause(e);
      throw closed;
    } finally {
      if (!begun) {
        underWay.decrementAndGet();
      }
    }
    return result;
  }

  private static <T extends @Nullable Object> void run(Call<T> call, CompletableFuture<T> result) {
    try {
      result.complete(call.run());
    } catch (Throwable e) {
      result.completeExceptionally(e);
    }
  }

  /**
   * Begins what ends something. It is let in however many calls are under way, also after {@link
   * #close}: each of them makes room.
   */
  <T extends @Nullable Object> CompletableFuture<T> beginEnd(Call<T> call) {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      threads.execute(() -> run(call, result));
    } catch (RejectedExecutionException e) {
      time.thread("dfs-java-end", () -> run(call, result)).start();
    }
    return result;
  }

  /** Runs a call; an interrupt is kept for whoever asks next, as system calls keep it. */
  <T extends @Nullable Object> T run(Call<T> call) throws IOException {
    return await(begin(call));
  }

  /** The result of a call; an interrupt is kept. */
  <T extends @Nullable Object> T await(CompletableFuture<T> result) throws IOException {
    boolean interrupted = false;
    try {
      long left = patienceNanos;
      while (true) {
        long before = time.monotonicNanos();
        try {
          return result(result, left);
        } catch (InterruptedException e) {
          interrupted = true;
          left = left == FOREVER_NANOS ? left : left - (time.monotonicNanos() - before);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** As {@link #await}, but an interrupt ends the wait; so does {@code ends}. */
  <T extends @Nullable Object> T awaitUnless(CompletableFuture<T> result, CompletableFuture<?> ends)
      throws IOException, InterruptedException, LeftException {
    CompletableFuture<?> either =
        result.isDone() ? result : CompletableFuture.anyOf(result, ends).exceptionally(e -> null);
    if (!await(either, patienceNanos)) {
      throw late();
    }
    if (!result.isDone()) {
      throw new LeftException();
    }
    return get(result);
  }

  /** What ends a wait came before the result. */
  static final class LeftException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  private <T extends @Nullable Object> T result(CompletableFuture<T> result, long nanos)
      throws IOException, InterruptedException {
    if (!await(result, nanos)) {
      throw late();
    }
    return get(result);
  }

  private boolean await(CompletableFuture<?> done, long nanos) throws InterruptedException {
    if (nanos != FOREVER_NANOS) {
      return time.await(done, nanos);
    }
    try {
      var _ = done.get();
    } catch (ExecutionException e) {
      return true;
    }
    return true;
  }

  private IOException late() {
    return new NoAnswerException(
        "no answer of the servers within " + patience() + ": whether it happened is not known");
  }

  private String patience() {
    long millis = TimeUnit.NANOSECONDS.toMillis(patienceNanos);
    return millis % MILLIS_OF_SECOND == 0 ? millis / MILLIS_OF_SECOND + " s" : millis + " ms";
  }

  private static <T extends @Nullable Object> T get(CompletableFuture<T> done)
      throws IOException, InterruptedException {
    try {
      return done.get();
    } catch (ExecutionException e) {
      throw thrown(e.getCause());
    }
  }

  /** As if it had been thrown here; its trace is that of the thread where it was. */
  private static IOException thrown(@Nullable Throwable cause) {
    return switch (cause) {
      case IOException e -> e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> new IOException(cause);
    };
  }

  /** No further call; those under way end by themselves. */
  @Override
  public void close() {
    threads.shutdown();
  }
}

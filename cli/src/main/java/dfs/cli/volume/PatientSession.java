package dfs.cli.volume;

import com.google.protobuf.ByteString;
import dfs.client.metadata.LeaseListener;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A session whose answers are waited for so long and no longer. What is not waited for goes on on a
 * thread of its own, which does not keep the process. Whose session it is ends it.
 */
final class PatientSession implements MetadataSession {
  private final MetadataSession session;
  private final Duration limit;

  PatientSession(MetadataSession session, Duration limit) {
    this.session = session;
    this.limit = limit;
  }

  /** Something that a server has to answer. */
  interface Call<T> {
    T run() throws IOException;
  }

  /** What is done with a result that comes too late. */
  interface Late<T> {
    void came(T result);
  }

  /**
   * Waits for a result.
   *
   * @param late is told of it if it comes when nobody waits any more
   * @throws IOException also when there is none in time
   */
  static <T> T within(Duration limit, Call<T> call, Late<T> late) throws IOException {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.ofPlatform().daemon().name("dfs-call").start(() -> run(call, result, late));
    try {
      return result.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      IOException why = new IOException("no answer within " + limit.toSeconds() + " s");
      if (result.completeExceptionally(why)) {
        throw why;
      }
      return result.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException fault -> throw fault;
        case RuntimeException fault -> throw fault;
        case Error fault -> throw fault;
        case null, default -> throw new IOException(e);
      }
    }
  }

  private static <T> void run(Call<T> call, CompletableFuture<T> result, Late<T> late) {
    try {
      T answer = call.run();
      if (!result.complete(answer)) {
        late.came(answer);
      }
    } catch (IOException | RuntimeException | Error e) {
      result.completeExceptionally(e);
    }
  }

  @Override
  public Reply call(Caller caller, Operation operation) throws IOException {
    return within(limit, () -> session.call(caller, operation), reply -> {});
  }

  @Override
  public Reply callAsOf(Caller caller, Operation operation, long asOfNanos) throws IOException {
    return within(limit, () -> session.callAsOf(caller, operation, asOfNanos), reply -> {});
  }

  @Override
  public long id() {
    return session.id();
  }

  @Override
  public ByteString cluster() {
    return session.cluster();
  }

  @Override
  public boolean isOver() {
    return session.isOver();
  }

  @Override
  public boolean isSpaceScarce() {
    return session.isSpaceScarce();
  }

  @Override
  public LeaseMode lease() {
    return session.lease();
  }

  @Override
  public long leaseNumber() {
    return session.leaseNumber();
  }

  @Override
  public long leaseValidNanos() {
    return session.leaseValidNanos();
  }

  @Override
  public long nowNanos() {
    return session.nowNanos();
  }

  @Override
  public void listen(LeaseListener listener) {
    session.listen(listener);
  }

  @Override
  public void close() {
    // Its owner's.
  }
}

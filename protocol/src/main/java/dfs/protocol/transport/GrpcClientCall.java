package dfs.protocol.transport;

import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.seam.Transport;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The connecting side of a gRPC stream, with the connection that is its own. */
final class GrpcClientCall<C, S> extends ClientCall.Listener<byte[]> implements GrpcLink.Call {
  /** From the attempt to connect until the other end has accepted the stream. */
  private static final long CONNECT_SECONDS = 10;

  private final ManagedChannel channel;
  private final ClientCall<byte[], byte[]> call;
  private final GrpcLink<C, S> link;

  /** Completed with an empty text when the other end has accepted, else with why not. */
  private final CompletableFuture<String> accepted = new CompletableFuture<>();

  GrpcClientCall(
      Transport.Protocol<C, S> protocol,
      Peer peer,
      ManagedChannel channel,
      ClientCall<byte[], byte[]> call,
      ScheduledExecutorService timers) {
    this.channel = channel;
    this.call = call;
    this.link = new GrpcLink<>(protocol.client(), protocol.server(), peer, this, timers);
  }

  /** Opens the stream and waits until the other end has accepted it. */
  Link<C> open(String address, Link.Receiver<S> receiver) throws IOException {
    call.start(this, new Metadata());
    boolean opened = false;
    try {
      String refusal = accepted.get(CONNECT_SECONDS, TimeUnit.SECONDS);
      if (!refusal.isEmpty()) {
        throw new IOException("no stream to " + address + ": " + refusal);
      }
      opened = true;
    } catch (ExecutionException e) {
      throw new IllegalStateException("completed with texts only", e);
    } catch (TimeoutException e) {
      throw new IOException(address + " did not accept a stream in time", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while connecting to " + address, e);
    } finally {
      if (!opened) {
        call.cancel("not opened", null);
        channel.shutdownNow();
      }
    }
    link.start(receiver);
    return link;
  }

  @Override
  public void onHeaders(Metadata headers) {
    accepted.complete("");
  }

  @Override
  public void onMessage(byte[] message) {
    link.arrived(message);
  }

  @Override
  public void onReady() {
    link.write();
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    String reason = GrpcLink.reason(status);
    accepted.complete(reason);
    channel.shutdownNow();
    link.ended(reason);
  }

  @Override
  public boolean isReady() {
    return call.isReady();
  }

  @Override
  public void write(byte[] message) {
    call.sendMessage(message);
  }

  @Override
  public void finish() {
    call.halfClose();
  }

  @Override
  public void abort(String reason) {
    call.cancel(reason, null);
  }

  @Override
  public void request(int messages) {
    call.request(messages);
  }
}

package dfs.protocol.transport;

import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.seam.Transport;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The accepting side of a gRPC stream. */
final class GrpcServerCall<C, S> extends ServerCall.Listener<byte[]> implements GrpcLink.Call {
  private static final Logger LOG = LoggerFactory.getLogger(GrpcServerCall.class);

  private final ServerCall<byte[], byte[]> call;
  private final GrpcLink<S, C> link;

  /** The stream is accepted: only then may anything be written. */
  private volatile boolean accepted;

  private final AtomicBoolean ended = new AtomicBoolean();

  private GrpcServerCall(
      Transport.Protocol<C, S> protocol,
      Peer peer,
      ServerCall<byte[], byte[]> call,
      ScheduledExecutorService timers) {
    this.call = call;
    this.link = new GrpcLink<>(protocol.server(), protocol.client(), peer, this, timers);
  }

  /** A stream comes: the acceptor takes it, and the other end hears that it did. */
  static <C, S> ServerCall.Listener<byte[]> accept(
      Transport.Protocol<C, S> protocol,
      Transport.Acceptor<C, S> acceptor,
      ServerCall<byte[], byte[]> call,
      ScheduledExecutorService timers) {
    Peer known = call.getAttributes().get(UnixPeers.PEER);
    Peer peer = known == null ? Peer.TCP : known;
    GrpcServerCall<C, S> side = new GrpcServerCall<>(protocol, peer, call, timers);
    Link.Receiver<C> receiver;
    try {
      receiver = acceptor.accept(side.link);
    } catch (RuntimeException e) {
      LOG.warn("a stream was not accepted", e);
      call.close(
          Status.FAILED_PRECONDITION.withDescription("not accepted: " + e.getMessage()),
          new Metadata());
      return new ServerCall.Listener<>() {};
    }
    call.sendHeaders(new Metadata());
    side.accepted = true;
    side.link.start(receiver);
    side.link.write();
    return side;
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
  public void onHalfClose() {
    link.endedByPeer("closed by the other end");
  }

  @Override
  public void onCancel() {
    link.ended("the other end is gone");
  }

  @Override
  public void onComplete() {
    link.ended("closed");
  }

  @Override
  public boolean isReady() {
    return accepted && call.isReady();
  }

  @Override
  public void write(byte[] message) {
    call.sendMessage(message);
  }

  @Override
  public void finish() {
    end(Status.OK);
  }

  @Override
  public void abort(String reason) {
    end(Status.ABORTED.withDescription(reason));
  }

  private void end(Status status) {
    if (ended.compareAndSet(false, true)) {
      call.close(status, new Metadata());
    }
  }

  @Override
  public void request(int messages) {
    call.request(messages);
  }
}

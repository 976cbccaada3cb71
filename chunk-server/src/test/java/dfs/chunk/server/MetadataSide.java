package dfs.chunk.server;

import com.google.protobuf.ByteString;
import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.seam.Transport;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import dfs.protocol.session.KeyProof;
import dfs.protocol.session.Protocols;
import dfs.protocol.wire.MalformedMessageException;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A transport whose other end is the test, which plays the metadata server. Messages pass through
 * their codecs.
 */
final class MetadataSide implements Transport {
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  /** What the test challenges with. */
  static final ByteString NONCE = ByteString.copyFrom(new byte[KeyProof.NONCE_BYTES]);

  private final BlockingQueue<Stream> streams = new LinkedBlockingQueue<>();
  private volatile boolean down;

  /** One connection of the chunk server. */
  static final class Stream {
    final BlockingQueue<ChunkMessage> received = new LinkedBlockingQueue<>();
    volatile boolean closed;
    private final CountDownLatch ended = new CountDownLatch(1);
    private ChunkMessage.@Nullable Register registered;
    private final Sender sender;

    private interface Sender {
      void send(ChunkOrder order);

      void close(String reason);
    }

    private Stream(Sender sender) {
      this.sender = sender;
    }

    void send(ChunkOrder order) {
      sender.send(order);
    }

    /** Challenges the chunk server; what it says of itself. */
    ChunkMessage.Register challenge() throws InterruptedException {
      send(new ChunkOrder.Challenge(NONCE));
      ChunkMessage.Register answer = next(ChunkMessage.Register.class);
      registered = answer;
      return answer;
    }

    /**
     * Challenges the chunk server, unless that was done, shows it the cluster key of {@link
     * Samples}, and tells it who it is.
     */
    void welcome(long server, ByteString cluster, List<ChunkOrder.Key> keys, long term)
        throws InterruptedException {
      ChunkMessage.Register known = registered;
      ByteString nonce = (known == null ? challenge() : known).nonce();
      ByteString proof = KeyProof.TO_CHUNK_SERVER.of(Samples.CLUSTER_KEY, NONCE, nonce);
      send(new ChunkOrder.Welcome(server, cluster, keys, term, proof));
    }

    /** What the chunk server asked to be shown the key over, once it has been challenged. */
    ByteString nonce() {
      return Objects.requireNonNull(registered).nonce();
    }

    /** Waits until the chunk server has ended the stream. */
    void awaitClosed() throws InterruptedException {
      if (!ended.await(PATIENCE_NANOS, TimeUnit.NANOSECONDS)) {
        throw new AssertionError("the stream is not ended");
      }
    }

    void breakDown() {
      sender.close("broken by the test");
    }

    /** The next message of this kind; heartbeats in between are passed over. */
    <T extends ChunkMessage> T next(Class<T> kind) throws InterruptedException {
      while (true) {
        ChunkMessage message = received.poll(PATIENCE_NANOS, TimeUnit.NANOSECONDS);
        if (kind.isInstance(message)) {
          return kind.cast(message);
        }
        if (!(message instanceof ChunkMessage.Heartbeat)) {
          throw new AssertionError("instead of a " + kind.getSimpleName() + " came " + message);
        }
      }
    }
  }

  /** Nobody listens from now on, or somebody does again. */
  void down(boolean now) {
    down = now;
  }

  /** The next connection; the clock goes on while it is waited for. */
  Stream connection(ManualTime time) throws InterruptedException {
    long start = System.nanoTime();
    while (System.nanoTime() - start < PATIENCE_NANOS) {
      Stream stream = streams.poll(10, TimeUnit.MILLISECONDS);
      if (stream != null) {
        return stream;
      }
      time.advance(100_000_000);
    }
    throw new AssertionError("nobody connects");
  }

  @Nullable Stream connectionWithin(long millis) throws InterruptedException {
    return streams.poll(millis, TimeUnit.MILLISECONDS);
  }

  @Override
  public <C, S> Link<C> connect(String address, Protocol<C, S> protocol, Link.Receiver<S> receiver)
      throws IOException {
    if (down || !address.equals("local:metadata")) {
      throw new IOException("nobody listens at " + address);
    }
    Stream stream =
        new Stream(
            new Stream.Sender() {
              @Override
              public void send(ChunkOrder order) {
                try {
                  receiver.receive(
                      protocol.server().decode(Protocols.CONTROL.server().encode(order)));
                } catch (MalformedMessageException e) {
                  throw new AssertionError(e);
                }
              }

              @Override
              public void close(String reason) {
                receiver.closed(reason);
              }
            });
    Link<C> link =
        new Link<>() {
          @Override
          public void send(C message) {
            try {
              stream.received.add(
                  Protocols.CONTROL.client().decode(protocol.client().encode(message)));
            } catch (MalformedMessageException e) {
              throw new AssertionError(e);
            }
          }

          @Override
          public Peer peer() {
            return Peer.LOCAL;
          }

          @Override
          public void close() {
            stream.closed = true;
            stream.ended.countDown();
          }
        };
    streams.add(stream);
    return link;
  }

  @Override
  public Listener listen(String address, List<Service<?, ?>> services) {
    throw new UnsupportedOperationException();
  }
}

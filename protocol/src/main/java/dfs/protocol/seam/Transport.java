package dfs.protocol.seam;

import dfs.protocol.wire.RecordCodec;
import java.io.IOException;
import java.util.List;

/**
 * Streams of messages between roles. Addresses are {@code unix:/path}, {@code tcp:127.0.0.1:port}
 * (port 0: any free one) and {@code local:NAME} within one process. The real side is gRPC and the
 * in-process one; the simulated side loses and delays.
 */
public interface Transport {
  /**
   * A kind of stream.
   *
   * @param name the name of the gRPC service
   * @param <C> what the connecting side sends
   * @param <S> what the accepting side sends
   */
  record Protocol<C, S>(String name, RecordCodec<C> client, RecordCodec<S> server) {}

  /** One protocol that a listener serves. */
  record Service<C, S>(Protocol<C, S> protocol, Acceptor<C, S> acceptor) {}

  /** Takes a new stream: gets the link to send on, gives what receives. */
  interface Acceptor<C, S> {
    Link.Receiver<C> accept(Link<S> link);
  }

  /** Opens a stream; fails when nobody listens there. */
  <C, S> Link<C> connect(String address, Protocol<C, S> protocol, Link.Receiver<S> receiver)
      throws IOException;

  /** Serves these protocols on an address until closed. */
  Listener listen(String address, List<Service<?, ?>> services) throws IOException;

  /** An address that is listened on. */
  interface Listener extends AutoCloseable {
    /** The address, with the port that was chosen. */
    String address();

    @Override
    void close();
  }
}

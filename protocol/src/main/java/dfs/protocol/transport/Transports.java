package dfs.protocol.transport;

import dfs.protocol.seam.Link;
import dfs.protocol.seam.Transport;
import java.io.IOException;
import java.util.List;

/**
 * The transport of a process: picks by the scheme of the address. Names of {@code local:} belong to
 * this instance, so the roles of one process share one.
 */
public final class Transports implements Transport, AutoCloseable {
  private final InProcessTransport local = new InProcessTransport();
  private final GrpcTransport grpc = new GrpcTransport();

  @Override
  public <C, S> Link<C> connect(String address, Protocol<C, S> protocol, Link.Receiver<S> receiver)
      throws IOException {
    return pick(address).connect(address, protocol, receiver);
  }

  @Override
  public Listener listen(String address, List<Service<?, ?>> services) throws IOException {
    return pick(address).listen(address, services);
  }

  private Transport pick(String address) {
    return address.startsWith(InProcessTransport.SCHEME) ? local : grpc;
  }

  /** Lets the threads go; streams that are still open break. */
  @Override
  public void close() {
    grpc.close();
  }
}

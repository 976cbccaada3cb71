package dfs.protocol.transport;

import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.seam.Transport;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Streams between roles of one process: messages are handed over as objects, on the sender's
 * thread. Each instance has its own names. The first message that a connecting side gets comes on
 * another thread than the one that connects.
 */
public final class InProcessTransport implements Transport {
  static final String SCHEME = "local:";

  private final Map<String, Listening> names = new ConcurrentHashMap<>();

  @Override
  public <C, S> Link<C> connect(String address, Protocol<C, S> protocol, Link.Receiver<S> receiver)
      throws IOException {
    Listening listening = names.get(address);
    if (listening == null) {
      throw new IOException("nobody listens on " + address);
    }
    return listening.connect(protocol, receiver);
  }

  @Override
  public Listener listen(String address, List<Service<?, ?>> services) throws IOException {
    if (!address.startsWith(SCHEME) || address.length() == SCHEME.length()) {
      throw new IOException("not an address within the process: " + address);
    }
    Listening listening = new Listening(address, List.copyOf(services));
    if (names.putIfAbsent(address, listening) != null) {
      throw new IOException(address + " is already listened on");
    }
    return listening;
  }

  /** A name that is listened on, with the streams it has accepted. */
  private final class Listening implements Listener {
    private final String address;
    private final List<Service<?, ?>> services;
    private final Map<Mailbox<?>, End<?>> accepted = new ConcurrentHashMap<>();
    private final AtomicBoolean closed = new AtomicBoolean();

    Listening(String address, List<Service<?, ?>> services) {
      this.address = address;
      this.services = services;
    }

    <C, S> Link<C> connect(Protocol<C, S> protocol, Link.Receiver<S> receiver) throws IOException {
      Acceptor<C, S> acceptor = acceptor(protocol);
      Mailbox<C> toServer = new Mailbox<>();
      Mailbox<S> toClient = new Mailbox<>();
      Runnable forget = () -> accepted.remove(toServer);
      End<C> client = new End<>(toServer, toClient, forget);
      End<S> server = new End<>(toClient, toServer, forget);
      accepted.put(toServer, server);
      if (closed.get()) {
        forget.run();
        throw new IOException("nobody listens on " + address);
      }
      Link.Receiver<C> taker;
      try {
        taker = acceptor.accept(server);
      } catch (RuntimeException e) {
        forget.run();
        throw new IOException(address + " did not accept the stream: " + e.getMessage(), e);
      }
      toServer.start(taker, server::abort);
      toClient.start(receiver, client::abort);
      return client;
    }

    /** The acceptor of a protocol; equal protocols have the same types. */
    @SuppressWarnings("unchecked")
    private <C, S> Acceptor<C, S> acceptor(Protocol<C, S> protocol) throws IOException {
      for (Service<?, ?> service : services) {
        if (service.protocol().equals(protocol)) {
          return (Acceptor<C, S>) service.acceptor();
        }
      }
      throw new IOException(address + " does not serve " + protocol.name());
    }

    @Override
    public String address() {
      return address;
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        names.remove(address, this);
        List.copyOf(accepted.values()).forEach(end -> end.abort("the other end stopped listening"));
      }
    }
  }

  /** One end of a stream: sends into the other end's mailbox. */
  private static final class End<S> implements Link<S> {
    private final Mailbox<S> outbound;
    private final Mailbox<?> inbound;
    private final Runnable forget;

    End(Mailbox<S> outbound, Mailbox<?> inbound, Runnable forget) {
      this.outbound = outbound;
      this.inbound = inbound;
      this.forget = forget;
    }

    @Override
    public void send(S message) {
      if (!outbound.put(Objects.requireNonNull(message))) {
        abort("more than " + Mailbox.MESSAGES_MAX + " messages were not received");
      }
    }

    @Override
    public Peer peer() {
      return Peer.LOCAL;
    }

    @Override
    public void close() {
      forget.run();
      outbound.end("closed by the other end", false);
      inbound.end("closed", true);
    }

    /** As if the connection had broken: what waits is lost. */
    void abort(String reason) {
      forget.run();
      outbound.end(reason, true);
      inbound.end(reason, true);
    }
  }
}

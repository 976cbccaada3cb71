package dfs.metadata.gateway;

import com.google.protobuf.ByteString;
import dfs.metadata.consensus.LogUnavailableException;
import dfs.metadata.consensus.Proposal;
import dfs.metadata.consensus.ReplicatedLog;
import dfs.metadata.keeper.CapabilityKeys;
import dfs.metadata.keeper.ChunkServers;
import dfs.metadata.keeper.ClusterKey;
import dfs.metadata.namespace.Namespace;
import dfs.metadata.namespace.StoredNamespace;
import dfs.metadata.store.MemoryStore;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.KeyProof;
import dfs.protocol.session.LeaseMode;
import dfs.protocol.session.ServerMessage;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A gateway over a state in memory and a log that applies at once, and clients that are scripted.
 */
final class GatewayBed {
  static final ByteString KEY = ByteString.copyFromUtf8("the key of the cluster");

  final Clock clock = new Clock();
  final StoredNamespace namespace = new StoredNamespace(new MemoryStore());
  private final ReplicatedLog log = new AtOnce();
  private final Random nonces = new Random(2);
  private SessionGateway gateway;

  /** Of the last request of all clients: over streams of one session it grows. */
  private long sequence;

  /** Of the log: grows with each start. */
  private long term = 1;

  /** Tools greet without asking for the log to know of them. */
  boolean areToolsUnlogged;

  /** The log takes nothing that is new. */
  boolean isFull;

  /** The log takes nothing. */
  boolean isLogClosed;

  /** The log has another leader. */
  boolean isDeposed;

  /** How often the state was asked for something. */
  int questions;

  /** What asks the state whether something is done fails. */
  boolean isStateBroken;

  /** A clock that is moved by hand; nothing is ever due. */
  static final class Clock implements Time {
    long nanos = 1_000_000_000_000L;

    /** Happens when somebody asks what time it is, once. */
    @Nullable Runnable meanwhile;

    @Override
    public long monotonicNanos() {
      Runnable happens = meanwhile;
      meanwhile = null;
      if (happens != null) {
        happens.run();
      }
      return nanos;
    }

    @Override
    public long wallNanos() {
      return nanos;
    }

    @Override
    public Timer after(long delay, TimeUnit unit, Runnable task) {
      return () -> {};
    }
  }

  private final class AtOnce implements ReplicatedLog {
    private long index;

    @Override
    public synchronized CompletableFuture<Reply> propose(Proposal proposal) {
      if (isLogClosed) {
        return CompletableFuture.failedFuture(new LogUnavailableException("closed by the test"));
      }
      if (isFull) {
        return CompletableFuture.completedFuture(Reply.refused(Errno.ENOSPC, "filled by the test"));
      }
      clock.nanos++;
      Command command =
          new Command(
              clock.nanos,
              proposal.session(),
              proposal.slot(),
              proposal.sequence(),
              proposal.caller(),
              proposal.placement(),
              ByteString.EMPTY,
              proposal.order());
      return CompletableFuture.completedFuture(
          namespace.apply(++index, List.of(command)).getFirst());
    }

    @Override
    public boolean hasAuthority() {
      return !isDeposed;
    }

    @Override
    public long term() {
      return term;
    }

    @Override
    public boolean isShortOfSpace() {
      return false;
    }

    @Override
    public Map<String, String> condition() {
      return Map.of();
    }

    @Override
    public Counts counts() {
      return new Counts(index, index, index);
    }

    @Override
    public void close() {}
  }

  GatewayBed() throws Exception {
    log.propose(Proposal.upkeep(new Upkeep.Format(ByteString.copyFromUtf8("cluster"), 0, 0))).get();
    gateway = start();
  }

  private SessionGateway start() {
    ClusterKey key = new ClusterKey(KEY);
    Random random = new Random(1);
    CapabilityKeys capabilities = new CapabilityKeys(key, clock, CapabilityKeys.PERIOD_NANOS);
    ChunkServers servers =
        new ChunkServers(key, log, namespace.survey(), capabilities, clock, random);
    return new SessionGateway(
        breakable(),
        log,
        servers,
        capabilities,
        key,
        (caller, query) -> Reply.refused(Errno.EINVAL, "there are no reports here"),
        clock,
        random);
  }

  private Namespace breakable() {
    return (Namespace)
        Proxy.newProxyInstance(
            Namespace.class.getClassLoader(),
            new Class<?>[] {Namespace.class},
            (proxy, method, arguments) -> {
              questions += List.of("query", "wayTo").contains(method.getName()) ? 1 : 0;
              if (isStateBroken && method.getName().equals("repeated")) {
                throw new IllegalStateException("broken by the test");
              }
              return method.invoke(namespace, arguments);
            });
  }

  /** What the server does each second. */
  void tick() {
    gateway.look();
  }

  /** How much is in the log. */
  long entries() {
    return log.counts().entries();
  }

  /** Instants at which somebody looks; empty while that is not known. */
  Optional<List<Long>> looked() {
    return gateway.looked();
  }

  /** The server is started again: it knows what the log does, and clients come back. */
  void restart() {
    gateway.close();
    term++;
    gateway = start();
  }

  /** A client at the other end of a stream. */
  final class Client implements Link<ServerMessage> {
    private final Peer peer;
    private final List<ServerMessage> heard = new ArrayList<>();
    final ByteString nonce = KeyProof.nonce(nonces);
    private final Link.Receiver<ClientMessage> server;
    private long asked;
    private boolean closed;

    /** At which it says to look with its greeting. */
    List<Long> instants = List.of();

    Client(Peer peer) {
      this.peer = peer;
      this.server = gateway.accept(this);
    }

    @Override
    public void send(ServerMessage message) {
      heard.add(message);
    }

    @Override
    public Peer peer() {
      return peer;
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        server.closed("by the server");
      }
    }

    boolean isClosed() {
      return closed;
    }

    void say(ClientMessage message) {
      server.receive(message);
    }

    /** The last message of this kind that passes. */
    <T extends ServerMessage> @Nullable T last(Class<T> kind, Predicate<T> passes) {
      return heard.stream()
          .filter(kind::isInstance)
          .map(kind::cast)
          .filter(passes)
          .reduce((a, b) -> b)
          .orElse(null);
    }

    <T extends ServerMessage> @Nullable T last(Class<T> kind) {
      return last(kind, message -> true);
    }

    /** Greets with a proof by this key; empty: with none. */
    Client greet(boolean mount, ByteString key) {
      return resume(0, 0, mount, key);
    }

    /** Greets to go on with a session. */
    Client resume(long session, long epoch, boolean mount, ByteString key) {
      return resume(session, epoch, mount, key, List.of());
    }

    /** A mount greets to go on with its session, in which it holds this. */
    Client resumeMount(ServerMessage.Welcome known, LeaseMode held) {
      return resume(known.session(), known.epoch(), true, KEY, List.of(), List.of(), held);
    }

    /** Greets to go on with a session that has this open. */
    Client resume(
        long session, long epoch, boolean mount, ByteString key, List<ClientMessage.Opening> open) {
      return resume(session, epoch, mount, key, open, List.of());
    }

    /** Greets to go on with a session that has this open, and locked. */
    Client resume(
        long session,
        long epoch,
        boolean mount,
        ByteString key,
        List<ClientMessage.Opening> open,
        List<ClientMessage.Locked> locks) {
      return resume(session, epoch, mount, key, open, locks, LeaseMode.NONE);
    }

    private Client resume(
        long session,
        long epoch,
        boolean mount,
        ByteString key,
        List<ClientMessage.Opening> open,
        List<ClientMessage.Locked> locks,
        LeaseMode held) {
      ByteString proof = key.isEmpty() ? key : KeyProof.OF_SESSION.of(key, challenge(), nonce);
      ByteString asks = key.isEmpty() ? key : nonce;
      boolean unlogged = !mount && areToolsUnlogged;
      say(
          new ClientMessage.Hello(
              session, epoch, proof, "h", mount, held, open, 0, locks, asks, unlogged, instants));
      return this;
    }

    /** Greets as a mount, with this as its proof. */
    Client show(ByteString proof, ByteString asks) {
      say(
          new ClientMessage.Hello(
              0,
              0,
              proof,
              "h",
              true,
              LeaseMode.NONE,
              List.of(),
              0,
              List.of(),
              asks,
              false,
              List.of()));
      return this;
    }

    /** The nonce of the server. */
    ByteString challenge() {
      return Objects.requireNonNull(last(ServerMessage.Challenge.class)).nonce();
    }

    /** Asks for something; null while the answer waits. */
    @Nullable Reply ask(Caller caller, Operation operation) {
      return askAsOf(caller, operation, 0);
    }

    /** Asks for something of an instant; 0: of the present. */
    @Nullable Reply askAsOf(Caller caller, Operation operation, long asOfNanos) {
      if (ClientMessage.Begin.isNeededFor(operation)) {
        begin();
      }
      asked = ++sequence;
      say(new ClientMessage.Request(0, asked, asOfNanos, caller, operation));
      return answer(asked);
    }

    /** Sends what was asked over an earlier stream of the session again. */
    @Nullable Reply again(long request, Caller caller, Operation operation) {
      say(new ClientMessage.Request(0, request, 0, caller, operation));
      return answer(request);
    }

    @Nullable Reply answer(long request) {
      ServerMessage.Answer answer = last(ServerMessage.Answer.class, a -> a.sequence() == request);
      return answer == null ? null : answer.reply();
    }

    /** Has the log told of its session, if it is not yet; the answer to that. */
    @Nullable Reply begin() {
      ServerMessage.Welcome welcome = last(ServerMessage.Welcome.class);
      if (welcome != null && welcome.epoch() < 0) {
        say(new ClientMessage.Begin());
      }
      ServerMessage.Begun begun = last(ServerMessage.Begun.class);
      return begun == null ? null : begun.reply();
    }

    long asked() {
      return asked;
    }

    void heartbeat(LeaseMode mode) {
      heartbeat(mode, List.of());
    }

    /** With instants at which somebody looks. */
    void heartbeat(LeaseMode mode, List<Long> looked) {
      say(new ClientMessage.Heartbeat(clock.nanos, mode, looked));
    }
  }

  Client client(Peer peer) {
    return new Client(peer);
  }

  Client mount() {
    return new Client(Peer.LOCAL).greet(true, KEY);
  }
}

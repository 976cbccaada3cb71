package dfs.metadata.keeper;

import com.google.protobuf.ByteString;
import dfs.metadata.consensus.Proposal;
import dfs.metadata.consensus.ReplicatedLog;
import dfs.metadata.namespace.StoredNamespace;
import dfs.metadata.namespace.Survey;
import dfs.metadata.store.MemoryStore;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkMessage.BlockState;
import dfs.protocol.session.ChunkOrder;
import dfs.protocol.session.KeyProof;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A keeper whose rounds are run by hand, over a state in memory, a log that applies at once or when
 * it is told to, a clock that is moved, and chunk servers that do what a test wants.
 */
final class KeeperBed {
  static final long SECOND = 1_000_000_000L;
  static final long LOST_NANOS = 30 * SECOND;
  static final ByteString KEY = ByteString.copyFromUtf8("the key of the cluster");

  final Clock clock = new Clock();
  final StoredNamespace namespace = new StoredNamespace(new MemoryStore());
  final Log log = new Log();
  final ChunkServers servers;
  final BlockKeeper keeper;
  final long session;

  /** Runs before the keeper looks at a page of blocks in this state. */
  Consumer<Survey.BlockState> beforePage = state -> {};

  private final Random random = new Random(2);
  private final List<Server> all = new ArrayList<>();
  private long sequence;

  static final class Clock implements Time {
    long nanos = 1_000_000 * SECOND;

    @Override
    public long monotonicNanos() {
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

  /** Applies at once, or keeps new members back. */
  final class Log implements ReplicatedLog {
    final List<Upkeep> upkeep = new ArrayList<>();
    private final List<Runnable> late = new ArrayList<>();
    boolean keepsMembersBack;
    boolean keepsServersBack;
    boolean isScarce;
    private long index;

    @Override
    public CompletableFuture<Reply> propose(Proposal proposal) {
      CompletableFuture<Reply> reply = new CompletableFuture<>();
      boolean back =
          (keepsMembersBack && proposal.order() instanceof Upkeep.SetMembers)
              || (keepsServersBack && proposal.order() instanceof Upkeep.RegisterServer);
      if (back) {
        late.add(() -> apply(proposal, reply));
      } else {
        apply(proposal, reply);
      }
      return reply;
    }

    private void apply(Proposal proposal, CompletableFuture<Reply> reply) {
      if (proposal.order() instanceof Upkeep order) {
        upkeep.add(order);
      }
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
      reply.complete(namespace.apply(++index, List.of(command)).getFirst());
    }

    void applyLate() {
      List<Runnable> now = List.copyOf(late);
      late.clear();
      now.forEach(Runnable::run);
    }

    @Override
    public boolean hasAuthority() {
      return true;
    }

    @Override
    public long term() {
      return 1;
    }

    @Override
    public boolean isShortOfSpace() {
      return isScarce;
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

  KeeperBed(int copies) {
    upkeep(new Upkeep.Format(ByteString.copyFromUtf8("cluster"), 0, 0));
    upkeep(new Upkeep.SetCopies(copies));
    session = openSession();
    ClusterKey key = new ClusterKey(KEY);
    CapabilityKeys capabilities = new CapabilityKeys(key, clock, CapabilityKeys.PERIOD_NANOS);
    servers = new ChunkServers(key, log, namespace.survey(), capabilities, clock, new Random(1));
    keeper =
        new BlockKeeper(log, watched(namespace.survey()), servers, capabilities, clock, LOST_NANOS);
  }

  private Survey watched(Survey survey) {
    return (Survey)
        Proxy.newProxyInstance(
            Survey.class.getClassLoader(),
            new Class<?>[] {Survey.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("blocks")) {
                beforePage.accept((Survey.BlockState) arguments[0]);
              }
              return method.invoke(survey, arguments);
            });
  }

  Survey survey() {
    return namespace.survey();
  }

  Reply upkeep(Upkeep order) {
    return log.propose(Proposal.upkeep(order)).join();
  }

  long openSession() {
    return ((Reply.Session) upkeep(new Upkeep.OpenSession("h", true, true, 0))).id();
  }

  Reply change(long by, List<Long> placement, Change order) {
    return log.propose(new Proposal(by, 0, ++sequence, Caller.ROOT, placement, order)).join();
  }

  Reply admin(Change order) {
    return change(session, List.of(), order);
  }

  /** A block that a session writes on these servers. */
  long open(long by, Server... on) {
    return open(0, by, on);
  }

  private long open(int copies, long by, Server... on) {
    List<Long> placement = new ArrayList<>();
    for (Server server : on) {
      placement.add(server.id);
    }
    Change.AllocateBlock order =
        new Change.AllocateBlock(new Change.BlockWish(false, false, 0, copies));
    return ((Reply.Allocated) change(by, placement, order)).grant().block();
  }

  /** Makes a file whose bytes lie in a block; its inode. */
  long file(String name, long block, long blockOffset, long length) {
    Reply made =
        admin(
            new Change.CreateFile(
                Attributes.ROOT_INO, ByteString.copyFromUtf8(name), 0600, 0, false));
    Attributes attributes = ((Reply.Entry) made).attributes();
    admin(
        new Change.Commit(
            attributes.ino(),
            attributes.map(),
            List.of(new Extent(0, length, block, blockOffset, false)),
            false,
            ByteString.EMPTY,
            length,
            0,
            false,
            List.of(),
            null));
    return attributes.ino();
  }

  void seal(long block, long length, boolean closed) {
    change(
        session, List.of(), new Change.SealBlocks(List.of(new BlockEnd(block, 1, length, closed))));
  }

  /** A sealed block, which these servers have and have said so. */
  long sealed(long length, Server... on) {
    return sealed(0, length, on);
  }

  /** The same, of which so many copies are wanted. */
  long sealed(int copies, long length, Server... on) {
    long block = open(copies, session, on);
    seal(block, length, false);
    for (Server server : on) {
      server.has(block, length, Replicas.SEALED);
    }
    return block;
  }

  List<Long> members(long block) {
    return Objects.requireNonNull(survey().block(block)).servers();
  }

  /** Time passes for all, with a heartbeat of those who are alive each second, and a round. */
  void run(long seconds) {
    for (long i = 0; i < seconds; i++) {
      clock.nanos += SECOND;
      all.forEach(Server::beat);
      keeper.round();
    }
  }

  /** A stream of a server beside the one that it has. */
  Stream stream(Server of) {
    return new Stream(of);
  }

  Server server() {
    Server server = new Server(ByteString.copyFromUtf8("directory " + all.size()));
    all.add(server);
    return server;
  }

  /** A chunk server, with what it has; orders wait until it obeys. */
  final class Server {
    final ByteString directory;
    final Map<Long, BlockState> replicas = new TreeMap<>();

    /** What it was told and has not done. */
    final List<ChunkOrder> orders = new ArrayList<>();

    /** What it was told since the start. */
    final List<ChunkOrder> told = new ArrayList<>();

    Stream stream;
    boolean silent;
    boolean refuses;
    long totalBytes = 1L << 41;
    long freeBytes = 1L << 40;
    int weight = ChunkMessage.DirectoryState.WEIGHT_USUAL;
    long flushNanos;
    long compactBytes;
    String state = "ok";

    /** Each has a host and a disk of its own, unless told otherwise. */
    String host;

    String device;
    long incarnation = 1;
    long id;

    Server(ByteString directory) {
      this.directory = directory;
      this.host = "h-" + directory.toStringUtf8();
      this.device = "d-" + directory.toStringUtf8();
      stream = new Stream(this);
    }

    /** Registers; {@link #report} says what is there. */
    Server connect() {
      incarnation += id == 0 ? 0 : 1;
      Stream next = new Stream(this);
      stream = next;
      next.register();
      beat();
      return this;
    }

    void report() {
      say(new ChunkMessage.Report(List.copyOf(replicas.values()), true));
    }

    Server here() {
      connect().report();
      return this;
    }

    void leave() {
      stream.close();
      orders.clear();
    }

    void say(ChunkMessage message) {
      stream.receiver.receive(message);
    }

    void beat() {
      if (!silent && !stream.closed && id != 0) {
        say(
            new ChunkMessage.Heartbeat(
                List.of(
                    new ChunkMessage.DirectoryState(
                        directory,
                        "/d",
                        state,
                        totalBytes,
                        freeBytes,
                        replicas.size(),
                        0,
                        device,
                        freeBytes,
                        weight,
                        flushNanos,
                        compactBytes))));
      }
    }

    void has(long block, long length, int state) {
      BlockState replica = new BlockState(block, 1, length, state);
      replicas.put(block, replica);
      if (!stream.closed) {
        say(new ChunkMessage.Report(List.of(replica), true));
      }
    }

    /** Where its replica ends; below 0 if it has none. */
    long lengthOf(long block) {
      BlockState replica = replicas.get(block);
      return replica == null ? -1 : replica.lengthBytes();
    }

    /** Orders of a kind since the start. */
    <T extends ChunkOrder> List<T> told(Class<T> kind) {
      return told.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** Does what it was told, in order. */
    void obey() {
      List<ChunkOrder> now = List.copyOf(orders);
      orders.clear();
      now.forEach(this::obey);
    }

    private void obey(ChunkOrder order) {
      switch (order) {
        case ChunkOrder.Delete delete -> {
          delete.blocks().forEach(replicas::remove);
          say(new ChunkMessage.Deleted(delete.blocks()));
        }
        case ChunkOrder.SealAt seal -> seal.blocks().forEach(this::sealAt);
        case ChunkOrder.SealLongest seal -> sealLongest(seal);
        case ChunkOrder.Copy copy -> {
          BlockState wanted = copy.block();
          if (refuses) {
            say(new ChunkMessage.CopyFailed(wanted.block(), "refused"));
          } else {
            has(wanted.block(), wanted.lengthBytes(), Replicas.SEALED);
          }
        }
        case ChunkOrder.Compact compact -> {
          BlockState wanted = compact.block();
          if (refuses) {
            say(new ChunkMessage.CopyFailed(wanted.block(), "refused"));
          } else {
            has(wanted.block(), wanted.lengthBytes(), Replicas.SEALED);
          }
        }
        case ChunkOrder.Challenge c -> {}
        case ChunkOrder.Welcome w -> {}
        case ChunkOrder.Trust t -> {}
        case ChunkOrder.Refused r -> {}
      }
    }

    private void sealAt(BlockState wanted) {
      BlockState replica = replicas.get(wanted.block());
      if (replica == null) {
        return;
      }
      boolean ends =
          replica.state() == Replicas.OPEN && replica.lengthBytes() >= wanted.lengthBytes();
      has(
          wanted.block(),
          ends ? wanted.lengthBytes() : replica.lengthBytes(),
          ends ? Replicas.SEALED : replica.state());
    }

    private void sealLongest(ChunkOrder.SealLongest order) {
      List<BlockState> sealed = new ArrayList<>();
      for (BlockState wanted : order.blocks()) {
        BlockState replica = replicas.get(wanted.block());
        if (replica == null || replica.state() == Replicas.DAMAGED) {
          int state = replica == null ? Replicas.OPEN : Replicas.DAMAGED;
          sealed.add(new BlockState(wanted.block(), 1, -1, state));
        } else {
          BlockState now =
              new BlockState(wanted.block(), 1, replica.lengthBytes(), Replicas.SEALED);
          replicas.put(wanted.block(), now);
          sealed.add(now);
        }
      }
      say(new ChunkMessage.Sealed(sealed));
    }
  }

  /** One control stream of a server. */
  final class Stream implements Link<ChunkOrder> {
    final Server server;
    final Link.Receiver<ChunkMessage> receiver;
    boolean closed;
    String refused = "";

    /** What the metadata server showed; empty before. */
    ByteString shown = ByteString.EMPTY;

    ByteString challenge = ByteString.EMPTY;
    final ByteString nonce = KeyProof.nonce(random);

    Stream(Server server) {
      this.server = server;
      this.receiver = servers.accept(this);
    }

    void register() {
      register(KeyProof.OF_CHUNK_SERVER.of(KEY, challenge, nonce), nonce);
    }

    void register(ByteString proof, ByteString nonce) {
      receiver.receive(
          new ChunkMessage.Register(
              server.id,
              ByteString.EMPTY,
              proof,
              server.host,
              "local:" + server.directory.toStringUtf8(),
              server.directory,
              server.incarnation,
              nonce));
    }

    @Override
    public void send(ChunkOrder message) {
      if (closed) {
        return;
      }
      switch (message) {
        case ChunkOrder.Challenge first -> challenge = first.nonce();
        case ChunkOrder.Welcome welcome -> {
          server.id = welcome.server();
          shown = welcome.proof();
        }
        case ChunkOrder.Refused no -> refused = no.reason();
        default -> {
          server.orders.add(message);
          server.told.add(message);
        }
      }
    }

    @Override
    public Peer peer() {
      return Peer.LOCAL;
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        receiver.closed("closed");
      }
    }
  }
}

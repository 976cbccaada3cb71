package dfs.chunk.server;

import com.google.protobuf.ByteString;
import dfs.chunk.block.BlockDirectory;
import dfs.chunk.server.IdentityFile.Identity;
import dfs.protocol.Limits;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.seam.Disk.Space;
import dfs.protocol.seam.Link;
import dfs.protocol.seam.Time;
import dfs.protocol.seam.Transport;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import dfs.protocol.session.KeyProof;
import dfs.protocol.session.Protocols;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stream to the metadata server: registers, reports, sends heartbeats, receives orders, and
 * comes back for ever when it breaks. One thread, the control thread, connects and does what orders
 * say, but for copies, which the {@link Copier} makes; each heartbeat has a thread for as long as
 * it takes to look at the disk, so that long orders do not make the server look dead, and a disk
 * that hangs does. Whoever listens at the address is obeyed once he has shown the cluster key.
 */
final class ControlStream implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlStream.class);

  /**
   * Orders that wait for the control thread; a server that sends more is cut off and asked again.
   */
  static final int ORDERS_WAITING_MAX = 1024;

  private static final long BACKOFF_MIN_NANOS = 200_000_000L;
  private static final long BACKOFF_MAX_NANOS = 2_000_000_000L;

  /** Whoever has not welcomed this server by then is asked anew. */
  private static final long WELCOME_NANOS = 10_000_000_000L;

  private static final String DISK_FULL = "No space left on device";
  private static final String FAILED = ChunkMessage.DirectoryState.FAILED;

  private final ChunkServer.Config config;
  private final Transport transport;
  private final Time time;
  private final RandomGenerator random;
  private final IdentityFile identityFile;
  private final BlockDirectory blocks;
  private final CheckedBlocks checked;
  private final SpaceReserve space;
  private final Scrubber scrubber;
  private final String device;
  private final FlushTimes flushes;
  private final Orders orders;
  private final Copier copier;

  private final CompletableFuture<Long> ready = new CompletableFuture<>();
  private final CompletableFuture<IOException> refused = new CompletableFuture<>();
  private final LinkedBlockingQueue<Runnable> work = new LinkedBlockingQueue<>();

  /** Blocks that are about to be reported: each waits once, however often it changes. */
  private final Set<Long> changed = ConcurrentHashMap.newKeySet();

  private final AtomicInteger ordersWaiting = new AtomicInteger();
  private final Thread thread;
  private long backoffNanos = BACKOFF_MIN_NANOS;

  /** A stream has ended on which this incarnation was known; used by the control thread. */
  private boolean isOver;

  private volatile boolean saidShrunk;
  private volatile @Nullable Stream current;
  private volatile boolean closing;

  /** What the stream works on; all outlive it. */
  record Parts(
      IdentityFile identityFile,
      BlockDirectory blocks,
      CheckedBlocks checked,
      SpaceReserve space,
      BlockServices services,
      Scrubber scrubber,
      String device,
      FlushTimes flushes) {}

  ControlStream(
      ChunkServer.Config config,
      Transport transport,
      Time time,
      RandomGenerator random,
      Parts parts) {
    this.config = config;
    this.transport = transport;
    this.time = time;
    this.random = random;
    this.identityFile = parts.identityFile;
    this.blocks = parts.blocks;
    this.checked = parts.checked;
    this.space = parts.space;
    this.scrubber = parts.scrubber;
    this.device = parts.device;
    this.flushes = parts.flushes;
    this.orders = new Orders(blocks, identityFile.identity().term());
    this.copier =
        new Copier(
            blocks,
            space,
            parts.services,
            config.copyBytesPerSecond(),
            this::changed,
            this::tell,
            time);
    this.thread = time.thread("dfs-chunk-control", this::run);
  }

  void start() {
    var _ = blocks.failed().thenAccept(this::sayFailed);
    blocks.onDamage(block -> tell(new ChunkMessage.Report(List.of(Orders.damaged(block)), true)));
    checked.onSeal(this::changed);
    work.add(this::connect);
    thread.start();
    copier.start();
  }

  /** Reports a block of which there is news; what it is like then. */
  private void changed(long block) {
    if (changed.add(block)) {
      work.add(
          () -> {
            changed.remove(block);
            List<ChunkMessage.BlockState> states = orders.states(block);
            if (!states.isEmpty()) {
              tellNow(new ChunkMessage.Report(states, true));
            }
          });
    }
  }

  private void tell(ChunkMessage message) {
    work.add(() -> tellNow(message));
  }

  /**
   * Reports only in the control thread, so that none comes between the pages of another. Without a
   * stream nothing is sent: the report after the next welcome says what there is.
   */
  private void tellNow(ChunkMessage message) {
    Stream stream = current;
    if (stream != null && stream.welcomed) {
      stream.send(message);
    }
  }

  /** Completes with the server's id at the first welcome. */
  CompletableFuture<Long> ready() {
    return ready;
  }

  /**
   * Completes when the metadata server turned out to be another cluster's: nothing is tried again.
   */
  CompletableFuture<IOException> refused() {
    return refused;
  }

  private void run() {
    while (!closing) {
      try {
        work.take().run();
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        LOG.error("an order failed", e);
      }
    }
  }

  /** One connection: its events are handed to the control thread, in order. */
  private final class Stream implements Link.Receiver<ChunkOrder> {
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile @Nullable Link<ChunkMessage> link;

    /** Nonces of the metadata server and of this end; the control thread's. */
    private ByteString challenge = ByteString.EMPTY;

    private ByteString nonce = ByteString.EMPTY;

    /**
     * The metadata server has shown the key, and knows this server. Written by the control thread
     * only.
     */
    private volatile boolean welcomed;

    @Override
    public void receive(ChunkOrder order) {
      if (ordersWaiting.incrementAndGet() > ORDERS_WAITING_MAX) {
        ordersWaiting.decrementAndGet();
        end("too many orders at once");
        return;
      }
      work.add(
          () -> {
            ordersWaiting.decrementAndGet();
            if (!ended.get()) {
              obey(this, order);
            }
          });
    }

    @Override
    public void closed(String reason) {
      end(reason);
    }

    void send(ChunkMessage message) {
      Link<ChunkMessage> to = link;
      if (to != null) {
        to.send(message);
      }
    }

    void endIfNotWelcomed() {
      if (!welcomed) {
        end("it has not answered for %d s".formatted(WELCOME_NANOS / 1_000_000_000L));
      }
    }

    /** Ends it once, whoever says so first; the next attempt follows. */
    void end(String reason) {
      if (!ended.compareAndSet(false, true)) {
        return;
      }
      Link<ChunkMessage> to = link;
      if (to != null) {
        to.close();
      }
      if (!closing && !refused.isDone()) {
        LOG.warn("no stream to the metadata server at {}: {}", config.metadataAddress(), reason);
        work.add(ControlStream.this::connectLater);
      }
    }
  }

  private void connectLater() {
    long delay = backoffNanos / 2 + random.nextLong(backoffNanos / 2);
    backoffNanos = Math.min(BACKOFF_MAX_NANOS, 2 * backoffNanos);
    time.after(delay, TimeUnit.NANOSECONDS, () -> work.add(this::connect));
  }

  private void connect() {
    Stream before = current;
    Stream stream = new Stream();
    current = stream;
    isOver |= before != null && before.welcomed;
    if (isOver) {
      beginAnew();
    }
    try {
      Link<ChunkMessage> link =
          transport.connect(config.metadataAddress(), Protocols.CONTROL, stream);
      stream.link = link;
      if (stream.ended.get() || closing) {
        link.close();
        return;
      }
      time.after(WELCOME_NANOS, TimeUnit.NANOSECONDS, stream::endIfNotWelcomed);
    } catch (IOException e) {
      stream.end(String.valueOf(e.getMessage()));
    }
  }

  /**
   * A stream on which this server was known has ended, it may be because it was silent for so long
   * that its copies count as lost: it comes back as another incarnation, and what it said before is
   * over. Once for each such stream, however often somebody is asked then.
   */
  private void beginAnew() {
    try {
      identityFile.replace(identityFile.identity().nextIncarnation());
      isOver = false;
    } catch (IOException e) {
      LOG.error("the next incarnation has to wait: {}", e.getMessage());
      failUnlessItPasses(e);
    }
  }

  /** That there is no room, or no file more, says nothing of the disk. */
  private void failUnlessItPasses(IOException e) {
    if (!BlockDirectory.isShortOfFiles(e) && !String.valueOf(e.getMessage()).contains(DISK_FULL)) {
      blocks.fail(e);
    }
  }

  private void obey(Stream stream, ChunkOrder order) {
    boolean greets =
        order instanceof ChunkOrder.Challenge
            || order instanceof ChunkOrder.Welcome
            || order instanceof ChunkOrder.Refused;
    if (!greets && !stream.welcomed) {
      distrust(stream, "it gives orders before it has shown that it has the cluster key");
      return;
    }
    switch (order) {
      case ChunkOrder.Challenge challenge -> register(stream, challenge.nonce());
      case ChunkOrder.Welcome welcome -> welcomed(stream, welcome);
      case ChunkOrder.Delete delete -> orders.delete(delete, stream::send);
      case ChunkOrder.SealAt seal -> orders.sealAt(seal, stream::send);
      case ChunkOrder.Copy copy -> orders.copy(copy, copier);
      case ChunkOrder.Compact compact -> orders.compact(compact, copier);
      case ChunkOrder.SealLongest seal -> orders.seal(seal, stream::send);
      case ChunkOrder.Trust trust -> {
        if (!orders.isDeposed(trust.term(), trust)) {
          checked.trust(trust.keys());
        }
      }
      case ChunkOrder.Refused no -> stream.end("refused: " + no.reason());
    }
  }

  /** Whoever is there may be anybody: he is told why not, and asked again. */
  private void distrust(Stream stream, String why) {
    LOG.error("who answers at {} is not obeyed: {}", config.metadataAddress(), why);
    stream.end("not trusted: " + why);
  }

  private void register(Stream stream, ByteString challenge) {
    if (!KeyProof.isNonce(challenge) || !stream.challenge.isEmpty()) {
      distrust(stream, "it challenges twice, or with what is no nonce");
      return;
    }
    stream.challenge = challenge;
    stream.nonce = KeyProof.nonce(random);
    Identity identity = identityFile.identity();
    stream.send(
        new ChunkMessage.Register(
            identity.server(),
            identity.cluster(),
            KeyProof.OF_CHUNK_SERVER.of(config.clusterKey(), challenge, stream.nonce),
            config.host(),
            config.address(),
            identity.directory(),
            identity.incarnation(),
            stream.nonce));
  }

  private void welcomed(Stream stream, ChunkOrder.Welcome welcome) {
    if (!KeyProof.TO_CHUNK_SERVER.isShown(
        welcome.proof(), config.clusterKey(), stream.challenge, stream.nonce)) {
      distrust(
          stream,
          welcome.proof().isEmpty()
              ? "it has not shown that it has the cluster key; an older build does not"
              : "what it shows is not of the cluster key");
      return;
    }
    if (stream.welcomed) {
      stream.end("welcomed twice");
      return;
    }
    Identity identity = identityFile.identity();
    if (welcome.server() == 0
        || welcome.cluster().isEmpty()
        || welcome.cluster().size() > IdentityFile.CLUSTER_BYTES_MAX) {
      stream.end("a welcome without a usable server or cluster id");
      return;
    }
    if (!identity.cluster().isEmpty() && !identity.cluster().equals(welcome.cluster())) {
      IOException foreign =
          new IOException(
              "the metadata server at %s is of another cluster than the blocks in %s"
                  .formatted(config.metadataAddress(), config.path()));
      LOG.error("nothing is served", foreign);
      refused.complete(foreign);
      stream.end("another cluster");
      return;
    }
    Identity next = identity.welcomed(welcome.cluster(), welcome.server(), welcome.term());
    if (!next.equals(identity)) {
      if (identity.server() != 0 && identity.server() != next.server()) {
        LOG.warn("server {} is called {} from now on", identity.server(), next.server());
      }
      try {
        identityFile.replace(next);
      } catch (IOException e) {
        failUnlessItPasses(e);
        stream.end("the identity cannot be written: " + e.getMessage());
        return;
      }
    }
    orders.sawTerm(welcome.term());
    checked.trust(welcome.keys());
    orders.report(stream::send);
    stream.welcomed = true;
    beat(stream);
    backoffNanos = BACKOFF_MIN_NANOS;
    ready.complete(welcome.server());
  }

  /** Sees to the next heartbeat and sends one, for as long as the stream lives. */
  private void beat(Stream stream) {
    if (stream.ended.get() || closing) {
      return;
    }
    time.after(
        Limits.HEARTBEAT_NANOS,
        TimeUnit.NANOSECONDS,
        () -> time.lightThread("dfs-chunk-heartbeat", () -> beat(stream)).start());
    stream.send(new ChunkMessage.Heartbeat(List.of(state())));
    scrubber.noteDamage();
  }

  /**
   * What a heartbeat says of the data directory, which is looked at. One that has gone, turned
   * read-only or cannot be measured has failed; one that has shrunk takes no new blocks.
   */
  ChunkMessage.DirectoryState state() {
    Space now = space.lastMeasured();
    String state = "ok";
    try {
      identityFile.check();
      now = space.measure();
      String shrunk = space.shrunk(now);
      if (!shrunk.isEmpty()) {
        state = shrunk;
        if (!saidShrunk) {
          saidShrunk = true;
          LOG.error("{} takes no new blocks: it is {}", config.path(), shrunk);
        }
      }
    } catch (IOException e) {
      blocks.fail(e);
      state = FAILED + e.getMessage();
    }
    IOException failure = blocks.failed().getNow(null);
    return state(now, failure == null ? state : FAILED + failure.getMessage());
  }

  /** Its last words, before the stream ends: others do not have to guess why. */
  private void sayFailed(IOException cause) {
    tellNow(
        new ChunkMessage.Heartbeat(
            List.of(state(space.lastMeasured(), FAILED + cause.getMessage()))));
  }

  private ChunkMessage.DirectoryState state(Space now, String state) {
    return new ChunkMessage.DirectoryState(
        identityFile.identity().directory(),
        config.path(),
        state,
        now.totalBytes(),
        now.freeBytes(),
        blocks.count(),
        scrubber.lastPassNanos(),
        device,
        space.forBlocks(now),
        config.weight() == 0 ? ChunkMessage.DirectoryState.WEIGHT_NONE : config.weight(),
        flushes.medianNanos(),
        space.toCompact(now));
  }

  String path() {
    return config.path();
  }

  /** Ends the stream, and copies that are being made; waits for the order that is being done. */
  @Override
  public void close() {
    closing = true;
    copier.close();
    work.add(() -> {});
    Stream stream = current;
    if (stream != null) {
      stream.end("closed");
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

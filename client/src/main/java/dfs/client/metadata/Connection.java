package dfs.client.metadata;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Link;
import dfs.protocol.seam.Time;
import dfs.protocol.seam.Transport;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.KeyProof;
import dfs.protocol.session.LeaseMode;
import dfs.protocol.session.Protocols;
import dfs.protocol.session.ServerMessage;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a session's stream: opens it, opens it again when it breaks, sends heartbeats, and takes
 * what the server sends to the slots, the lease and the file layer. Made by a session, which it
 * tells of the end. Streams are opened on virtual threads of their own; timers and receivers never
 * wait; no lock is held while anything is sent. With the cluster key it believes no server that has
 * not shown it. Thread-safe.
 */
final class Connection {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  private static final long BACK_OFF_FIRST_NANOS = 50_000_000L;
  private static final long BACK_OFF_MAX_NANOS = 2_000_000_000L;

  /** From the connection to the welcome: a server that needs longer is tried again. */
  private static final long HANDSHAKE_NANOS = 10_000_000_000L;

  /** How long a farewell waits for the server to end the stream. */
  private static final long GOODBYE_NANOS = 2_000_000_000L;

  private final StreamSession.Config config;
  private final Transport transport;
  private final Time time;
  private final RandomGenerator random;
  private final Slots slots;
  private final Lease lease;
  private final Questions questions;
  private final LeaderClock clock;
  private final Advice advice;

  /** Hears, once, why the server ended the session. */
  private final Consumer<String> fenced;

  private final ReentrantLock lock = new ReentrantLock();

  // All below: guarded by the lock.
  private long session;
  private long epoch;
  private ByteString cluster = ByteString.EMPTY;

  /** Completed when the log knows of the session, or with why not; null: nobody waits for that. */
  private @Nullable CompletableFuture<Reply> beginning;

  /** The log knows of the session. Read without the lock, too. */
  private volatile boolean begun;

  /** The stream that is open or being opened. */
  private @Nullable Stream current;

  private long backOffNanos = BACK_OFF_FIRST_NANOS;

  /** Read without the lock, too. */
  private volatile boolean ended;

  private Time.@Nullable Timer heartbeat;
  private Time.@Nullable Timer lapse;

  Connection(
      StreamSession.Config config,
      Transport transport,
      Time time,
      RandomGenerator random,
      Slots slots,
      Lease lease,
      LeaderClock clock,
      Consumer<String> fenced) {
    this.config = config;
    this.transport = transport;
    this.time = time;
    this.random = random;
    this.slots = slots;
    this.lease = lease;
    this.questions = new Questions(lease, time);
    this.advice = new Advice(lease, time);
    this.clock = clock;
    this.fenced = fenced;
  }

  long session() {
    lock.lock();
    try {
      return session;
    } finally {
      lock.unlock();
    }
  }

  ByteString cluster() {
    lock.lock();
    try {
      return cluster;
    } finally {
      lock.unlock();
    }
  }

  boolean isOver() {
    return ended;
  }

  /**
   * Waits until the log knows of the session, which it need not while that only asks; also over
   * broken streams.
   *
   * @return why the log takes nothing; null when it knows, or the session is over
   */
  @Nullable Reply begin() {
    if (begun) {
      return null;
    }
    CompletableFuture<Reply> answer;
    Stream stream;
    lock.lock();
    try {
      if (begun || ended) {
        return null;
      }
      answer = beginning;
      stream = answer == null ? current : null;
      if (answer == null) {
        answer = new CompletableFuture<>();
        beginning = answer;
      }
    } finally {
      lock.unlock();
    }
    if (stream != null && stream.isWelcomed()) {
      stream.send(new ClientMessage.Begin());
    }
    return answer.join() instanceof Reply.Refused refused ? refused : null;
  }

  boolean isSpaceScarce() {
    return advice.isSpaceScarce();
  }

  long epoch() {
    lock.lock();
    try {
      return epoch;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Begins a new session and waits for it.
   *
   * @param replaces the session of a process that is dead; 0: none
   */
  void open(long replaces) throws IOException {
    Stream stream = new Stream(List.of(), List.of(), replaces);
    lock.lock();
    try {
      current = stream;
    } finally {
      lock.unlock();
    }
    stream.open();
    try {
      stream.welcomed.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw e;
    }
    beat();
  }

  /** Every second, as long as the session lives. */
  private void beat() {
    Stream stream;
    lock.lock();
    try {
      if (ended) {
        return;
      }
      heartbeat = time.after(Limits.HEARTBEAT_NANOS, TimeUnit.NANOSECONDS, this::beat);
      stream = current;
    } finally {
      lock.unlock();
    }
    lease.checkLapse();
    watchLapse();
    long silentNanos = lease.sinceRenewalNanos();
    if (silentNanos >= Limits.SESSION_NANOS) {
      end("no server has answered for " + TimeUnit.NANOSECONDS.toSeconds(silentNanos) + " s");
      return;
    }
    if (stream != null && stream.isWelcomed()) {
      if (silentNanos >= Limits.LEASE_SERVER_NANOS) {
        stream.fail("no heartbeat was answered");
      } else {
        stream.send(
            new ClientMessage.Heartbeat(time.monotonicNanos(), lease.held(), questions.instants()));
      }
    }
  }

  /** The lease may lapse before the next heartbeat: the file layer hears of it in time. */
  private void watchLapse() {
    long untilNanos = lease.untilLapseNanos();
    if (untilNanos > 0 && untilNanos <= Limits.HEARTBEAT_NANOS) {
      lock.lock();
      try {
        if (lapse != null) {
          lapse.cancel();
        }
        lapse = time.after(untilNanos, TimeUnit.NANOSECONDS, lease::checkLapse);
      } finally {
        lock.unlock();
      }
    }
  }

  /** A stream has ended: opens another after a while, if the session had begun and goes on. */
  private void broken(Stream stream, String reason) {
    long delayNanos;
    lock.lock();
    try {
      if (ended || !stream.equals(current)) {
        return;
      }
      current = null;
      if (session == 0) {
        return;
      }
      // Spread out, so that the clients of a server that restarts do not come all at once.
      delayNanos = backOffNanos / 2 + random.nextLong(backOffNanos / 2 + 1);
      backOffNanos = Math.min(2 * backOffNanos, BACK_OFF_MAX_NANOS);
    } finally {
      lock.unlock();
    }
    LOG.info("the stream to {} ended: {}", config.address(), reason);
    stream.whenLinked(slots::suspend);
    time.after(
        delayNanos,
        TimeUnit.NANOSECONDS,
        () -> time.lightThread("dfs-session", this::reopen).start());
  }

  private void reopen() {
    Stream stream = new Stream(questions.open(), questions.locks(), 0);
    lock.lock();
    try {
      if (ended || current != null) {
        return;
      }
      current = stream;
    } finally {
      lock.unlock();
    }
    try {
      stream.open();
    } catch (IOException e) {
      stream.closed(String.valueOf(e.getMessage()));
    }
  }

  /** The session is over because the server, or its silence, says so. */
  private void end(String reason) {
    if (stop(reason)) {
      LOG.warn("session {} is over: {}", session(), reason);
      fenced.accept(reason);
    }
  }

  /** Ends everything once; true the first time. */
  private boolean stop(String reason) {
    Stream stream;
    CompletableFuture<Reply> waiting;
    lock.lock();
    try {
      if (ended) {
        return false;
      }
      ended = true;
      waiting = beginning;
      beginning = null;
      stream = current;
      current = null;
      if (heartbeat != null) {
        heartbeat.cancel();
      }
      if (lapse != null) {
        lapse.cancel();
      }
    } finally {
      lock.unlock();
    }
    slots.end(reason);
    if (waiting != null) {
      waiting.complete(Reply.Done.DONE);
    }
    lease.end();
    if (stream != null) {
      stream.fail(reason);
    }
    return true;
  }

  /** Ends the session in good order: says so and waits briefly for the server to end the stream. */
  void close() {
    Stream stream;
    lock.lock();
    try {
      stream = ended ? null : current;
    } finally {
      lock.unlock();
    }
    if (stream != null && stream.isWelcomed()) {
      Time.Timer patience =
          time.after(
              GOODBYE_NANOS, TimeUnit.NANOSECONDS, () -> stream.fail("no answer to a goodbye"));
      stream.leaving = true;
      stream.send(new ClientMessage.Goodbye());
      stream.gone.join();
      patience.cancel();
    }
    stop("the session was closed");
  }

  /** One stream, from the connection to its end. */
  private final class Stream implements Link.Receiver<ServerMessage> {
    private final List<ClientMessage.Opening> open;
    private final List<ClientMessage.Locked> locks;
    private final long replaces;

    /** Completed by the welcome, or with why there is none. */
    final CompletableFuture<Boolean> welcomed = new CompletableFuture<>();

    final CompletableFuture<Boolean> gone = new CompletableFuture<>();

    /** A farewell was said: that the stream ends is no surprise. */
    volatile boolean leaving;

    /** The first message may come before the link is known here; what answers it waits. */
    private final CompletableFuture<Link<ClientMessage>> link = new CompletableFuture<>();

    private volatile long helloNanos;

    /** Nonces of the server and of this end; empty: nothing was said, or there is no key. */
    private volatile ByteString challenge = ByteString.EMPTY;

    private volatile ByteString nonce = ByteString.EMPTY;
    private volatile boolean saidHello;
    private volatile Time.@Nullable Timer patience;

    Stream(List<ClientMessage.Opening> open, List<ClientMessage.Locked> locks, long replaces) {
      this.open = open;
      this.locks = locks;
      this.replaces = replaces;
    }

    void open() throws IOException {
      Link<ClientMessage> opened = transport.connect(config.address(), Protocols.SESSION, this);
      patience =
          time.after(
              HANDSHAKE_NANOS,
              TimeUnit.NANOSECONDS,
              () -> {
                if (!isWelcomed()) {
                  fail("the server did not answer the hello");
                }
              });
      link.complete(opened);
    }

    /** Does something with the link, as soon as it is known. */
    void whenLinked(Consumer<Link<ClientMessage>> action) {
      var _ = link.thenAccept(action);
    }

    boolean isWelcomed() {
      return welcomed.isDone() && !welcomed.isCompletedExceptionally();
    }

    /** Sends, as soon as the link is known. */
    void send(ClientMessage message) {
      whenLinked(known -> known.send(message));
    }

    /** Ends the stream from this side; the session goes on with another if it may. */
    void fail(String reason) {
      whenLinked(Link::close);
      closed(reason);
    }

    @Override
    public void receive(ServerMessage message) {
      if (gone.isDone()) {
        return;
      }
      boolean greets =
          message instanceof ServerMessage.Challenge
              || message instanceof ServerMessage.Welcome
              || message instanceof ServerMessage.Fenced;
      if (!greets && !isWelcomed()) {
        // What was meant for an earlier stream of the session; whoever says it has shown nothing.
        return;
      }
      switch (message) {
        case ServerMessage.Challenge challenge -> hello(challenge.nonce());
        case ServerMessage.Welcome welcome -> welcome(welcome);
        case ServerMessage.Answer answer -> slots.answered(answer);
        case ServerMessage.HeartbeatAnswer answer -> {
          clock.learn(answer.nowNanos());
          lease.renewed(answer.sentNanos());
          advice.learn(answer);
        }
        case ServerMessage.Recall recall ->
            orFail(lease.recalled(recall.to(), () -> acknowledge(recall.recall(), true)));
        case ServerMessage.Grant grant -> orFail(lease.granted(grant.mode(), grant.lease()));
        case ServerMessage.Invalidate invalidate ->
            orFail(
                questions.invalidate(invalidate, inUse -> acknowledge(invalidate.recall(), inUse)));
        case ServerMessage.AskInUse ask ->
            orFail(questions.inUse(ask.ino(), inUse -> acknowledge(ask.recall(), inUse)));
        case ServerMessage.LockFree free -> questions.lockFree(free.ino());
        case ServerMessage.Begun said -> begun(said.reply());
        case ServerMessage.Fenced over -> fenced(over);
      }
    }

    /** Only who has shown the key ends a session; that a first one does not begin, anybody says. */
    private void fenced(ServerMessage.Fenced over) {
      if (!isWelcomed() && session() != 0 && !isShown(over.proof())) {
        distrust("it says that the session is over: " + over.reason());
        return;
      }
      welcomed.completeExceptionally(new SessionEndedException(over.reason()));
      end(over.reason());
    }

    private boolean isShown(ByteString proof) {
      return config.clusterKey().isEmpty()
          || KeyProof.TO_SESSION.isShown(proof, config.clusterKey(), challenge, nonce);
    }

    private void distrust(String what) {
      String said =
          "who answers at %s has not shown that it has the cluster key, and is not believed: %s"
              .formatted(config.address(), what);
      LOG.error(said);
      welcomed.completeExceptionally(new IOException(said));
      fail(said);
    }

    private void orFail(boolean fits) {
      if (!fits) {
        fail("the server asks for more than can be done at once");
      }
    }

    private void acknowledge(long recall, boolean inUse) {
      send(new ClientMessage.Acknowledge(recall, inUse));
    }

    private void hello(ByteString challenged) {
      if (saidHello) {
        fail("the server challenged twice");
        return;
      }
      ByteString key = config.clusterKey();
      ByteString proof = ByteString.EMPTY;
      if (!key.isEmpty()) {
        if (!KeyProof.isNonce(challenged)) {
          distrust("its challenge is no nonce");
          return;
        }
        challenge = challenged;
        nonce = KeyProof.nonce(random);
        proof = KeyProof.OF_SESSION.of(key, challenge, nonce);
      }
      saidHello = true;
      LeaseMode held = lease.claimed();
      helloNanos = time.monotonicNanos();
      send(
          new ClientMessage.Hello(
              session(),
              epoch(),
              proof,
              config.host(),
              config.mount(),
              held,
              open,
              replaces,
              locks,
              nonce,
              !config.mount(),
              questions.instants()));
    }

    private void welcome(ServerMessage.Welcome welcome) {
      if (!saidHello || welcomed.isDone()) {
        fail("the server welcomed a client that had not asked");
        return;
      }
      if (!isShown(welcome.proof())) {
        distrust("it welcomes the session");
        return;
      }
      lock.lock();
      try {
        if (ended || !equals(current)) {
          return;
        }
        if (begun && (session != welcome.session() || welcome.epoch() <= 0)) {
          // Nothing of ours is known there: as good as fenced.
          welcomed.completeExceptionally(new SessionEndedException("the session is not known"));
        } else {
          session = welcome.session();
          epoch = welcome.epoch();
          begun = epoch > 0;
          cluster = welcome.cluster();
          backOffNanos = BACK_OFF_FIRST_NANOS;
        }
      } finally {
        lock.unlock();
      }
      if (welcomed.isDone()) {
        end("the server does not know the session");
        return;
      }
      clock.learn(welcome.nowNanos());
      orFail(lease.welcomed(helloNanos, welcome.granted(), welcome.lease()));
      welcomed.complete(true);
      loseNoPatience();
      beginAgain();
      whenLinked(slots::resume);
      // A server that was started again does not know who waits.
      questions.lockFree(0);
    }

    /** Who waits for the log to know of the session asks for that again. */
    private void beginAgain() {
      CompletableFuture<Reply> waiting;
      boolean known;
      lock.lock();
      try {
        waiting = beginning;
        known = begun;
        if (known) {
          beginning = null;
        }
      } finally {
        lock.unlock();
      }
      if (waiting != null && known) {
        waiting.complete(Reply.Done.DONE);
      } else if (waiting != null) {
        send(new ClientMessage.Begin());
      }
    }

    /** The log knows of the session, or takes nothing. */
    private void begun(Reply reply) {
      CompletableFuture<Reply> waiting;
      lock.lock();
      try {
        if (!equals(current)) {
          return;
        }
        if (reply instanceof Reply.Session opened) {
          epoch = opened.epoch();
          begun = true;
        }
        waiting = beginning;
        beginning = null;
      } finally {
        lock.unlock();
      }
      if (waiting != null) {
        waiting.complete(reply);
      }
    }

    private void loseNoPatience() {
      Time.Timer timer = patience;
      if (timer != null) {
        timer.cancel();
      }
    }

    @Override
    public void closed(String reason) {
      if (!gone.complete(true)) {
        return;
      }
      loseNoPatience();
      welcomed.completeExceptionally(
          new IOException(config.address() + " ended the stream: " + reason));
      if (!leaving) {
        broken(this, reason);
      }
    }
  }
}

package dfs.metadata.gateway;

import com.google.protobuf.ByteString;
import dfs.metadata.consensus.Proposal;
import dfs.metadata.consensus.ReplicatedLog;
import dfs.metadata.keeper.CapabilityKeys;
import dfs.metadata.keeper.ChunkServers;
import dfs.metadata.keeper.ClusterKey;
import dfs.metadata.namespace.Namespace;
import dfs.metadata.namespace.Survey;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.seam.Time;
import dfs.protocol.seam.Transport;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.KeyProof;
import dfs.protocol.session.LeaseMode;
import dfs.protocol.session.ServerMessage;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts clients' sessions. A session lives in the log, that of a tool from when it changes
 * something; what it holds and whether it is alive, in memory here, claimed again after a restart.
 * Calls the log, the namespace and {@link ChunkServers}.
 */
public final class SessionGateway
    implements Transport.Acceptor<ClientMessage, ServerMessage>, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SessionGateway.class);
  private static final long TICK_MILLIS = 1000;

  /** Inodes that who is not trusted may say to have open: some may be on their way to be closed. */
  private static final int OPENINGS_MAX = Limits.SESSION_OPEN_INODES + Limits.SESSION_SLOTS;

  /**
   * After a restart sessions of before have this long to come back with what they held; others wait
   * for them.
   */
  private static final long CLAIM_NANOS = 7_200_000_000L;

  /** Nobody was here before. */
  private static final long FIRST_TERM = 1;

  private final Namespace namespace;
  private final ReplicatedLog log;
  private final ChunkServers servers;
  private final ClusterKey key;
  private final Time time;
  private final RandomGenerator random;
  private final VolumeLease lease;
  private final Entitlement entitlement;
  private final Operations operations;
  private final OrphanReaper reaper;
  private final Absentees absentees;
  private final UnloggedSessions unlogged;

  /** Sessions that are over, of which the log does not know yet. */
  private final Set<Long> ending = ConcurrentHashMap.newKeySet();

  /** Whoever was here before the restart comes back, or is over. */
  private final ReentrantLock claiming = new ReentrantLock();

  private final LockTable locks;
  private final Looks looks;
  private final long startedNanos;
  private volatile boolean closed;

  public SessionGateway(
      Namespace namespace,
      ReplicatedLog log,
      ChunkServers servers,
      CapabilityKeys capabilities,
      ClusterKey key,
      Reports reports,
      Time time,
      RandomGenerator random) {
    this.namespace = namespace;
    this.log = log;
    this.servers = servers;
    this.key = key;
    this.time = time;
    this.random = random;
    this.startedNanos = time.monotonicNanos();
    this.lease = new VolumeLease(time, log.term(), session -> end(session, "it did not answer"));
    List<Survey.Session> before =
        namespace.survey().sessions().stream().filter(session -> !session.fenced()).toList();
    this.absentees = new Absentees(before);
    this.unlogged = new UnloggedSessions(key, log.term());
    this.locks = new LockTable(!before.isEmpty());
    this.looks = new Looks(namespace.survey(), lease, this::isEverybodyKnown, time);
    this.entitlement = new Entitlement(namespace);
    this.operations =
        new Operations(
            namespace,
            log,
            servers,
            new Answers(servers, capabilities),
            entitlement,
            lease,
            absentees,
            locks,
            looks,
            reports,
            time);
    this.reaper = new OrphanReaper(namespace.survey(), log, lease, this::isEverybodyKnown);
    tick();
  }

  /**
   * Whether who was here before a restart has come back, or is over. Of tools that only asked the
   * log knows nothing: they have as long as others.
   */
  private boolean isEverybodyKnown() {
    return absentees.isEmpty() && (log.term() == FIRST_TERM || isClaimTimeOver());
  }

  private boolean isClaimTimeOver() {
    return time.monotonicNanos() - startedNanos > CLAIM_NANOS;
  }

  /** Sessions that are connected or may come back, with what they hold. */
  public List<Held> sessions() {
    return lease.sessions().stream()
        .map(s -> new Held(s.id, s.host, s.mount, s.isConnected(), s.mode, s.looked().size()))
        .toList();
  }

  /**
   * A session and its lease.
   *
   * @param instants of the past at which it looks
   */
  public record Held(
      long id, String host, boolean mount, boolean connected, LeaseMode mode, int instants) {}

  /**
   * Instants of the past at which somebody looks, at most {@link Limits#LOOKED_INSTANTS}; empty
   * while sessions of before a restart may still say at which they do.
   */
  public Optional<List<Long>> looked() {
    return looks.all();
  }

  /** Recalls sent since the start. */
  public long recallsSent() {
    return lease.recallsSent();
  }

  /** Queries and changes answered since the start. */
  public long operationsAnswered() {
    return operations.answered();
  }

  @Override
  public Link.Receiver<ClientMessage> accept(Link<ServerMessage> link) {
    Connection connection = new Connection(link, KeyProof.nonce(random));
    link.send(new ServerMessage.Challenge(connection.nonce));
    return connection;
  }

  /** One stream of a client. Messages come one at a time. */
  private final class Connection implements Link.Receiver<ClientMessage> {
    private final Link<ServerMessage> link;
    private final ByteString nonce;
    private boolean greeted;

    /** Shows the key to who has shown it; to anybody else nothing. */
    private ByteString proof = ByteString.EMPTY;

    private volatile @Nullable LiveSession session;

    Connection(Link<ServerMessage> link, ByteString nonce) {
      this.link = link;
      this.nonce = nonce;
    }

    @Override
    public void receive(ClientMessage message) {
      LiveSession known = session;
      if (known == null) {
        if (message instanceof ClientMessage.Hello hello && !greeted) {
          greeted = true;
          hello(hello);
        } else if (!(message instanceof ClientMessage.Heartbeat)) {
          refuse("the first message must be a greeting, and its answer be awaited");
        }
        return;
      }
      known.heard(time.monotonicNanos());
      switch (message) {
        case ClientMessage.Hello m -> refuse("a session greets once");
        case ClientMessage.Request m -> operations.run(known, link, m);
        case ClientMessage.Heartbeat m -> {
          looksAt(known, m.instants());
          known.send(
              new ServerMessage.HeartbeatAnswer(
                  m.sentNanos(), now(), operations.isSpaceScarce(), servers.leaving()));
          lease.reconsider(known, absentees.hasMounts());
        }
        case ClientMessage.Acknowledge m -> lease.acknowledged(known, m.recall(), m.inUse());
        case ClientMessage.Goodbye m -> leave(known);
        case ClientMessage.Begin m -> begin(known);
      }
    }

    private void refuse(String reason) {
      link.send(new ServerMessage.Fenced(reason, proof));
      link.close();
    }

    private void hello(ClientMessage.Hello hello) {
      Caller identity = null;
      if (key.isShown(KeyProof.OF_SESSION, hello.proof(), nonce, hello.nonce())) {
        proof = key.show(KeyProof.TO_SESSION, nonce, hello.nonce());
      } else {
        Peer peer = link.peer();
        if (!hello.proof().isEmpty() || peer.kind() != Peer.Kind.UNIX) {
          refuse(unknown(hello));
          return;
        }
        identity = new Caller(peer.uid(), peer.gid(), peer.groups());
        if (hello.mount()) {
          refuse(
              "a mount keeps others waiting: it needs the cluster key, and uid %d showed none"
                  .formatted(peer.uid()));
          return;
        }
      }
      if (hello.replaces() != 0 && identity == null) {
        replace(hello.replaces());
      }
      if (hello.epoch() < 0 && !hello.locks().isEmpty()) {
        refuse("only sessions in the log have locks");
        return;
      }
      if (hello.session() != 0) {
        comeBack(hello, identity);
        return;
      }
      if (hello.unlogged() && !hello.mount() && openUnlogged(hello, identity)) {
        return;
      }
      Caller speaker = identity;
      Upkeep order =
          new Upkeep.OpenSession(
              hello.host(), hello.mount(), speaker == null, speaker == null ? 0 : speaker.uid());
      log.propose(
          Proposal.upkeep(order),
          (reply, failure) -> {
            if (reply instanceof Reply.Session opened) {
              welcome(
                  new LiveSession(
                      opened.id(),
                      opened.epoch(),
                      hello.host(),
                      hello.mount(),
                      speaker,
                      time.monotonicNanos()),
                  hello);
            } else {
              LOG.warn("no session could be opened: {}", reply, failure);
              link.close();
            }
          });
    }

    /** Whether that is all; of who has the key and too many of them the log hears. */
    private boolean openUnlogged(ClientMessage.Hello hello, @Nullable Caller identity) {
      if (UnloggedSessions.areTooMany(lease.sessions(), identity)) {
        if (identity == null) {
          return false;
        }
        refuse(tooMany(identity));
      } else if (log.hasAuthority()) {
        welcome(unlogged.open(hello, identity, time.monotonicNanos()), hello);
      } else {
        // As when the log would have been asked.
        link.close();
      }
      return true;
    }

    private static String tooMany(Caller identity) {
      return "uid %d has %d sessions open".formatted(identity.uid(), Limits.SESSIONS_UNLOGGED);
    }

    private static String unknown(ClientMessage.Hello hello) {
      if (hello.proof().isEmpty()) {
        return "over the network nobody is known without the cluster key";
      }
      return KeyProof.isNonce(hello.nonce())
          ? "the cluster key is wrong"
          : "it is of an older build, which does not ask the metadata server for a proof";
    }

    private void replace(long dead) {
      claiming.lock();
      try {
        LiveSession live = live(dead);
        if (live != null) {
          end(live, "its process is dead");
        } else {
          fence(dead);
          back(dead);
        }
      } finally {
        claiming.unlock();
      }
      absentees.settle();
    }

    private void comeBack(ClientMessage.Hello hello, @Nullable Caller identity) {
      if (identity != null && hello.open().size() > OPENINGS_MAX) {
        refuse("nobody without the cluster key has %d inodes open".formatted(hello.open().size()));
        return;
      }
      if (isUnlogged(hello, identity)) {
        if (!log.hasAuthority()) {
          link.close();
          return;
        }
        if (identity != null && UnloggedSessions.areTooMany(lease.sessions(), identity)) {
          refuse(tooMany(identity));
          return;
        }
      }
      // Before others are kept waiting: it takes long for many inodes.
      LiveSession claimant = claimant(hello, identity);
      claiming.lock();
      try {
        resume(hello, identity, claimant);
      } finally {
        claiming.unlock();
      }
      absentees.settle();
    }

    /** The session with what it says to have open; null: there is none, or it is known here. */
    private @Nullable LiveSession claimant(ClientMessage.Hello hello, @Nullable Caller identity) {
      LiveSession claimant = known(hello, identity);
      if (claimant == null) {
        return null;
      }
      // Who is in the log is back by then, or over; a seal is good for ever.
      boolean isInTime = claimant.isLogged() || !isClaimTimeOver();
      for (ClientMessage.Opening opening : hello.open()) {
        long ino = opening.ino();
        int access =
            claimant.holds(ino)
                ? claimant.access(ino)
                : entitlement.claimed(claimant, ino, isInTime);
        claimant.claims(ino, opening.opens(), access);
      }
      return claimant;
    }

    /** Whether it was given a session before a restart of which the log does not know. */
    private boolean isUnlogged(ClientMessage.Hello hello, @Nullable Caller identity) {
      if (!unlogged.isOfBefore(hello.session()) || !unlogged.isGiven(hello, identity)) {
        return false;
      }
      Survey.Session known = namespace.survey().session(hello.session());
      return live(hello.session()) == null && (known == null || known.fenced());
    }

    private @Nullable LiveSession known(ClientMessage.Hello hello, @Nullable Caller identity) {
      if (live(hello.session()) != null) {
        return null;
      }
      Survey.Session known = namespace.survey().session(hello.session());
      if (known == null || known.fenced()) {
        return isUnlogged(hello, identity)
            ? unlogged.open(hello, identity, time.monotonicNanos())
            : null;
      }
      boolean isNow = known.epoch() == hello.epoch() || unlogged.isGiven(hello, identity);
      // What it was then: what it says now may be another thing.
      return isNow && isOf(known, identity)
          ? new LiveSession(
              known.id(),
              known.epoch(),
              hello.host(),
              known.mount(),
              identity,
              time.monotonicNanos())
          : null;
    }

    private void resume(
        ClientMessage.Hello hello, @Nullable Caller identity, @Nullable LiveSession claimant) {
      // Who ends it says so in the opposite order: whatever of that has happened is seen.
      LiveSession live = live(hello.session());
      boolean isEnding = ending.contains(hello.session());
      Survey.Session known = namespace.survey().session(hello.session());
      boolean isGiven = unlogged.isGiven(hello, identity);
      if (live != null && isGiven) {
        rejoin(live);
      } else if (claimant != null && claimant.id != hello.session()) {
        welcome(claimant, hello);
      } else if (known == null
          || known.fenced()
          || isEnding
          || (known.epoch() != hello.epoch() && !isGiven)) {
        refuse("session " + hello.session() + " is over");
      } else if (!isOf(known, identity)) {
        refuse("session " + hello.session() + " is somebody else's");
      } else if (live != null) {
        rejoin(live);
      } else if (claimant != null) {
        welcome(claimant, hello);
      } else {
        // It was known here a moment ago, and is over or comes again.
        link.close();
      }
    }

    private void rejoin(LiveSession live) {
      live.heard(time.monotonicNanos());
      lease.rejoin(live, link, () -> start(live));
      if (live.isFenced()) {
        // Whoever ended it meanwhile may not have seen this stream.
        refuse("session " + live.id + " is over");
      }
    }

    /** Nobody goes on with what another user opened, nor with what a mount did. */
    private static boolean isOf(Survey.Session known, @Nullable Caller identity) {
      return identity == null ? known.trusted() : !known.trusted() && identity.uid() == known.uid();
    }

    private void welcome(LiveSession opened, ClientMessage.Hello hello) {
      long id = opened.id;
      opened.link(link);
      if (hello.session() != 0 && !locks.claim(opened, hello.locks())) {
        fence(id);
        back(id);
        refuse("others have what it had locked");
        return;
      }
      // Before it counts as back: nothing is trimmed as long as it does not.
      looksAt(opened, hello.instants());
      lease.join(opened, hello.held(), absentees.hasMountsBut(id), () -> start(opened));
      back(id);
    }

    /** From now on messages are the session's. The lease stays as it is meanwhile. */
    private void start(LiveSession welcomed) {
      session = welcomed;
      sendWelcome(welcomed);
    }

    private void sendWelcome(LiveSession welcomed) {
      ByteString cluster = namespace.survey().cluster();
      link.send(
          new ServerMessage.Welcome(
              welcomed.id,
              welcomed.epoch(),
              cluster == null ? ByteString.EMPTY : cluster,
              now(),
              welcomed.mode,
              welcomed.leaseNumber,
              proof));
    }

    @Override
    public void closed(String reason) {
      LiveSession known = session;
      if (known != null && known.unlink(link)) {
        LOG.debug("the stream of session {} ended: {}", known.id, reason);
      }
    }
  }

  /** What is no instant, or to come, is nobody's to keep. */
  private void looksAt(LiveSession session, List<Long> instants) {
    long now = now();
    session.looksAt(
        instants.stream().filter(instant -> instant > 0 && instant <= now).toList(),
        time.monotonicNanos());
  }

  /** A session of before the restart is here again, or is over. */
  private void back(long id) {
    if (absentees.back(id)) {
      locks.claimed();
    }
  }

  private @Nullable LiveSession live(long id) {
    return lease.sessions().stream().filter(s -> s.id == id).findFirst().orElse(null);
  }

  /** The leader's stamped time: what the next command would bear at least. */
  private long now() {
    return Math.max(time.wallNanos(), namespace.lastStampNanos());
  }

  /** The log hears of a session that has only asked until now. */
  private void begin(LiveSession session) {
    if (session.isLogged()) {
      session.send(new ServerMessage.Begun(new Reply.Session(session.id, session.epoch())));
      return;
    }
    if (!session.begins()) {
      return;
    }
    Caller speaker = session.callerOf(Caller.ROOT);
    Upkeep order =
        new Upkeep.OpenSession(
            session.host,
            session.mount,
            session.isTrusted(),
            session.isTrusted() ? 0 : speaker.uid(),
            session.id);
    log.propose(
        Proposal.upkeep(order),
        (reply, failure) -> {
          if (reply instanceof Reply.Session opened) {
            session.logged(opened.epoch());
          } else {
            session.beginsNot();
          }
          if (session.isFenced()) {
            // Whoever ended it meanwhile may have taken it that the log knows nothing of it.
            fence(session.id);
          } else if (reply != null) {
            session.send(new ServerMessage.Begun(reply));
          } else {
            LOG.warn("session {} could not be logged", session.id, failure);
            Link<ServerMessage> link = session.link();
            if (link != null) {
              link.close();
            }
          }
        });
  }

  /** The session is over from now on; the log, if it knows of it, hears that. */
  private void fence(LiveSession session) {
    session.fence();
    if (session.isLogged()) {
      fence(session.id);
    }
  }

  /** The session is over from now on; the log hears of it, again and again if need be. */
  private void fence(long id) {
    ending.add(id);
    log.propose(
        Proposal.upkeep(new Upkeep.FenceSession(id)),
        (reply, failure) -> {
          if (failure == null && !(reply instanceof Reply.Refused)) {
            ending.remove(id);
          } else {
            LOG.warn("the end of session {} did not get through: {}", id, reply, failure);
          }
        });
  }

  /** A session goes in good order: it has nothing to be told. */
  private void leave(LiveSession session) {
    if (!session.isFenced()) {
      fence(session);
      lease.leave(session);
      locks.leave(session);
      Link<ServerMessage> link = session.link();
      if (link != null) {
        link.close();
      }
    }
  }

  /** A session is over: nothing it sends counts any more; its blocks and orphans follow. */
  private void end(LiveSession session, String why) {
    if (session.isFenced()) {
      return;
    }
    LOG.info("session {} of {} ends: {}", session.id, session.host, why);
    fence(session);
    looks.ended(session);
    lease.leave(session);
    locks.leave(session);
    Link<ServerMessage> link = session.link();
    if (link != null) {
      link.send(new ServerMessage.Fenced(why));
      link.close();
    }
  }

  /** Every second: who is silent, who owes an acknowledgement, which orphans nobody holds. */
  private void tick() {
    if (closed) {
      return;
    }
    time.after(
        TICK_MILLIS,
        TimeUnit.MILLISECONDS,
        () -> {
          time.lightThread("gateway-tick", this::look).start();
          tick();
        });
  }

  void look() {
    if (closed) {
      return;
    }
    long now = time.monotonicNanos();
    ending.forEach(this::fence);
    if (isClaimTimeOver()) {
      giveUpAbsent();
    }
    for (LiveSession session : lease.sessions()) {
      if (session.silentNanos(now) > Limits.SESSION_NANOS) {
        end(session, "it was silent for too long");
      } else if (!session.mount
          && !session.isConnected()
          && session.silentNanos(now) > Limits.RECALL_NANOS) {
        end(session, "a tool left without a word");
      }
    }
    lease.overdue().forEach(session -> end(session, "it did not answer a recall"));
    reaper.look();
  }

  /** What they held they hold no more. */
  private void giveUpAbsent() {
    claiming.lock();
    try {
      for (long id : absentees.sessions()) {
        LOG.warn("session {} did not come back after the restart: it is over", id);
        fence(id);
        back(id);
      }
    } finally {
      claiming.unlock();
    }
    absentees.settle();
  }

  @Override
  public void close() {
    closed = true;
    for (LiveSession session : lease.sessions()) {
      Link<ServerMessage> link = session.link();
      if (link != null) {
        link.close();
      }
    }
  }
}

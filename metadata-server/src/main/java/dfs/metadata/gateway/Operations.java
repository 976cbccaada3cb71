package dfs.metadata.gateway;

import static java.util.Objects.requireNonNull;

import dfs.metadata.consensus.LogUnavailableException;
import dfs.metadata.consensus.Proposal;
import dfs.metadata.consensus.ReplicatedLog;
import dfs.metadata.gateway.VolumeLease.Need;
import dfs.metadata.keeper.ChunkServers;
import dfs.metadata.namespace.Namespace;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Link;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.ServerMessage;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of an operation: other sessions give way, then a query is evaluated or a change goes
 * through the log, then the answer is sent. Nothing here waits: what has to be waited for goes on
 * when it has come.
 */
final class Operations {
  private static final Logger LOG = LoggerFactory.getLogger(Operations.class);

  /** So many reports are made at a time. */
  private static final int REPORTS_MAX = 4;

  private final Semaphore reporting = new Semaphore(REPORTS_MAX);
  private final Namespace namespace;
  private final ReplicatedLog log;
  private final ChunkServers servers;
  private final Answers answers;
  private final Entitlement entitlement;
  private final VolumeLease lease;
  private final Absentees absentees;
  private final LockTable locks;
  private final Looks looks;
  private final Reports reports;
  private final Time time;
  private final LongAdder answered = new LongAdder();

  Operations(
      Namespace namespace,
      ReplicatedLog log,
      ChunkServers servers,
      Answers answers,
      Entitlement entitlement,
      VolumeLease lease,
      Absentees absentees,
      LockTable locks,
      Looks looks,
      Reports reports,
      Time time) {
    this.namespace = namespace;
    this.log = log;
    this.servers = servers;
    this.answers = answers;
    this.entitlement = entitlement;
    this.lease = lease;
    this.absentees = absentees;
    this.locks = locks;
    this.looks = looks;
    this.reports = reports;
    this.time = time;
  }

  long answered() {
    return answered.sum();
  }

  /** Whether what is written now may find no room, with the chunk servers or in the metadata. */
  boolean isSpaceScarce() {
    return log.isShortOfSpace() || servers.isShortOfSpace(namespace.survey().copies());
  }

  /**
   * Runs an operation once those who are in its way have let it. If the stream that brought it has
   * ended by then nothing happens: whoever lives asks again over the next one, and what the dead
   * asked for must not come over what was done after them. After a restart those count as in the
   * way who may come back with what they held, which is seconds.
   */
  void run(LiveSession session, Link<ServerMessage> broughtBy, ClientMessage.Request request) {
    if (request.asOfNanos() != 0 && !Entitlement.isOfPast(request.operation())) {
      answer(session, request, Reply.refused(Errno.EINVAL, "of the past there are only queries"));
      return;
    }
    if (request.asOfNanos() > Math.max(time.wallNanos(), namespace.lastStampNanos())) {
      answer(session, request, Reply.refused(Errno.EINVAL, "the instant is still to come"));
      return;
    }
    if (ClientMessage.Begin.isNeededFor(request.operation()) && !session.isLogged()) {
      answer(session, request, Reply.refused(Errno.EINVAL, "the log does not know the session"));
      return;
    }
    Need need = needOf(request.operation());
    CompletableFuture<Boolean> back = absentees.mountsAreBack();
    if (back.isDone() || lease.excludesAbsent(session, need)) {
      clear(session, broughtBy, request, need);
    } else {
      VolumeLease.after(back, () -> clear(session, broughtBy, request, need));
    }
  }

  @SuppressWarnings("ReferenceEquality") // a later stream of the session is another link
  private void clear(
      LiveSession session,
      Link<ServerMessage> broughtBy,
      ClientMessage.Request request,
      Need need) {
    if (session.link() != broughtBy) {
      return;
    }
    VolumeLease.after(
        lease.clear(session, need),
        () -> {
          if (session.link() == broughtBy) {
            proceed(session, request, need);
          } else if (need == Need.CHANGE) {
            lease.changed(session);
          }
        });
  }

  /** What an operation needs of the others: whether it sees or changes what they may hold. */
  private static Need needOf(Operation operation) {
    return switch (operation) {
      case Query.GetReport o -> Need.NOTHING;
      case Query.ListBlocks o -> Need.NOTHING;
      case Query.GetSpace o -> Need.NOTHING;
      case Query.GetInstant o -> Need.NOTHING;
      case Query.Release o -> Need.NOTHING;
      case Query.Lock o -> Need.NOTHING;
      case Query.Unlock o -> Need.NOTHING;
      case Query.GetSnapshot o -> Need.NOTHING;
      case Query.ListSnapshots o -> Need.NOTHING;
      case Query o -> Need.READ;
      case Change.AllocateBlock o -> Need.NOTHING;
      case Change.SealBlocks o -> Need.NOTHING;
      case Change.Touch o -> Need.NOTHING;
      case Change.DrainServer o -> Need.NOTHING;
      case Change.ForgetServer o -> Need.NOTHING;
      // What others have not committed yet belongs to it.
      case Change.CreateSnapshot o -> Need.READ;
      case Change.RemoveSnapshot o -> Need.NOTHING;
      case Change.CopyPast o -> Need.NOTHING;
      case Change.CopyExtents o -> Need.NOTHING;
      case Change.DropCopy o -> Need.NOTHING;
      case Change o -> Need.CHANGE;
    };
  }

  private void proceed(LiveSession session, ClientMessage.Request request, Need need) {
    Reply reply;
    try {
      reply = reply(session, request);
    } catch (RuntimeException e) {
      over(session, need);
      failed(session, e);
      return;
    }
    switch (request.operation()) {
      case Change change when reply == null -> change(session, request, change, need);
      case Change change -> {
        over(session, need);
        changed(session, request, change, reply);
      }
      case Query.GetReport query when reply == null -> report(session, request, query);
      case Query _ -> answer(session, request, requireNonNull(reply));
    }
  }

  private void over(LiveSession session, Need need) {
    if (need == Need.CHANGE) {
      lease.changed(session);
    }
  }

  /** The answer to what neither goes through the log nor takes long; null: it does. */
  private @Nullable Reply reply(LiveSession session, ClientMessage.Request request) {
    Reply done = done(session, request);
    if (done != null) {
      return done;
    }
    Reply objection = entitlement.objection(session, request);
    if (objection != null) {
      return objection;
    }
    return switch (request.operation()) {
      case Query.GetReport _ -> null;
      case Query query -> query(session, request, query);
      case Change change -> objection(change);
    };
  }

  /** What is done is answered as it was, and not judged by what has become of things since. */
  private @Nullable Reply done(LiveSession session, ClientMessage.Request request) {
    Reply reply =
        request.operation() instanceof Change change
            ? namespace.repeated(session.id, request.slot(), request.sequence(), change)
            : null;
    return reply == null ? null : answers.complete(reply, session);
  }

  private void answer(LiveSession session, ClientMessage.Request request, Reply reply) {
    answered.increment();
    long looked = Looks.at(request, reply);
    if (looked != 0) {
      session.looks(looked, time.monotonicNanos());
    }
    session.send(new ServerMessage.Answer(request.slot(), request.sequence(), reply));
  }

  /** A report may take long, and much of the disk: it gets a thread of its own, if few are made. */
  private void report(LiveSession session, ClientMessage.Request request, Query.GetReport query) {
    if (!reporting.tryAcquire()) {
      answer(
          session,
          request,
          Reply.refused(Errno.EAGAIN, REPORTS_MAX + " other reports are made: ask again later"));
      return;
    }
    time.thread("report", () -> makeReport(session, request, query)).start();
  }

  private void makeReport(
      LiveSession session, ClientMessage.Request request, Query.GetReport query) {
    try {
      answer(session, request, reports.report(session.callerOf(request.caller()), query));
    } catch (RuntimeException e) {
      LOG.error("the report {} failed", query.what(), e);
      answer(session, request, Reply.refused(Errno.EIO, "the report failed: see the server's log"));
    } finally {
      reporting.release();
    }
  }

  private Reply query(LiveSession session, ClientMessage.Request request, Query query) {
    if (session.isFenced()) {
      return Reply.refused(Errno.ESTALE, "the session is over");
    }
    if (!log.hasAuthority()) {
      return Reply.refused(Errno.EAGAIN, "no leader");
    }
    if (query instanceof Query.Lock lock) {
      return lock(session, lock);
    }
    if (query instanceof Query.Unlock unlock) {
      Errno unlocked = locks.unlock(session, unlock);
      return unlocked == Errno.OK
          ? Reply.Done.DONE
          : Reply.refused(unlocked, "too many ranges of inode %d".formatted(unlock.ino()));
    }
    Reply reply =
        namespace.query(entitlement.callerOf(session, request), query, request.asOfNanos());
    if (!log.hasAuthority()) {
      return Reply.refused(Errno.EAGAIN, "no leader");
    }
    if (query instanceof Query.Open open && request.asOfNanos() == 0) {
      if (reply instanceof Reply.Entry) {
        int access = entitlement.opened(session, request.caller(), open);
        session.opened(request, open.ino(), access);
      } else {
        session.refused(request, open.ino());
      }
    } else if (query instanceof Query.Release release) {
      session.released(request, release.ino(), release.opens());
    }
    return answers.complete(requireNonNull(reply), session);
  }

  private Reply lock(LiveSession session, Query.Lock lock) {
    if (!Entitlement.mayLock(session, lock.ino(), lock.exclusive())) {
      return Reply.refused(Errno.EBADF, "inode %d is not open for this".formatted(lock.ino()));
    }
    Errno locked = locks.lock(session, lock);
    return locked == Errno.OK
        ? Reply.Done.DONE
        : Reply.refused(locked, "a lock of inode " + lock.ino());
  }

  private void change(
      LiveSession session, ClientMessage.Request request, Change change, Need need) {
    Change.BlockWish wish = wishOf(change);
    ChunkServers.Placement placement =
        wish == null ? new ChunkServers.Placement(List.of(), true) : place(wish);
    if (placement.servers().isEmpty() && change instanceof Change.AllocateBlock) {
      if (!placement.enough()) {
        answer(
            session,
            request,
            Reply.refused(
                Errno.EAGAIN,
                "too few chunk servers are here for as many copies as writing needs, those that"
                    + " are drained aside"));
        return;
      }
      if (reports.makesRoom()) {
        answer(
            session,
            request,
            Reply.refused(Errno.EBUSY, "the chunk servers are full, and room is being made"));
        return;
      }
    }
    Caller caller = session.callerOf(request.caller());
    Proposal proposal =
        new Proposal(
            session.id,
            request.slot(),
            request.sequence(),
            caller,
            placement.servers(),
            entitlement.known(session, change));
    Upkeep keeping =
        change instanceof Change.RemoveSnapshot removal ? looks.keeping(caller, removal) : null;
    if (keeping == null) {
      propose(session, request, change, need, proposal);
    } else {
      log.propose(
          Proposal.upkeep(keeping),
          (reply, failure) -> {
            if (failure != null) {
              over(session, need);
              failed(session, failure);
            } else if (reply instanceof Reply.Refused) {
              over(session, need);
              answer(session, request, reply);
            } else {
              propose(session, request, change, need, proposal);
            }
          });
    }
  }

  private void propose(
      LiveSession session,
      ClientMessage.Request request,
      Change change,
      Need need,
      Proposal proposal) {
    log.propose(
        proposal,
        (reply, failure) -> {
          over(session, need);
          if (failure != null) {
            failed(session, failure);
          } else {
            Reply done = reply instanceof Reply.Refused ? done(session, request) : null;
            changed(
                session,
                request,
                change,
                done == null || done instanceof Reply.Refused
                    ? answers.complete(requireNonNull(reply), session)
                    : done);
          }
        });
  }

  /** What the log cannot know of a change of servers. */
  private @Nullable Reply objection(Change change) {
    if (!(change instanceof Change.ForgetServer forget)) {
      return null;
    }
    if (servers.isHere(forget.server())) {
      return Reply.refused(
          Errno.EBUSY, "chunk server " + forget.server() + " is here: drain it, then stop it");
    }
    long last = reports.lastCopies(forget.server());
    if (last < 0) {
      return Reply.refused(
          Errno.EBUSY,
          "whether chunk server %d has a last copy is not known yet: ask again in some seconds"
              .formatted(forget.server()));
    }
    return last == 0
        ? null
        : Reply.refused(
            Errno.EBUSY,
            "chunk server %d has the last copy of %d blocks".formatted(forget.server(), last));
  }

  /** The block that a change asks for; null: none. */
  private static Change.@Nullable BlockWish wishOf(Change change) {
    return switch (change) {
      case Change.AllocateBlock allocate -> allocate.wish();
      case Change.Commit commit -> commit.next();
      default -> null;
    };
  }

  private ChunkServers.Placement place(Change.BlockWish wish) {
    int copies = wish.copies() > 0 ? wish.copies() : namespace.survey().copies();
    return servers.place(copies, wish.copiesMin(), Set.copyOf(wish.suspects()));
  }

  /** Nobody knows whether it took effect: the stream ends, and the client asks again. */
  private void failed(LiveSession session, Throwable failure) {
    if (failure instanceof LogUnavailableException) {
      LOG.warn("an operation of session {} is lost: {}", session.id, failure.getMessage());
    } else {
      LOG.error("an operation of session {} failed", session.id, failure);
    }
    answered.increment();
    var link = session.link();
    if (link != null) {
      link.close();
    }
  }

  /**
   * Before the changer hears of it, whoever has the inode open has forgotten what it was. After the
   * change was applied: who reads in between would keep what is old.
   */
  private void changed(
      LiveSession session, ClientMessage.Request request, Change change, Reply reply) {
    long ino =
        switch (change) {
          case Change.Commit c -> c.ino();
          case Change.SetAttributes c -> c.ino();
          case Change.Restore c -> c.ino();
          case Change.CreateFile c -> opened(session, request, c, reply);
          default -> 0;
        };
    CompletableFuture<Boolean> forgotten =
        ino == 0 || reply instanceof Reply.Refused
            ? CompletableFuture.completedFuture(true)
            : lease.invalidate(session, ino, 0);
    VolumeLease.after(forgotten, () -> answer(session, request, reply));
  }

  private long opened(
      LiveSession session, ClientMessage.Request request, Change.CreateFile change, Reply reply) {
    if (change.open() && reply instanceof Reply.Entry entry) {
      int access = entitlement.made(session, entry.attributes());
      session.opened(request, entry.attributes().ino(), access);
    }
    return 0;
  }
}

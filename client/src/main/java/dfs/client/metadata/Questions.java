package dfs.client.metadata;

import dfs.protocol.seam.Time;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.ServerMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the server asks of the file layer beside the lease: each question on a thread of its own, in
 * no order. It may wait in the kernel for pages to be written back, which would hold up a virtual
 * thread's carrier, and with it whoever writes them. Without a file layer nothing is cached and
 * nothing is in use. Thread-safe.
 */
final class Questions {
  private static final Logger LOG = LoggerFactory.getLogger(Questions.class);

  /** Questions under way; a server waits for its answers, so it has never that many open. */
  static final int QUESTIONS_MAX = 4096;

  private final Lease lease;
  private final AtomicInteger underWay = new AtomicInteger();
  private final ExecutorService threads;

  Questions(Lease lease, Time time) {
    this.lease = lease;
    this.threads = time.threads("dfs-question");
  }

  /** Inodes that are open here, claimed again on a new stream. */
  List<ClientMessage.Opening> open() {
    LeaseListener listener = lease.listener();
    if (listener == null) {
      return List.of();
    }
    List<ClientMessage.Opening> open = new ArrayList<>();
    listener.open().forEach((ino, opens) -> open.add(new ClientMessage.Opening(ino, opens)));
    return open;
  }

  /** Locks that are held here, claimed again on a new stream. */
  List<ClientMessage.Locked> locks() {
    LeaseListener listener = lease.listener();
    return listener == null ? List.of() : listener.locks();
  }

  /** Instants of the past at which somebody looks, said with each greeting and heartbeat. */
  List<Long> instants() {
    LeaseListener listener = lease.listener();
    return listener == null ? List.of() : listener.instants();
  }

  /** Who waits for a lock asks again. */
  void lockFree(long ino) {
    LeaseListener listener = lease.listener();
    if (listener != null) {
      listener.lockFree(ino);
    }
  }

  /** False if there are too many. */
  boolean invalidate(ServerMessage.Invalidate what, Consumer<Boolean> acknowledge) {
    return ask(
        listener ->
            listener.invalidate(
                what.ino(), what.fromOffset(), what.parent(), what.name(), what.gone()),
        acknowledge);
  }

  /** False if there are too many. */
  boolean inUse(long ino, Consumer<Boolean> acknowledge) {
    return ask(listener -> listener.inUse(ino), acknowledge);
  }

  private boolean ask(Predicate<LeaseListener> question, Consumer<Boolean> acknowledge) {
    LeaseListener listener = lease.listener();
    if (listener == null) {
      acknowledge.accept(false);
      return true;
    }
    if (underWay.incrementAndGet() > QUESTIONS_MAX) {
      underWay.decrementAndGet();
      return false;
    }
    threads.execute(() -> answer(question, listener, acknowledge));
    return true;
  }

  /** What failed is not acknowledged: the server fences us rather than trust us. */
  private void answer(
      Predicate<LeaseListener> question, LeaseListener listener, Consumer<Boolean> acknowledge) {
    try {
      acknowledge.accept(question.test(listener));
    } catch (RuntimeException e) {
      LOG.error("a question of the server could not be answered", e);
    } finally {
      underWay.decrementAndGet();
    }
  }
}

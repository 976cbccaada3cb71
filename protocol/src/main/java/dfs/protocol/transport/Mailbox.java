package dfs.protocol.transport;

import dfs.protocol.seam.Link;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers messages to one receiver: one at a time, in order, the end last and once. Who puts a
 * message while nobody delivers, delivers on its own thread, so that a message costs no thread
 * hand-off; who puts one meanwhile leaves it to the one who does. No lock is held while the
 * receiver runs, hence two receivers that send to each other cannot block one another.
 *
 * <p>Thread-safe. A sender must not hold a lock that any receiver on its thread's way may need.
 */
final class Mailbox<M> {
  private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);

  /** Messages that may wait; a receiver this far behind has stopped receiving. */
  static final int MESSAGES_MAX = 8192;

  /** Messages of others that one thread delivers after its own, before somebody else must. */
  private static final int OTHERS_MAX = 16;

  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<M> queue = new ArrayDeque<>();

  /** Somebody delivers, or nobody may yet. */
  private boolean draining = true;

  private @Nullable String endReason;
  private boolean endDelivered;
  private Link.@Nullable Receiver<M> receiver;
  private @Nullable Consumer<String> failed;

  /**
   * Begins to deliver. What has come until now is delivered on another thread, so that the caller's
   * own state can be complete first.
   *
   * @param failed is told, once, why the link must end when the receiver fails
   */
  void start(Link.Receiver<M> receiver, Consumer<String> failed) {
    lock.lock();
    try {
      if (this.receiver != null) {
        throw new IllegalStateException("already started");
      }
      this.receiver = receiver;
      this.failed = failed;
      if (queue.isEmpty() && endReason == null) {
        draining = false;
        return;
      }
    } finally {
      lock.unlock();
    }
    handOver();
  }

  /** Takes a message and sees to its delivery; false if there is no room. Ignored after the end. */
  boolean put(M message) {
    lock.lock();
    try {
      if (endReason != null) {
        return true;
      }
      if (queue.size() >= MESSAGES_MAX) {
        return false;
      }
      queue.add(message);
      if (draining) {
        return true;
      }
      draining = true;
    } finally {
      lock.unlock();
    }
    drain();
    return true;
  }

  /**
   * Nothing comes any more: the receiver hears it after what waits, or at once if that is dropped.
   */
  void end(String reason, boolean dropWaiting) {
    lock.lock();
    try {
      if (dropWaiting) {
        queue.clear();
      }
      if (endReason != null) {
        return;
      }
      endReason = reason;
      if (draining) {
        return;
      }
      draining = true;
    } finally {
      lock.unlock();
    }
    drain();
  }

  private void handOver() {
    Thread.ofVirtual().name("dfs-mailbox").start(this::drain);
  }

  /** Called by the one who set {@code draining}. */
  private void drain() {
    for (int delivered = 0; ; delivered++) {
      M message;
      String reason;
      Link.Receiver<M> to;
      lock.lock();
      try {
        message = queue.poll();
        reason = endReason;
        to = Objects.requireNonNull(receiver);
        if (message == null && (reason == null || endDelivered)) {
          draining = false;
          return;
        }
        if (message != null && delivered > OTHERS_MAX) {
          queue.addFirst(message);
          handOver();
          return;
        }
        endDelivered = message == null;
      } finally {
        lock.unlock();
      }
      deliver(to, message, reason);
    }
  }

  private void deliver(Link.Receiver<M> to, @Nullable M message, @Nullable String reason) {
    try {
      if (message != null) {
        to.receive(message);
      } else {
        to.closed(Objects.requireNonNull(reason));
      }
    } catch (RuntimeException | Error e) {
      // Not the sender's fault, on whose thread this is: it must neither see it nor stop others.
      LOG.error("the receiver of a stream failed", e);
      Objects.requireNonNull(failed).accept("the receiver failed");
      if (e instanceof Error) {
        Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
      }
    }
  }
}

package dfs.client.metadata;

import dfs.protocol.Limits;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Link;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.ServerMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The operations under way. A slot has one at a time, and its sequence grows by one with each; the
 * server remembers the last answer of a slot, so that the same operation sent again over a new
 * stream is answered, not run again. Callers beyond the slots wait. No lock is held while anything
 * is sent. Thread-safe.
 */
final class Slots {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition slotFree = lock.newCondition();
  private final Slot[] slots = new Slot[Limits.SESSION_SLOTS];

  /** Last in, first out: what is used again soon is in the server's caches. */
  private final ArrayDeque<Slot> free = new ArrayDeque<>();

  private @Nullable Link<ClientMessage> live;
  private @Nullable String ended;

  /** One slot; guarded by the lock. */
  private static final class Slot {
    final int index;
    long sequence;
    @Nullable Pending current;

    Slot(int index) {
      this.index = index;
    }
  }

  /** An operation of which the answer is awaited by the thread that made this. */
  private static final class Pending {
    final Thread waiter = Thread.currentThread();
    final ClientMessage.Request request;

    /** The stream to send on, null if there is none: then it is sent when there is one. */
    final @Nullable Link<ClientMessage> link;

    /** A reply; or why there is none: as text the end of the session, or the message's fault. */
    volatile @Nullable Object outcome;

    Pending(ClientMessage.Request request, @Nullable Link<ClientMessage> link) {
      this.request = request;
      this.link = link;
    }

    void complete(Object result) {
      outcome = result;
      if (!waiter.equals(Thread.currentThread())) {
        LockSupport.unpark(waiter);
      }
    }
  }

  Slots() {
    for (int i = slots.length - 1; i >= 0; i--) {
      slots[i] = new Slot(i);
      free.push(slots[i]);
    }
  }

  /**
   * Sends an operation and waits for its answer, however long that takes; interrupts are kept for
   * later.
   */
  Reply call(Caller caller, Operation operation, long asOfNanos) throws SessionEndedException {
    Pending pending = begin(caller, operation, asOfNanos);
    if (pending.link != null) {
      send(pending.request, pending.link);
    }
    boolean interrupted = false;
    Object outcome = pending.outcome;
    while (outcome == null) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
      outcome = pending.outcome;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return switch (outcome) {
      case Reply reply -> reply;
      case IllegalArgumentException fault ->
          throw new IllegalArgumentException("the operation can't be sent", fault);
      default -> throw new SessionEndedException(outcome.toString());
    };
  }

  private Pending begin(Caller caller, Operation operation, long asOfNanos)
      throws SessionEndedException {
    lock.lock();
    try {
      while (free.isEmpty() && ended == null) {
        slotFree.awaitUninterruptibly();
      }
      if (ended != null) {
        throw new SessionEndedException(ended);
      }
      Slot slot = free.element();
      ClientMessage.Request request =
          new ClientMessage.Request(slot.index, slot.sequence + 1, asOfNanos, caller, operation);
      free.pop();
      slot.sequence++;
      slot.current = new Pending(request, live);
      return slot.current;
    } finally {
      lock.unlock();
    }
  }

  /** A message that can't be sent at all never reached the server: its number is used again. */
  private void send(ClientMessage.Request request, Link<ClientMessage> link) {
    try {
      link.send(request);
    } catch (IllegalArgumentException e) {
      Pending pending = settle(request.slot(), request.sequence(), true);
      if (pending != null) {
        pending.complete(e);
      }
    }
  }

  /** The slot is free again; null if it does not have this operation, or not any more. */
  private @Nullable Pending settle(int index, long sequence, boolean unsent) {
    if (index < 0 || index >= slots.length) {
      return null;
    }
    lock.lock();
    try {
      Slot slot = slots[index];
      Pending pending = slot.current;
      if (pending == null || slot.sequence != sequence) {
        return null;
      }
      slot.current = null;
      if (unsent) {
        slot.sequence--;
      }
      free.push(slot);
      slotFree.signal();
      return pending;
    } finally {
      lock.unlock();
    }
  }

  /** An answer came; one that nobody waits for, or not any more, is ignored. */
  void answered(ServerMessage.Answer answer) {
    Pending pending = settle(answer.slot(), answer.sequence(), false);
    if (pending != null) {
      pending.complete(answer.reply());
    }
  }

  /** A stream is open: what is under way goes over it, and all that comes. */
  void resume(Link<ClientMessage> link) {
    List<ClientMessage.Request> again = new ArrayList<>();
    lock.lock();
    try {
      live = link;
      for (Slot slot : slots) {
        if (slot.current != null) {
          again.add(slot.current.request);
        }
      }
    } finally {
      lock.unlock();
    }
    again.forEach(request -> send(request, link));
  }

  /** This stream broke: new operations wait for the next, if it is not there already. */
  void suspend(Link<ClientMessage> broken) {
    lock.lock();
    try {
      if (broken.equals(live)) {
        live = null;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Nothing is answered any more: all who wait, and all who come, hear this reason. */
  void end(String reason) {
    List<Pending> lost = new ArrayList<>();
    lock.lock();
    try {
      if (ended != null) {
        return;
      }
      ended = reason;
      live = null;
      for (Slot slot : slots) {
        if (slot.current != null) {
          lost.add(slot.current);
          slot.current = null;
        }
      }
      slotFree.signalAll();
    } finally {
      lock.unlock();
    }
    lost.forEach(pending -> pending.complete(reason));
  }
}

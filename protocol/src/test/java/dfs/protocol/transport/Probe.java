package dfs.protocol.transport;

import dfs.protocol.seam.Link;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A receiver that remembers what came, and notices what a transport must never do. */
final class Probe<M> implements Link.Receiver<M> {
  static final long PATIENCE_SECONDS = 20;

  private final LinkedBlockingQueue<M> received = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<String> ends = new LinkedBlockingQueue<>();
  private final AtomicInteger inside = new AtomicInteger();
  private final List<String> wrong = new ArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Consumer<M> then = message -> {};

  /** What to do with each message, on the thread that delivers it. */
  Probe<M> then(Consumer<M> action) {
    then = action;
    return this;
  }

  @Override
  public void receive(M message) {
    enter("receive");
    received.add(message);
    then.accept(message);
    inside.decrementAndGet();
  }

  @Override
  public void closed(String reason) {
    enter("closed");
    ends.add(reason);
    closed.countDown();
    inside.decrementAndGet();
  }

  private void enter(String what) {
    if (inside.incrementAndGet() != 1) {
      complain(what + " while another call was under way");
    }
    if (!ends.isEmpty()) {
      complain(what + " after closed");
    }
  }

  private synchronized void complain(String what) {
    wrong.add(what);
  }

  /** Complaints so far: none if the transport behaved. */
  synchronized List<String> wrong() {
    return List.copyOf(wrong);
  }

  M next() throws InterruptedException {
    M message = received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (message == null) {
      throw new AssertionError("no message came");
    }
    return message;
  }

  List<M> next(int count) throws InterruptedException {
    List<M> messages = new ArrayList<>();
    while (messages.size() < count) {
      messages.add(next());
    }
    return messages;
  }

  int waiting() {
    return received.size();
  }

  /** The reason the stream ended with. */
  String end() throws InterruptedException {
    if (!closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("the stream did not end");
    }
    return ends.peek();
  }
}

package dfs.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.seam.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class InProcessTransportTest extends TransportContract {
  private static final AtomicInteger NEXT = new AtomicInteger();

  private final InProcessTransport transport = new InProcessTransport();

  @Override
  Transport transport() {
    return transport;
  }

  @Override
  String freeAddress() {
    return "local:test-" + NEXT.incrementAndGet();
  }

  @Test
  void aMessageCostsNoThreadHop() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    Link<Note> link = transport.connect(listener.address(), NOTES, probe());
    Accepted server = nextAccepted();
    List<Thread> deliverers = new ArrayList<>();
    server.probe().then(message -> deliverers.add(Thread.currentThread()));
    link.send(note(0, 1));
    assertThat(deliverers).containsExactly(Thread.currentThread());
    assertThat(link.peer()).isEqualTo(Peer.LOCAL);
  }

  @Test
  void aSenderIsNotKeptForOthers() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    Link<Note> link = transport.connect(listener.address(), NOTES, probe());
    Accepted server = nextAccepted();
    AtomicInteger mine = new AtomicInteger();
    Thread self = Thread.currentThread();
    // Each message brings the next one: whoever delivers all of them never comes back.
    server
        .probe()
        .then(
            message -> {
              if (Thread.currentThread().equals(self)) {
                mine.incrementAndGet();
              }
              if (message.number() < 200) {
                link.send(note(0, message.number() + 1));
              }
            });
    link.send(note(0, 0));
    assertThat(server.probe().next(201)).hasSize(201);
    assertThat(mine.get()).isBetween(1, 20);
  }

  @Test
  void aReceiverThatFallsBehindLosesTheLink() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    Probe<Note> client = probe();
    Link<Note> link = transport.connect(listener.address(), NOTES, client);
    Accepted server = nextAccepted();
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    server
        .probe()
        .then(
            message -> {
              stuck.countDown();
              awaitQuietly(go);
            });
    Thread first = Thread.ofVirtual().start(() -> link.send(note(0, 0)));
    stuck.await();
    for (int i = 0; i <= Mailbox.MESSAGES_MAX; i++) {
      link.send(note(0, i));
    }
    assertThat(client.end()).contains("not received");
    go.countDown();
    first.join();
    assertThat(server.probe().end()).contains("not received");
    assertThat(server.probe().waiting()).as("delivered").isEqualTo(1);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

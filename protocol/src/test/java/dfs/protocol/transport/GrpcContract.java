package dfs.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.seam.Link;
import dfs.protocol.seam.Transport;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What streams between processes keep beyond the contract of all transports. */
abstract class GrpcContract extends TransportContract {
  /** Shared by all tests; its threads are daemons and go with the process. */
  static final Transports TRANSPORT = new Transports();

  @Override
  Transport transport() {
    return TRANSPORT;
  }

  @Test
  void aPeerThatIsKilledEndsTheStream() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    Process peer = ConnectingProcess.start(listener.address());
    Accepted server;
    try {
      server = nextAccepted();
      assertThat(server.probe().next()).isEqualTo(note(9, 9));
    } finally {
      peer.destroyForcibly().waitFor();
    }
    assertThat(server.probe().end()).isNotEmpty();
    server.link().send(note(0, 1));
  }

  @Test
  void aReceiverThatIsSlowIsWaitedFor() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    Probe<Note> client = probe();
    CountDownLatch go = new CountDownLatch(1);
    client.then(message -> awaitQuietly(go));
    transport().connect(listener.address(), NOTES, client);
    Link<Note> server = nextAccepted().link();
    // More than sockets and windows take: it must wait at the sender, and lose nothing.
    ByteString body = ByteString.copyFrom(new byte[1 << 20]);
    for (int i = 0; i < 32; i++) {
      server.send(new Note(0, i, body));
    }
    go.countDown();
    for (int i = 0; i < 32; i++) {
      assertThat(client.next().number()).isEqualTo(i);
    }
  }

  @Test
  void aReceiverThatNeverReceivesLosesTheLink() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    Probe<Note> client = probe();
    CountDownLatch go = new CountDownLatch(1);
    client.then(message -> awaitQuietly(go));
    transport().connect(listener.address(), NOTES, client);
    Accepted server = nextAccepted();
    ByteString body = ByteString.copyFrom(new byte[1 << 20]);
    for (int i = 0; i < 100; i++) {
      server.link().send(new Note(0, i, body));
    }
    assertThat(server.probe().end()).contains("not received");
    go.countDown();
    assertThat(client.end()).isNotEmpty();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

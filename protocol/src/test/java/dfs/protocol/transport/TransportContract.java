package dfs.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.protocol.seam.Link;
import dfs.protocol.seam.Transport;
import dfs.protocol.wire.RecordCodec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every transport keeps; each has a subclass that says how to get one and at what address. */
@Timeout(60)
abstract class TransportContract {
  static final Transport.Protocol<Note, Note> NOTES =
      new Transport.Protocol<>(
          "dfs.test.Notes", RecordCodec.of(Note.class), RecordCodec.of(Note.class));
  static final Transport.Protocol<Note, Note> OTHERS =
      new Transport.Protocol<>(
          "dfs.test.Others", RecordCodec.of(Note.class), RecordCodec.of(Note.class));

  private static final int LARGE_BYTES = 3 << 20;

  /** An accepted stream: where to send and what came. */
  record Accepted(Link<Note> link, Probe<Note> probe) {}

  final LinkedBlockingQueue<Accepted> accepted = new LinkedBlockingQueue<>();
  private final List<Probe<Note>> probes = new ArrayList<>();
  private final List<AutoCloseable> resources = new ArrayList<>();

  abstract Transport transport();

  /** An address nobody listens on, fit for listening. */
  abstract String freeAddress();

  static Note note(int sender, int number) {
    return new Note(sender, number, ByteString.EMPTY);
  }

  synchronized Probe<Note> probe() {
    Probe<Note> probe = new Probe<>();
    probes.add(probe);
    return probe;
  }

  <T extends AutoCloseable> T track(T resource) {
    resources.add(resource);
    return resource;
  }

  Link.Receiver<Note> accept(Link<Note> link) {
    Probe<Note> probe = probe();
    accepted.add(new Accepted(link, probe));
    return probe;
  }

  Transport.Listener listen(String address) throws IOException {
    return track(
        transport().listen(address, List.of(new Transport.Service<>(NOTES, this::accept))));
  }

  Accepted nextAccepted() throws InterruptedException {
    Accepted next = accepted.poll(Probe.PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(next).as("an accepted stream").isNotNull();
    return next;
  }

  @AfterEach
  void nothingWentWrong() throws Exception {
    for (AutoCloseable resource : resources) {
      resource.close();
    }
    for (Probe<Note> probe : probes) {
      assertThat(probe.wrong()).isEmpty();
    }
  }

  @Test
  void messagesGoBothWaysInOrder() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    Probe<Note> client = probe();
    Link<Note> link = transport().connect(listener.address(), NOTES, client);
    Accepted server = nextAccepted();
    List<Note> sent = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      sent.add(note(0, i));
      link.send(note(0, i));
      server.link().send(note(0, i));
    }
    assertThat(server.probe().next(2000)).isEqualTo(sent);
    assertThat(client.next(2000)).isEqualTo(sent);
  }

  @Test
  void theAcceptorMaySpeakFirst() throws Exception {
    Transport.Listener listener =
        track(
            transport()
                .listen(
                    freeAddress(),
                    List.of(
                        new Transport.Service<>(
                            NOTES,
                            link -> {
                              link.send(note(7, 1));
                              return accept(link);
                            }))));
    Thread connecting = Thread.currentThread();
    List<Thread> deliverers = new ArrayList<>();
    Probe<Note> client = probe().then(message -> deliverers.add(Thread.currentThread()));
    transport().connect(listener.address(), NOTES, client);
    assertThat(client.next()).isEqualTo(note(7, 1));
    assertThat(deliverers).doesNotContain(connecting);
  }

  @Test
  void sendersAtOnceKeepTheirOrder() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    Link<Note> link = transport().connect(listener.address(), NOTES, probe());
    Accepted server = nextAccepted();
    List<Thread> senders = new ArrayList<>();
    for (int sender = 0; sender < 8; sender++) {
      int id = sender;
      senders.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    for (int i = 0; i < 500; i++) {
                      link.send(note(id, i));
                    }
                  }));
    }
    Map<Integer, Integer> expected = new HashMap<>();
    for (Note note : server.probe().next(8 * 500)) {
      assertThat(note.number()).isEqualTo(expected.getOrDefault(note.sender(), 0));
      expected.put(note.sender(), note.number() + 1);
    }
    for (Thread thread : senders) {
      thread.join();
    }
  }

  @Test
  void receiversMayAnswerFromInside() throws Exception {
    Transport.Listener listener =
        track(
            transport()
                .listen(
                    freeAddress(),
                    List.of(
                        new Transport.Service<>(
                            NOTES,
                            link ->
                                probe().then(m -> link.send(note(m.sender(), m.number() + 1)))))));
    Probe<Note> client = probe();
    LinkedBlockingQueue<Link<Note>> self = new LinkedBlockingQueue<>();
    client.then(
        message -> {
          if (message.number() < 1000) {
            self.element().send(note(0, message.number() + 1));
          }
        });
    Link<Note> link = transport().connect(listener.address(), NOTES, client);
    self.add(link);
    link.send(note(0, 0));
    assertThat(client.next(501).getLast().number()).isEqualTo(1001);
  }

  @Test
  void largeMessagesArriveWhole() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    Probe<Note> client = probe();
    Link<Note> link = transport().connect(listener.address(), NOTES, client);
    Accepted server = nextAccepted();
    byte[] body = new byte[LARGE_BYTES];
    for (int i = 0; i < body.length; i++) {
      body[i] = (byte) ((i * 31) >> 3);
    }
    for (int i = 0; i < 5; i++) {
      Note large = new Note(1, i, ByteString.copyFrom(body));
      link.send(large);
      server.link().send(large);
      assertThat(server.probe().next().equals(large)).isTrue();
      assertThat(client.next().equals(large)).isTrue();
    }
  }

  @Test
  void theConnectingSideCloses() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    Probe<Note> client = probe();
    Link<Note> link = transport().connect(listener.address(), NOTES, client);
    Accepted server = nextAccepted();
    link.send(note(0, 1));
    link.close();
    link.close();
    link.send(note(0, 2));
    assertThat(client.end()).isNotEmpty();
    assertThat(server.probe().end()).isNotEmpty();
    assertThat(server.probe().next()).as("sent before the close").isEqualTo(note(0, 1));
    assertThat(server.probe().waiting()).isZero();
    server.link().send(note(0, 3));
    assertThat(client.waiting()).isZero();
  }

  @Test
  void theAcceptingSideCloses() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    Probe<Note> client = probe();
    Link<Note> link = transport().connect(listener.address(), NOTES, client);
    Accepted server = nextAccepted();
    server.link().send(note(0, 1));
    server.link().close();
    server.link().close();
    server.link().send(note(0, 2));
    assertThat(server.probe().end()).isNotEmpty();
    assertThat(client.end()).isNotEmpty();
    assertThat(client.next()).as("sent before the close").isEqualTo(note(0, 1));
    assertThat(client.waiting()).isZero();
    link.send(note(0, 3));
    assertThat(server.probe().waiting()).isZero();
  }

  @Test
  void bothSidesCloseAtOnce() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    for (int round = 0; round < 20; round++) {
      Probe<Note> client = probe();
      Link<Note> link = transport().connect(listener.address(), NOTES, client);
      Accepted server = nextAccepted();
      Thread other = Thread.ofVirtual().start(server.link()::close);
      link.close();
      other.join();
      assertThat(client.end()).isNotEmpty();
      assertThat(server.probe().end()).isNotEmpty();
    }
  }

  @Test
  void aReceiverMayCloseItsOwnLink() throws Exception {
    Transport.Listener listener =
        track(
            transport()
                .listen(
                    freeAddress(),
                    List.of(
                        new Transport.Service<>(
                            NOTES,
                            link -> {
                              Probe<Note> probe = probe().then(message -> link.close());
                              accepted.add(new Accepted(link, probe));
                              return probe;
                            }))));
    Probe<Note> client = probe();
    Link<Note> link = transport().connect(listener.address(), NOTES, client);
    link.send(note(0, 1));
    assertThat(client.end()).isNotEmpty();
    Accepted server = nextAccepted();
    assertThat(server.probe().end()).isNotEmpty();
    assertThat(server.probe().next(1)).containsExactly(note(0, 1));
  }

  @Test
  void aReceiverThatFailsEndsTheStream() throws Exception {
    Transport.Listener listener =
        track(
            transport()
                .listen(
                    freeAddress(),
                    List.of(
                        new Transport.Service<>(
                            NOTES,
                            link ->
                                new Link.Receiver<>() {
                                  @Override
                                  public void receive(Note message) {
                                    throw new IllegalArgumentException("refused by the test");
                                  }

                                  @Override
                                  public void closed(String reason) {}
                                }))));
    Probe<Note> client = probe();
    Link<Note> link = transport().connect(listener.address(), NOTES, client);
    link.send(note(0, 1));
    assertThat(client.end()).isNotEmpty();
  }

  @Test
  void streamsEndWithTheirListener() throws Exception {
    String address = freeAddress();
    Transport.Listener listener = listen(address);
    Probe<Note> client = probe();
    Link<Note> link = transport().connect(listener.address(), NOTES, client);
    Accepted server = nextAccepted();
    listener.close();
    listener.close();
    assertThat(client.end()).isNotEmpty();
    assertThat(server.probe().end()).isNotEmpty();
    link.send(note(0, 1));
    assertThatThrownBy(() -> transport().connect(listener.address(), NOTES, probe()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void anAddressIsFreeAgainAfterItsListener() throws Exception {
    Transport.Listener first = listen(freeAddress());
    first.close();
    Transport.Listener second = listen(first.address());
    Link<Note> link = transport().connect(second.address(), NOTES, probe());
    link.send(note(0, 1));
    assertThat(nextAccepted().probe().next()).isEqualTo(note(0, 1));
  }

  @Test
  void nobodyListens() {
    assertThatThrownBy(() -> transport().connect(freeAddress(), NOTES, probe()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void anAddressHasOneListener() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    assertThatThrownBy(() -> listen(listener.address())).isInstanceOf(IOException.class);
    Link<Note> link = transport().connect(listener.address(), NOTES, probe());
    link.send(note(0, 1));
    assertThat(nextAccepted().probe().next()).isEqualTo(note(0, 1));
  }

  @Test
  void aProtocolThatIsNotServed() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    assertThatThrownBy(() -> transport().connect(listener.address(), OTHERS, probe()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void manyStreamsAtOnce() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    List<Link<Note>> links = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      links.add(transport().connect(listener.address(), NOTES, probe()));
    }
    for (int i = 0; i < links.size(); i++) {
      links.get(i).send(note(i, 0));
    }
    List<Integer> seen = new ArrayList<>();
    for (int i = 0; i < links.size(); i++) {
      seen.add(nextAccepted().probe().next().sender());
    }
    assertThat(seen).doesNotHaveDuplicates().hasSize(20);
  }
}

package dfs.client.metadata;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Query;
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
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of a session as a test wants it: greets, answers heartbeats, and leaves the
 * rest to the test.
 */
final class ScriptedServer implements AutoCloseable {
  static final String ADDRESS = "local:metadata";
  static final ByteString NONCE = ByteString.copyFrom(new byte[KeyProof.NONCE_BYTES]);
  static final long SESSION = 41;
  private static final long PATIENCE_SECONDS = 20;
  private static final int ATTEMPT_STEPS = 200;
  private static final long ATTEMPT_MILLIS = 25;

  final BlockingQueue<ClientMessage.Hello> hellos = new LinkedBlockingQueue<>();
  final BlockingQueue<ClientMessage.Request> requests = new LinkedBlockingQueue<>();
  final BlockingQueue<ClientMessage.Heartbeat> heartbeats = new LinkedBlockingQueue<>();
  final BlockingQueue<ClientMessage.Acknowledge> acknowledges = new LinkedBlockingQueue<>();
  final BlockingQueue<ClientMessage.Goodbye> goodbyes = new LinkedBlockingQueue<>();
  final BlockingQueue<ClientMessage.Begin> begins = new LinkedBlockingQueue<>();

  /** What it shows to who asks for it; empty: nothing. */
  volatile ByteString key = ByteString.EMPTY;

  /** What greets a client; null: nothing does. */
  volatile @Nullable Function<ClientMessage.Hello, ServerMessage> greeting;

  /** What answers a request at once; null: the test does later. */
  volatile @Nullable Function<ClientMessage.Request, Reply> answering;

  volatile boolean answersHeartbeats = true;
  volatile LeaseMode grants = LeaseMode.NONE;
  volatile long leaderNanos = 1_000_000_000L;

  private final Transport transport;
  private final Time time;
  private final String address;
  private Transport.Listener listener;
  volatile @Nullable Link<ServerMessage> link;

  ScriptedServer(Transport transport, ManualTime time) throws IOException {
    this(transport, time, ADDRESS);
  }

  ScriptedServer(Transport transport, Time time, String address) throws IOException {
    this.transport = transport;
    this.time = time;
    this.address = address;
    this.greeting = this::welcome;
    this.listener = listen();
  }

  private Transport.Listener listen() throws IOException {
    return transport.listen(
        address, List.of(new Transport.Service<>(Protocols.SESSION, this::accept)));
  }

  ServerMessage welcome(ClientMessage.Hello hello) {
    return new ServerMessage.Welcome(
        SESSION, 7, ByteString.copyFromUtf8("cluster"), now(), grants, 1, shown(hello));
  }

  /** Shows the key that it has. */
  ByteString shown(ClientMessage.Hello hello) {
    return key.isEmpty() ? key : KeyProof.TO_SESSION.of(key, NONCE, hello.nonce());
  }

  long now() {
    return leaderNanos + time.monotonicNanos();
  }

  private Link.Receiver<ClientMessage> accept(Link<ServerMessage> accepted) {
    link = accepted;
    accepted.send(new ServerMessage.Challenge(NONCE));
    return new Link.Receiver<>() {
      @Override
      public void receive(ClientMessage message) {
        ScriptedServer.this.receive(accepted, message);
      }

      @Override
      public void closed(String reason) {}
    };
  }

  private void receive(Link<ServerMessage> from, ClientMessage message) {
    switch (message) {
      case ClientMessage.Hello hello -> {
        Function<ClientMessage.Hello, ServerMessage> greets = greeting;
        if (greets != null) {
          from.send(greets.apply(hello));
        }
        // Last, so that who takes it knows that the greeting is on its way.
        hellos.add(hello);
      }
      case ClientMessage.Request request -> {
        requests.add(request);
        Function<ClientMessage.Request, Reply> answers = answering;
        if (answers != null) {
          from.send(
              new ServerMessage.Answer(request.slot(), request.sequence(), answers.apply(request)));
        }
      }
      case ClientMessage.Heartbeat heartbeat -> {
        heartbeats.add(heartbeat);
        if (answersHeartbeats) {
          from.send(new ServerMessage.HeartbeatAnswer(heartbeat.sentNanos(), now()));
        }
      }
      case ClientMessage.Acknowledge acknowledge -> acknowledges.add(acknowledge);
      case ClientMessage.Goodbye goodbye -> {
        goodbyes.add(goodbye);
        from.close();
      }
      case ClientMessage.Begin begin -> begins.add(begin);
    }
  }

  void send(ServerMessage message) {
    Link<ServerMessage> to = link;
    if (to == null) {
      throw new AssertionError("no client");
    }
    to.send(message);
  }

  /** Answers a request with the inode it asked for, so that answers can be told apart. */
  void answer(ClientMessage.Request request) {
    send(new ServerMessage.Answer(request.slot(), request.sequence(), reply(request)));
  }

  static Reply reply(ClientMessage.Request request) {
    long ino = ((Query.GetAttributes) request.operation()).ino();
    return new Reply.Session(ino, request.sequence());
  }

  /** The stream breaks; the next is welcome. */
  void breakLink() {
    Link<ServerMessage> broken = link;
    if (broken == null) {
      throw new AssertionError("no client");
    }
    broken.close();
  }

  void stop() {
    listener.close();
  }

  void restart() throws IOException {
    listener = listen();
  }

  /** The next hello: attempts wait for timers and are made by threads of their own. */
  ClientMessage.Hello nextHello(long stepMillis) throws InterruptedException {
    for (int step = 0; step < ATTEMPT_STEPS; step++) {
      ClientMessage.Hello hello = hellos.poll(ATTEMPT_MILLIS, TimeUnit.MILLISECONDS);
      if (hello != null) {
        return hello;
      }
      ((ManualTime) time).advance(stepMillis, TimeUnit.MILLISECONDS);
    }
    throw new AssertionError("no hello came");
  }

  static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
    T taken = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (taken == null) {
      throw new AssertionError("nothing came");
    }
    return taken;
  }

  @Override
  public void close() {
    listener.close();
  }
}

package dfs.client.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.KeyProof;
import dfs.protocol.session.LeaseMode;
import dfs.protocol.session.ServerMessage;
import dfs.protocol.transport.InProcessTransport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Operations, broken streams and the end of a session, against a scripted server. */
@Timeout(60)
class StreamSessionTest {
  private static final ByteString KEY = ByteString.copyFromUtf8("the cluster's key");
  private static final Reply LIE = new Reply.Session(-1, -1);

  private final InProcessTransport transport = new InProcessTransport();
  private final ManualTime time = new ManualTime();
  private ScriptedServer server;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer(transport, time);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private StreamSession open() throws IOException {
    return StreamSession.open(
        new StreamSession.Config(
            ScriptedServer.ADDRESS, ByteString.EMPTY, "host", true, Optional.empty()),
        transport,
        time,
        new Random(1));
  }

  private static <T> FutureTask<T> async(Callable<T> task) {
    FutureTask<T> future = new FutureTask<>(task);
    Thread.ofVirtual().start(future);
    return future;
  }

  private static FutureTask<Reply> call(StreamSession session, long ino) {
    return async(() -> session.call(Caller.ROOT, new Query.GetAttributes(ino)));
  }

  @Test
  void helloProvesTheClusterKey() throws Exception {
    server.key = KEY;
    try (StreamSession session = openWithKey()) {
      ClientMessage.Hello hello = ScriptedServer.take(server.hellos);
      assertThat(hello)
          .isEqualTo(
              new ClientMessage.Hello(
                  0,
                  0,
                  KeyProof.OF_SESSION.of(KEY, ScriptedServer.NONCE, hello.nonce()),
                  "box",
                  false,
                  LeaseMode.NONE,
                  List.of(),
                  0,
                  List.of(),
                  hello.nonce(),
                  true,
                  List.of()));
      assertThat(session.id()).isEqualTo(ScriptedServer.SESSION);
    }
    assertThat(server.goodbyes).hasSize(1);
  }

  private StreamSession openWithKey() throws IOException {
    return StreamSession.open(
        new StreamSession.Config(ScriptedServer.ADDRESS, KEY, "box", false, Optional.empty()),
        transport,
        time,
        new Random(1));
  }

  @Test
  void noSessionBeginsWithAServerThatHasNotShownTheKey() {
    for (String other : List.of("", "another key")) {
      server.key = ByteString.copyFromUtf8(other);
      assertThatThrownBy(this::openWithKey)
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(SessionEndedException.class)
          .hasMessageContaining("has not shown that it has the cluster key");
    }
    server.greeting =
        hello -> new ServerMessage.Welcome(1, 1, KEY, 0, LeaseMode.NONE, 1, proof(hello));
    assertThatThrownBy(this::openWithKey).hasMessageContaining("has not shown");
  }

  /** Given back what the client has shown. */
  private static ByteString proof(ClientMessage.Hello hello) {
    return hello.proof();
  }

  /** Somebody has taken its address while it was down. */
  @Test
  void noSessionEndsOrGoesOnWithAServerThatHasNotShownTheKey() throws Exception {
    server.key = KEY;
    try (StreamSession session = openWithKey()) {
      ClientMessage.Hello first = ScriptedServer.take(server.hellos);
      FutureTask<Reply> call = call(session, 5);
      ClientMessage.Request request = ScriptedServer.take(server.requests);
      List<Function<ClientMessage.Hello, ServerMessage>> lies =
          List.of(
              hello -> new ServerMessage.Fenced("you are over"),
              hello -> new ServerMessage.Fenced("you are over", server.shown(first)),
              hello -> new ServerMessage.Welcome(99, 1, KEY, 0, LeaseMode.EXCLUSIVE, 1),
              hello -> new ServerMessage.Answer(request.slot(), request.sequence(), LIE));
      for (Function<ClientMessage.Hello, ServerMessage> lie : lies) {
        server.greeting = lie;
        server.breakLink();
        ClientMessage.Hello hello = server.nextHello(50);
        assertThat(hello.session()).isEqualTo(ScriptedServer.SESSION);
        assertThat(hello.nonce()).isNotEqualTo(first.nonce());
      }
      assertThat(session.isOver()).isFalse();
      assertThat(call.isDone()).isFalse();
      server.greeting = server::welcome;
      server.breakLink();
      server.nextHello(50);
      server.answer(ScriptedServer.take(server.requests));
      assertThat(((Reply.Session) call.get()).id()).isEqualTo(5);
      server.greeting = hello -> new ServerMessage.Fenced("it is over", server.shown(hello));
      server.breakLink();
      server.nextHello(50);
      assertThatThrownBy(() -> session.call(Caller.ROOT, new Query.GetAttributes(1)))
          .isInstanceOf(SessionEndedException.class)
          .hasMessageContaining("it is over");
    }
  }

  @Test
  void aToolWithoutKeySendsNoProof() throws Exception {
    try (StreamSession session = open()) {
      assertThat(ScriptedServer.take(server.hellos).proof().isEmpty()).isTrue();
      assertThat(session.lease()).isEqualTo(LeaseMode.NONE);
    }
  }

  @Test
  void nobodyListens() {
    server.close();
    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nobody listens");
  }

  @Test
  void theServerRefuses() {
    server.greeting = hello -> new ServerMessage.Fenced("the proof is wrong");
    assertThatThrownBy(this::open)
        .isInstanceOf(SessionEndedException.class)
        .hasMessageContaining("the proof is wrong");
  }

  @Test
  void answersFindTheirCallersInAnyOrder() throws Exception {
    try (StreamSession session = open()) {
      List<FutureTask<Reply>> calls = new ArrayList<>();
      List<ClientMessage.Request> requests = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        calls.add(call(session, i));
        requests.add(ScriptedServer.take(server.requests));
      }
      Collections.reverse(requests);
      requests.forEach(server::answer);
      for (int i = 0; i < 10; i++) {
        assertThat(((Reply.Session) calls.get(i).get()).id()).isEqualTo(i);
      }
      assertThat(requests.stream().map(ClientMessage.Request::slot)).doesNotHaveDuplicates();
    }
  }

  @Test
  void aSlotCountsItsOperations() throws Exception {
    server.answering = ScriptedServer::reply;
    try (StreamSession session = open()) {
      for (int i = 1; i <= 5; i++) {
        assertThat(session.call(Caller.ROOT, new Query.GetAttributes(i)))
            .isEqualTo(new Reply.Session(i, i));
      }
      assertThat(server.requests.stream().map(ClientMessage.Request::slot).distinct()).hasSize(1);
      Reply past = session.callAsOf(Caller.ROOT, new Query.GetAttributes(6), 99);
      assertThat(past).isEqualTo(new Reply.Session(6, 6));
      assertThat(server.requests.stream().map(ClientMessage.Request::asOfNanos).toList())
          .isEqualTo(List.of(0L, 0L, 0L, 0L, 0L, 99L));
    }
  }

  @Test
  void callersBeyondTheSlotsWait() throws Exception {
    try (StreamSession session = open()) {
      List<FutureTask<Reply>> calls = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        calls.add(call(session, i));
      }
      Set<Integer> busy = new HashSet<>();
      List<ClientMessage.Request> open = new ArrayList<>();
      for (int i = 0; i < Limits.SESSION_SLOTS; i++) {
        ClientMessage.Request request = ScriptedServer.take(server.requests);
        assertThat(busy.add(request.slot())).as("one operation in a slot").isTrue();
        open.add(request);
      }
      long[] sequences = new long[Limits.SESSION_SLOTS];
      int answered = 0;
      while (!open.isEmpty()) {
        assertThat(server.requests).as("beyond the slots").isEmpty();
        ClientMessage.Request request = open.removeFirst();
        assertThat(request.sequence()).isEqualTo(++sequences[request.slot()]);
        server.answer(request);
        answered++;
        if (answered + open.size() < 200) {
          ClientMessage.Request next = ScriptedServer.take(server.requests);
          assertThat(next.slot()).as("the slot that became free").isEqualTo(request.slot());
          open.add(next);
        }
      }
      for (int i = 0; i < 200; i++) {
        assertThat(((Reply.Session) calls.get(i).get()).id()).isEqualTo(i);
      }
    }
  }

  @Test
  void manyCallersAtOnce() throws Exception {
    server.answering = ScriptedServer::reply;
    try (StreamSession session = open()) {
      List<FutureTask<Boolean>> callers = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        long first = i * 1000L;
        callers.add(
            async(
                () -> {
                  for (long ino = first; ino < first + 100; ino++) {
                    Reply reply = session.call(Caller.ROOT, new Query.GetAttributes(ino));
                    if (((Reply.Session) reply).id() != ino) {
                      return false;
                    }
                  }
                  return true;
                }));
      }
      for (FutureTask<Boolean> caller : callers) {
        assertThat(caller.get()).isTrue();
      }
    }
    assertThat(server.requests).hasSize(20_000);
  }

  @Test
  void aBrokenStreamRepeatsWhatIsUnderWay() throws Exception {
    try (StreamSession session = open()) {
      ScriptedServer.take(server.hellos);
      RecordingListener files = new RecordingListener();
      files.open = java.util.Map.of(17L, 2);
      session.listen(files);
      FutureTask<Reply> done = call(session, 1);
      server.answer(ScriptedServer.take(server.requests));
      done.get();
      FutureTask<Reply> first = call(session, 2);
      ClientMessage.Request firstRequest = ScriptedServer.take(server.requests);
      FutureTask<Reply> second = call(session, 3);
      ClientMessage.Request secondRequest = ScriptedServer.take(server.requests);
      server.breakLink();
      assertThat(first.isDone()).isFalse();
      assertThat(server.nextHello(50))
          .isEqualTo(
              new ClientMessage.Hello(
                  ScriptedServer.SESSION,
                  7,
                  ByteString.EMPTY,
                  "host",
                  true,
                  LeaseMode.NONE,
                  List.of(new ClientMessage.Opening(17, 2)),
                  0));
      assertThat(
              List.of(ScriptedServer.take(server.requests), ScriptedServer.take(server.requests)))
          .containsExactlyInAnyOrder(firstRequest, secondRequest);
      server.answer(secondRequest);
      server.answer(firstRequest);
      server.answer(firstRequest);
      assertThat(((Reply.Session) first.get()).id()).isEqualTo(2);
      assertThat(((Reply.Session) second.get()).id()).isEqualTo(3);
      FutureTask<Reply> next = call(session, 4);
      ClientMessage.Request request = ScriptedServer.take(server.requests);
      assertThat(request.sequence()).isBetween(2L, 3L);
      server.answer(request);
      assertThat(((Reply.Session) next.get()).id()).isEqualTo(4);
    }
  }

  @Test
  void anOldAnswerIsNoAnswer() throws Exception {
    try (StreamSession session = open()) {
      FutureTask<Reply> first = call(session, 1);
      ClientMessage.Request old = ScriptedServer.take(server.requests);
      server.answer(old);
      first.get();
      FutureTask<Reply> second = call(session, 2);
      ClientMessage.Request request = ScriptedServer.take(server.requests);
      assertThat(request.slot()).isEqualTo(old.slot());
      server.answer(old);
      server.send(new ServerMessage.Answer(-1, 1, Reply.Done.DONE));
      server.send(new ServerMessage.Answer(64, 1, Reply.Done.DONE));
      assertThat(second.isDone()).isFalse();
      server.answer(request);
      assertThat(((Reply.Session) second.get()).id()).isEqualTo(2);
    }
  }

  @Test
  void whatIsCalledWhileNobodyListensIsSentLater() throws Exception {
    try (StreamSession session = open()) {
      ScriptedServer.take(server.hellos);
      server.stop();
      FutureTask<Reply> call = call(session, 5);
      for (int i = 0; i < 20; i++) {
        time.advance(1, TimeUnit.SECONDS);
        untilTimerWaits();
      }
      server.restart();
      server.answering = ScriptedServer::reply;
      server.nextHello(500);
      assertThat(((Reply.Session) call.get()).id()).isEqualTo(5);
      assertThat(server.requests).hasSize(1);
    }
  }

  /** The next attempt has failed or waits for its time; the heartbeat's timer always waits. */
  private void untilTimerWaits() {
    while (time.timers() < 2) {
      Thread.onSpinWait();
    }
  }

  @Test
  void interruptsDoNotLoseTheAnswer() throws Exception {
    try (StreamSession session = open()) {
      CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
      Thread caller =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      session.call(Caller.ROOT, new Query.GetAttributes(1));
                      interrupted.complete(Thread.currentThread().isInterrupted());
                    } catch (IOException e) {
                      interrupted.completeExceptionally(e);
                    }
                  });
      ClientMessage.Request request = ScriptedServer.take(server.requests);
      caller.interrupt();
      caller.interrupt();
      assertThat(interrupted.isDone()).isFalse();
      server.answer(request);
      assertThat(interrupted.get()).as("the flag is restored").isTrue();
    }
  }

  @Test
  void fencedEndsEverything() throws Exception {
    try (StreamSession session = open()) {
      RecordingListener files = new RecordingListener();
      session.listen(files);
      List<FutureTask<Reply>> calls = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        calls.add(call(session, i));
      }
      for (int i = 0; i < Limits.SESSION_SLOTS; i++) {
        ScriptedServer.take(server.requests);
      }
      server.send(new ServerMessage.Fenced("no answer to a recall"));
      for (FutureTask<Reply> call : calls) {
        assertThatThrownBy(call::get)
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(SessionEndedException.class)
            .hasMessageContaining("no answer to a recall");
      }
      assertThat(ScriptedServer.take(files.told)).isEqualTo("fenced no answer to a recall");
      assertThatThrownBy(() -> session.call(Caller.ROOT, new Query.GetAttributes(1)))
          .isInstanceOf(SessionEndedException.class);
      ScriptedServer.take(server.hellos);
      time.advance(10, TimeUnit.SECONDS);
      assertThat(server.hellos).as("attempts after the end").isEmpty();
      assertThat(time.timers()).isZero();
    }
    assertThat(server.goodbyes).isEmpty();
  }

  @Test
  void whoListensAfterTheEndHearsOfIt() throws Exception {
    try (StreamSession session = open()) {
      FutureTask<Reply> call = call(session, 1);
      ScriptedServer.take(server.requests);
      assertThat(session.isOver()).isFalse();
      server.send(new ServerMessage.Fenced("no answer to a recall"));
      assertThatThrownBy(call::get).hasCauseInstanceOf(SessionEndedException.class);
      assertThat(session.isOver()).as("over when a call says so").isTrue();
      RecordingListener files = new RecordingListener();
      session.listen(files);
      assertThat(ScriptedServer.take(files.told)).isEqualTo("fenced no answer to a recall");
      assertThat(files.told).as("told once").isEmpty();
    }
  }

  @Test
  void anotherSessionInTheWelcomeIsTheEnd() throws Exception {
    try (StreamSession session = open()) {
      RecordingListener files = new RecordingListener();
      session.listen(files);
      server.greeting =
          hello -> new ServerMessage.Welcome(99, 1, ByteString.EMPTY, 0, LeaseMode.EXCLUSIVE, 1);
      ScriptedServer.take(server.hellos);
      server.breakLink();
      server.nextHello(50);
      assertThat(ScriptedServer.take(files.told)).startsWith("fenced");
      assertThat(session.lease()).isEqualTo(LeaseMode.NONE);
      assertThatThrownBy(() -> session.call(Caller.ROOT, new Query.GetAttributes(1)))
          .isInstanceOf(SessionEndedException.class);
    }
  }

  /** Greets a tool of which the log does not know, with another number each time. */
  private ServerMessage unlogged(ClientMessage.Hello hello, long number) {
    return new ServerMessage.Welcome(
        number, -number, ByteString.EMPTY, server.now(), LeaseMode.NONE, 1, server.shown(hello));
  }

  private StreamSession openUnlogged() throws Exception {
    server.key = KEY;
    server.greeting = hello -> unlogged(hello, 7);
    StreamSession session = openWithKey();
    assertThat(ScriptedServer.take(server.hellos).unlogged()).isTrue();
    return session;
  }

  private static FutureTask<Reply> change(StreamSession session) {
    return async(
        () -> session.call(Caller.ROOT, new Change.Unlink(1, ByteString.copyFromUtf8("f"))));
  }

  @Test
  void beforeAToolChangesAnythingTheLogKnowsOfIt() throws Exception {
    try (StreamSession session = openUnlogged()) {
      FutureTask<Reply> asked = call(session, 1);
      server.answer(ScriptedServer.take(server.requests));
      asked.get();
      assertThat(server.begins).isEmpty();
      FutureTask<Reply> first = change(session);
      ScriptedServer.take(server.begins);
      FutureTask<Reply> second = change(session);
      assertThat(server.requests).isEmpty();
      server.send(new ServerMessage.Begun(new Reply.Session(7, 1)));
      for (int i = 0; i < 2; i++) {
        ClientMessage.Request request = ScriptedServer.take(server.requests);
        assertThat(request.operation()).isInstanceOf(Change.Unlink.class);
        server.send(new ServerMessage.Answer(request.slot(), request.sequence(), Reply.Done.DONE));
      }
      assertThat(List.of(first.get(), second.get())).containsOnly(Reply.Done.DONE);
      assertThat(server.begins).as("said once").isEmpty();
      server.breakLink();
      assertThat(server.nextHello(50).epoch()).isEqualTo(1);
    }
  }

  @Test
  void whoOnlyAskedTakesWhatSessionItGets() throws Exception {
    try (StreamSession session = openUnlogged()) {
      FutureTask<Reply> asked = call(session, 1);
      ClientMessage.Request request = ScriptedServer.take(server.requests);
      FutureTask<Reply> changed = change(session);
      ScriptedServer.take(server.begins);
      server.greeting = hello -> unlogged(hello, 8);
      server.breakLink();
      ClientMessage.Hello hello = server.nextHello(50);
      assertThat(hello.session()).isEqualTo(7);
      assertThat(hello.epoch()).isEqualTo(-7);
      assertThat(ScriptedServer.take(server.requests)).isEqualTo(request);
      server.answer(request);
      asked.get();
      assertThat(session.id()).isEqualTo(8);
      // It waits still.
      ScriptedServer.take(server.begins);
      server.send(new ServerMessage.Begun(new Reply.Session(8, 1)));
      ClientMessage.Request change = ScriptedServer.take(server.requests);
      server.send(new ServerMessage.Answer(change.slot(), change.sequence(), Reply.Done.DONE));
      assertThat(changed.get()).isEqualTo(Reply.Done.DONE);
      server.breakLink();
      server.nextHello(50);
      assertThatThrownBy(() -> session.call(Caller.ROOT, new Query.GetAttributes(1)))
          .as("it has changed something in a session that is not known")
          .isInstanceOf(SessionEndedException.class);
    }
  }

  @Test
  void aWelcomeMaySayThatTheLogKnowsOfTheSession() throws Exception {
    try (StreamSession session = openUnlogged()) {
      FutureTask<Reply> changed = change(session);
      ScriptedServer.take(server.begins);
      server.greeting =
          hello ->
              new ServerMessage.Welcome(
                  7, 1, ByteString.EMPTY, 0, LeaseMode.NONE, 1, server.shown(hello));
      server.breakLink();
      server.nextHello(50);
      ClientMessage.Request change = ScriptedServer.take(server.requests);
      server.send(new ServerMessage.Answer(change.slot(), change.sequence(), Reply.Done.DONE));
      assertThat(changed.get()).isEqualTo(Reply.Done.DONE);
      assertThat(server.begins).isEmpty();
    }
  }

  /** As what would have been done is: there may be room later. */
  @Test
  void whyTheLogTakesNothingIsTheAnswer() throws Exception {
    try (StreamSession session = openUnlogged()) {
      Reply full = Reply.refused(Errno.ENOSPC, "full");
      FutureTask<Reply> changed = change(session);
      ScriptedServer.take(server.begins);
      server.send(new ServerMessage.Begun(full));
      assertThat(changed.get()).isEqualTo(full);
      assertThat(server.requests).isEmpty();
      FutureTask<Reply> again = change(session);
      ScriptedServer.take(server.begins);
      server.send(new ServerMessage.Fenced("over"));
      assertThatThrownBy(again::get).hasCauseInstanceOf(SessionEndedException.class);
    }
  }

  @Test
  void aSilentServerIsTheEndAfterTheSessionsTime() throws Exception {
    try (StreamSession session = open()) {
      RecordingListener files = new RecordingListener();
      session.listen(files);
      FutureTask<Reply> call = call(session, 1);
      ScriptedServer.take(server.requests);
      server.stop();
      time.advance(Limits.SESSION_NANOS - 1, TimeUnit.NANOSECONDS);
      assertThat(call.isDone()).isFalse();
      time.advance(2, TimeUnit.SECONDS);
      assertThat(ScriptedServer.take(files.told)).startsWith("fenced");
      assertThatThrownBy(call::get).hasCauseInstanceOf(SessionEndedException.class);
    }
  }

  @Test
  void aStreamWithoutHeartbeatAnswersIsReplaced() throws Exception {
    try (StreamSession session = open()) {
      ScriptedServer.take(server.hellos);
      server.answersHeartbeats = false;
      time.advance(4, TimeUnit.SECONDS);
      assertThat(server.hellos).isEmpty();
      time.advance(2, TimeUnit.SECONDS);
      assertThat(ScriptedServer.take(server.hellos).session()).isEqualTo(session.id());
    }
  }

  @Test
  void aHelloWithoutAnswerIsTriedAgain() throws Exception {
    try (StreamSession session = open()) {
      ScriptedServer.take(server.hellos);
      server.greeting = null;
      server.breakLink();
      server.nextHello(50);
      server.greeting = server::welcome;
      server.nextHello(500);
      assertThat(session.id()).isEqualTo(ScriptedServer.SESSION);
    }
  }

  @Test
  void theClockFollowsTheLeaderAndNeverRunsBack() throws Exception {
    try (StreamSession session = open()) {
      long first = session.nowNanos();
      assertThat(first).isEqualTo(server.now());
      time.advance(500, TimeUnit.MILLISECONDS);
      assertThat(session.nowNanos()).isEqualTo(first + 500_000_000L);
      server.leaderNanos = -9_000_000_000L;
      time.advance(2, TimeUnit.SECONDS);
      long stalled = session.nowNanos();
      assertThat(stalled).isGreaterThanOrEqualTo(first + 500_000_000L);
      assertThat(session.nowNanos()).isGreaterThanOrEqualTo(stalled);
      server.leaderNanos = 91_000_000_000L;
      // An answer that was on its way while the time was moved on says too little: the next one
      // does not.
      Awaitility.await()
          .untilAsserted(
              () -> {
                time.advance(1, TimeUnit.SECONDS);
                assertThat(session.nowNanos()).isEqualTo(server.now());
              });
    }
  }

  @Test
  void closeWaitsBrieflyForTheServer() throws Exception {
    StreamSession session = open();
    FutureTask<Boolean> closing =
        async(
            () -> {
              session.close();
              return true;
            });
    assertThat(closing.get()).isTrue();
    assertThat(server.goodbyes).hasSize(1);
    assertThat(time.timers()).as("timers after the end").isZero();
    session.close();
    assertThatThrownBy(() -> session.call(Caller.ROOT, new Query.GetAttributes(1)))
        .isInstanceOf(SessionEndedException.class);
    assertThat(server.goodbyes).hasSize(1);
  }
}

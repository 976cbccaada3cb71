package dfs.client.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.LeaseMode;
import dfs.protocol.session.ServerMessage;
import dfs.protocol.transport.InProcessTransport;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The lease of a session: its time, its recalls, and in which order the file layer hears. */
@Timeout(60)
class SessionLeaseTest {
  private final InProcessTransport transport = new InProcessTransport();
  private final ManualTime time = new ManualTime();
  private final RecordingListener files = new RecordingListener();
  private ScriptedServer server;
  private StreamSession session;

  @BeforeEach
  void open() throws IOException {
    server = new ScriptedServer(transport, time);
    server.grants = LeaseMode.EXCLUSIVE;
    session =
        StreamSession.open(
            new StreamSession.Config(
                ScriptedServer.ADDRESS, ByteString.EMPTY, "host", true, Optional.empty()),
            transport,
            time,
            new Random(1));
    session.listen(files);
  }

  @AfterEach
  void close() {
    session.close();
    server.close();
  }

  private String told() throws InterruptedException {
    return ScriptedServer.take(files.told);
  }

  /** Messages may be delivered by another thread than the one that sent them. */
  private static void soon(ThrowingRunnable assertion) {
    Awaitility.await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .untilAsserted(assertion);
  }

  private ClientMessage.Heartbeat lastHeartbeat() throws InterruptedException {
    ClientMessage.Heartbeat last = ScriptedServer.take(server.heartbeats);
    while (!server.heartbeats.isEmpty()) {
      last = ScriptedServer.take(server.heartbeats);
    }
    return last;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theWelcomeGrants() throws Exception {
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.EXCLUSIVE));
    soon(() -> assertThat(session.leaseNumber()).isEqualTo(1));
    soon(() -> assertThat(session.leaseValidNanos()).isEqualTo(Limits.LEASE_CLIENT_NANOS));
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
  }

  @Test
  void heartbeatsKeepIt() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    for (int i = 0; i < 100; i++) {
      time.advance(1, TimeUnit.SECONDS);
      soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.EXCLUSIVE));
      soon(() -> assertThat(session.leaseValidNanos()).isEqualTo(Limits.LEASE_CLIENT_NANOS));
    }
    assertThat(server.heartbeats.stream().map(ClientMessage.Heartbeat::mode))
        .containsOnly(LeaseMode.EXCLUSIVE);
    assertThat(files.told).isEmpty();
  }

  @Test
  void itsTimeRunsFromTheSendingOfTheHeartbeat() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    time.advance(1, TimeUnit.SECONDS);
    server.answersHeartbeats = false;
    time.advance(1, TimeUnit.SECONDS);
    ClientMessage.Heartbeat late = lastHeartbeat();
    time.advance(900, TimeUnit.MILLISECONDS);
    server.send(new ServerMessage.HeartbeatAnswer(late.sentNanos(), server.now()));
    soon(
        () ->
            assertThat(session.leaseValidNanos())
                .isEqualTo(Limits.LEASE_CLIENT_NANOS - TimeUnit.MILLISECONDS.toNanos(900)));
    server.send(
        new ServerMessage.HeartbeatAnswer(
            late.sentNanos() + TimeUnit.HOURS.toNanos(1), server.now()));
    soon(
        () ->
            assertThat(session.leaseValidNanos())
                .as("an answer to what was never sent")
                .isEqualTo(Limits.LEASE_CLIENT_NANOS - TimeUnit.MILLISECONDS.toNanos(900)));
  }

  @Test
  void itRunsOutAndComesBackWithinTheServersTime() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    server.answersHeartbeats = false;
    time.advance(Limits.LEASE_CLIENT_NANOS - 1, TimeUnit.NANOSECONDS);
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.EXCLUSIVE));
    soon(() -> assertThat(session.leaseValidNanos()).isEqualTo(1));
    assertThat(files.told).isEmpty();
    time.advance(1, TimeUnit.NANOSECONDS);
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
    soon(() -> assertThat(session.leaseValidNanos()).isZero());
    assertThat(told()).isEqualTo("uncertain");
    server.answersHeartbeats = true;
    server.heartbeats.clear();
    time.advance(1, TimeUnit.SECONDS);
    assertThat(ScriptedServer.take(server.heartbeats).mode()).isEqualTo(LeaseMode.NONE);
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.EXCLUSIVE));
    assertThat(files.told).isEmpty();
  }

  @Test
  void whileCachesAreEmptiedThereIsNoLease() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    CountDownLatch emptied = new CountDownLatch(1);
    files.emptying = () -> await(emptied);
    server.answersHeartbeats = false;
    time.advance(3, TimeUnit.SECONDS);
    assertThat(told()).isEqualTo("uncertain");
    server.answersHeartbeats = true;
    time.advance(1, TimeUnit.SECONDS);
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
    emptied.countDown();
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.EXCLUSIVE));
  }

  @Test
  void afterTheServersTimeItMustBeGrantedAgain() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    server.heartbeats.clear();
    server.answersHeartbeats = false;
    time.advance(4, TimeUnit.SECONDS);
    assertThat(told()).isEqualTo("uncertain");
    ClientMessage.Heartbeat last = lastHeartbeat();
    // The answer comes so late that the server may have let the lease go before the heartbeat came.
    time.jump(time.monotonicNanos() + TimeUnit.SECONDS.toNanos(2));
    server.send(new ServerMessage.HeartbeatAnswer(last.sentNanos(), server.now()));
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
    soon(() -> assertThat(session.leaseValidNanos()).isZero());
    server.answersHeartbeats = true;
    time.advance(1, TimeUnit.SECONDS);
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
    assertThat(files.told).isEmpty();
    server.send(new ServerMessage.Grant(LeaseMode.SHARED, 2));
    assertThat(told()).isEqualTo("granted SHARED");
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.SHARED));
    soon(() -> assertThat(session.leaseNumber()).isEqualTo(2));
  }

  @Test
  void aProcessThatStoodStillTrustsNothing() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    time.jump(time.monotonicNanos() + TimeUnit.SECONDS.toNanos(20));
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
    time.advance(0, TimeUnit.SECONDS);
    assertThat(told()).isEqualTo("uncertain");
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
  }

  @Test
  void aRecallLowersAtOnceAndIsAcknowledgedAfterwards() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    CompletableFuture<LeaseMode> seen = new CompletableFuture<>();
    CountDownLatch flushed = new CountDownLatch(1);
    files.recalling =
        to -> {
          seen.complete(session.lease());
          await(flushed);
        };
    server.send(new ServerMessage.Recall(5, LeaseMode.SHARED));
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.SHARED));
    assertThat(told()).isEqualTo("recall SHARED");
    assertThat(seen.get()).isEqualTo(LeaseMode.SHARED);
    server.heartbeats.clear();
    time.advance(1, TimeUnit.SECONDS);
    assertThat(ScriptedServer.take(server.heartbeats).mode())
        .as("held until what is dirty is flushed")
        .isEqualTo(LeaseMode.EXCLUSIVE);
    assertThat(server.acknowledges).isEmpty();
    flushed.countDown();
    assertThat(ScriptedServer.take(server.acknowledges).recall()).isEqualTo(5);
    assertThat(told()).isEqualTo("recalled SHARED");
    time.advance(1, TimeUnit.SECONDS);
    assertThat(ScriptedServer.take(server.heartbeats).mode()).isEqualTo(LeaseMode.SHARED);
  }

  @Test
  void aRecallIsNotOvertakenByTheGrantAfterIt() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    CountDownLatch flushed = new CountDownLatch(1);
    files.recalling = to -> await(flushed);
    server.send(new ServerMessage.Recall(1, LeaseMode.NONE));
    server.send(new ServerMessage.Grant(LeaseMode.SHARED, 2));
    assertThat(told()).isEqualTo("recall NONE");
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
    soon(() -> assertThat(session.leaseNumber()).isEqualTo(1));
    flushed.countDown();
    assertThat(told()).isEqualTo("recalled NONE");
    assertThat(told()).isEqualTo("granted SHARED");
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.SHARED));
    soon(() -> assertThat(session.leaseNumber()).isEqualTo(2));
  }

  @Test
  void aGrantIsCappedByTheRecallsBehindIt() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    CountDownLatch flushed = new CountDownLatch(1);
    files.recalling = to -> await(flushed);
    server.send(new ServerMessage.Recall(1, LeaseMode.NONE));
    server.send(new ServerMessage.Grant(LeaseMode.EXCLUSIVE, 2));
    server.send(new ServerMessage.Recall(2, LeaseMode.SHARED));
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
    flushed.countDown();
    assertThat(told()).isEqualTo("recall NONE");
    assertThat(told()).isEqualTo("recalled NONE");
    assertThat(told()).isEqualTo("granted SHARED");
    assertThat(told()).isEqualTo("recall SHARED");
    assertThat(told()).isEqualTo("recalled SHARED");
    assertThat(ScriptedServer.take(server.acknowledges).recall()).isEqualTo(1);
    assertThat(ScriptedServer.take(server.acknowledges).recall()).isEqualTo(2);
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.SHARED));
  }

  @Test
  void invalidationsRunBesideEachOtherAndBesideARecall() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    CountDownLatch flushed = new CountDownLatch(1);
    files.recalling = to -> await(flushed);
    files.inUse = true;
    server.send(new ServerMessage.Recall(1, LeaseMode.NONE));
    assertThat(told()).isEqualTo("recall NONE");
    server.send(new ServerMessage.Invalidate(2, 17, -1, 3, ByteString.copyFromUtf8("x"), false));
    assertThat(told()).isEqualTo("invalidate 17");
    assertThat(ScriptedServer.take(server.acknowledges))
        .isEqualTo(new ClientMessage.Acknowledge(2, true));
    files.inUse = false;
    server.send(new ServerMessage.AskInUse(3, 18));
    assertThat(told()).isEqualTo("inUse 18");
    assertThat(ScriptedServer.take(server.acknowledges))
        .isEqualTo(new ClientMessage.Acknowledge(3, false));
    flushed.countDown();
    assertThat(ScriptedServer.take(server.acknowledges).recall()).isEqualTo(1);
  }

  @Test
  void eachHeartbeatSaysWhichInstantsAreLookedAt() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    time.advance(1, TimeUnit.SECONDS);
    assertThat(lastHeartbeat().instants()).isEmpty();
    files.instants = List.of(5L, 7L);
    time.advance(1, TimeUnit.SECONDS);
    assertThat(lastHeartbeat().instants()).containsExactly(5L, 7L);
    assertThat(ScriptedServer.take(server.hellos).instants()).isEmpty();
    server.breakLink();
    assertThat(server.nextHello(50).instants()).containsExactly(5L, 7L);
  }

  @Test
  void withoutAFileLayerAllIsAcknowledgedAtOnce() throws Exception {
    session.close();
    session =
        StreamSession.open(
            new StreamSession.Config(
                ScriptedServer.ADDRESS, ByteString.EMPTY, "host", true, Optional.empty()),
            transport,
            time,
            new Random(1));
    server.send(new ServerMessage.Invalidate(2, 17, 0, 0, ByteString.EMPTY, true));
    assertThat(ScriptedServer.take(server.acknowledges))
        .isEqualTo(new ClientMessage.Acknowledge(2, false));
    server.send(new ServerMessage.Recall(1, LeaseMode.NONE));
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
    assertThat(ScriptedServer.take(server.acknowledges).recall()).isEqualTo(1);
  }

  @Test
  void aFileLayerThatFailsAcknowledgesNothing() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    CountDownLatch failing = new CountDownLatch(1);
    files.recalling =
        to -> {
          failing.countDown();
          throw new IllegalStateException("the flush failed, says the test");
        };
    server.send(new ServerMessage.Recall(1, LeaseMode.SHARED));
    assertThat(told()).isEqualTo("recall SHARED");
    server.send(new ServerMessage.AskInUse(2, 18));
    assertThat(ScriptedServer.take(server.acknowledges).recall()).isEqualTo(2);
    await(failing);
    files.recalling = to -> {};
    server.send(new ServerMessage.Recall(3, LeaseMode.NONE));
    assertThat(ScriptedServer.take(server.acknowledges).recall()).isEqualTo(3);
  }

  @Test
  void aCertainLeaseIsClaimedOverANewStream() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    ScriptedServer.take(server.hellos);
    server.breakLink();
    soon(
        () ->
            assertThat(session.lease())
                .as("the stream is not the lease")
                .isEqualTo(LeaseMode.EXCLUSIVE));
    assertThat(server.nextHello(50).held()).isEqualTo(LeaseMode.EXCLUSIVE);
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    soon(
        () ->
            assertThat(session.leaseValidNanos())
                .as("from the hello, which is sent while time moves")
                .isBetween(
                    Limits.LEASE_CLIENT_NANOS - TimeUnit.MILLISECONDS.toNanos(500),
                    Limits.LEASE_CLIENT_NANOS));
  }

  /** What was written under it may not be flushed yet: others make it flush as before. */
  @Test
  void aLeaseThatRanOutIsClaimed() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    ScriptedServer.take(server.hellos);
    server.stop();
    time.advance(4, TimeUnit.SECONDS);
    assertThat(told()).isEqualTo("uncertain");
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
    server.restart();
    ClientMessage.Hello hello = server.nextHello(100);
    assertThat(hello.held()).isEqualTo(LeaseMode.EXCLUSIVE);
    assertThat(told()).isEqualTo("uncertain");
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.EXCLUSIVE));
    assertThat(files.told).isEmpty();
  }

  /** The server is killed again before the file layer has emptied its caches for the first time. */
  @Test
  void aLeaseThatWasGivenIsClaimedBeforeItIsTold() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    ScriptedServer.take(server.hellos);
    CountDownLatch emptied = new CountDownLatch(1);
    files.emptying = () -> await(emptied);
    server.stop();
    time.advance(4, TimeUnit.SECONDS);
    assertThat(told()).isEqualTo("uncertain");
    server.restart();
    assertThat(server.nextHello(100).held()).isEqualTo(LeaseMode.EXCLUSIVE);
    server.heartbeats.clear();
    time.advance(1, TimeUnit.SECONDS);
    assertThat(ScriptedServer.take(server.heartbeats).mode()).as("welcomed").isNotNull();
    server.stop();
    server.restart();
    assertThat(server.nextHello(100).held()).isEqualTo(LeaseMode.EXCLUSIVE);
    emptied.countDown();
  }

  /** The server may have died when it was about to say what is to be forgotten. */
  @Test
  void whoHeldNothingForgetsAllWhenTheServerIsBack() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    ScriptedServer.take(server.hellos);
    server.send(new ServerMessage.Recall(1, LeaseMode.NONE));
    assertThat(told()).isEqualTo("recall NONE");
    assertThat(told()).isEqualTo("recalled NONE");
    ScriptedServer.take(server.acknowledges);
    server.grants = LeaseMode.NONE;
    server.stop();
    server.restart();
    assertThat(server.nextHello(100).held()).isEqualTo(LeaseMode.NONE);
    assertThat(told()).isEqualTo("uncertain");
  }

  @Test
  void aWelcomeThatGrantsLessIsARecall() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    ScriptedServer.take(server.hellos);
    server.grants = LeaseMode.NONE;
    server.breakLink();
    server.nextHello(50);
    assertThat(told()).isEqualTo("recall NONE");
    assertThat(told()).isEqualTo("recalled NONE");
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
    assertThat(server.acknowledges).isEmpty();
  }

  @Test
  void aRecallOfABrokenStreamIsNotAcknowledgedOnTheNext() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    ScriptedServer.take(server.hellos);
    CountDownLatch flushed = new CountDownLatch(1);
    files.recalling = to -> await(flushed);
    server.send(new ServerMessage.Recall(1, LeaseMode.NONE));
    assertThat(told()).isEqualTo("recall NONE");
    server.breakLink();
    assertThat(server.nextHello(50).held()).as("not flushed yet").isEqualTo(LeaseMode.EXCLUSIVE);
    server.send(new ServerMessage.Recall(2, LeaseMode.NONE));
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
    flushed.countDown();
    assertThat(ScriptedServer.take(server.acknowledges).recall()).isEqualTo(2);
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
  }

  @Test
  void fencedLeavesNothing() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    server.send(new ServerMessage.Fenced("test"));
    soon(() -> assertThat(session.lease()).isEqualTo(LeaseMode.NONE));
    soon(() -> assertThat(session.leaseValidNanos()).isZero());
    assertThat(told()).isEqualTo("fenced test");
  }

  @Test
  void moreThanCanBeAskedBreaksTheStream() throws Exception {
    assertThat(told()).isEqualTo("granted EXCLUSIVE");
    ScriptedServer.take(server.hellos);
    CountDownLatch flushed = new CountDownLatch(1);
    files.recalling = to -> await(flushed);
    for (int i = 0; i < 2000; i++) {
      server.send(new ServerMessage.Recall(i, LeaseMode.NONE));
    }
    assertThat(server.nextHello(50).session()).isEqualTo(session.id());
    flushed.countDown();
  }
}

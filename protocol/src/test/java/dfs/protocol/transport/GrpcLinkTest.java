package dfs.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.protocol.seam.Peer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a link does with a call that takes nothing, and with what is no message. */
@Timeout(60)
class GrpcLinkTest {
  private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor();
  private final FakeCall call = new FakeCall();
  private final GrpcLink<Note, Note> link =
      new GrpcLink<>(
          TransportContract.NOTES.client(),
          TransportContract.NOTES.server(),
          Peer.TCP,
          call,
          timers);
  private final Probe<Note> probe = new Probe<>();

  /** A call that is ready when told, and notices overlapping use. */
  private static final class FakeCall implements GrpcLink.Call {
    final List<Integer> written = new ArrayList<>();
    final List<String> ends = new ArrayList<>();
    final CountDownLatch ended = new CountDownLatch(1);
    volatile boolean ready = true;
    final AtomicInteger requested = new AtomicInteger();
    volatile Runnable whileWriting = () -> {};

    @Override
    public boolean isReady() {
      return ready;
    }

    @Override
    public void write(byte[] message) {
      assertThat(ends).as("written after the end").isEmpty();
      written.add(message.length);
      whileWriting.run();
    }

    @Override
    public synchronized void finish() {
      ends.add("finished");
      ended.countDown();
    }

    @Override
    public synchronized void abort(String reason) {
      ends.add(reason);
      ended.countDown();
    }

    @Override
    public void request(int messages) {
      requested.addAndGet(messages);
    }
  }

  @AfterEach
  void stop() {
    timers.shutdownNow();
  }

  private static Note heavy(int bytes) {
    return new Note(0, 0, ByteString.copyFrom(new byte[bytes]));
  }

  @Test
  void whatCannotBeWrittenWaits() throws Exception {
    link.start(probe);
    call.ready = false;
    for (int i = 0; i < 10; i++) {
      link.send(heavy(1000));
    }
    assertThat(call.written).isEmpty();
    call.ready = true;
    link.write();
    assertThat(call.written).hasSize(10);
    assertThat(call.ends).isEmpty();
  }

  @Test
  void noMoreBytesWaitThanMay() throws Exception {
    link.start(probe);
    call.ready = false;
    int size = 1 << 20;
    for (int i = 0; i < GrpcLink.QUEUE_BYTES_MAX / size - 1; i++) {
      link.send(heavy(size));
    }
    assertThat(call.ends).isEmpty();
    link.send(heavy(size));
    assertThat(call.ends).hasSize(1).first().asString().contains("not received");
    assertThat(probe.end()).contains("not received");
    call.ready = true;
    link.write();
    assertThat(call.written).as("of a broken stream").isEmpty();
  }

  @Test
  void noMoreMessagesWaitThanMay() throws Exception {
    link.start(probe);
    call.ready = false;
    for (int i = 0; i < GrpcLink.QUEUE_MESSAGES_MAX; i++) {
      link.send(heavy(0));
    }
    assertThat(call.ends).isEmpty();
    link.send(heavy(0));
    assertThat(probe.end()).contains("not received");
  }

  @Test
  void aMessageThatNobodyWouldTakeIsTheSendersFault() {
    link.start(probe);
    assertThatThrownBy(() -> link.send(heavy(GrpcLink.MESSAGE_BYTES_MAX)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("4194304");
    assertThat(call.ends).isEmpty();
    link.send(heavy(1));
    assertThat(call.written).hasSize(1);
  }

  @Test
  void whatIsNoMessageEndsTheStream() throws Exception {
    link.start(probe);
    link.arrived(new byte[] {(byte) 0xff, 1, 2, 3});
    assertThat(probe.end()).contains("no message");
    assertThat(call.ends).hasSize(1);
    link.arrived(TransportContract.NOTES.server().encode(TransportContract.note(0, 1)));
    assertThat(probe.waiting()).as("after the end").isZero();
  }

  @Test
  void aCloseComesAfterWhatWaits() throws Exception {
    link.start(probe);
    call.ready = false;
    link.send(heavy(1));
    link.close();
    assertThat(call.ends).isEmpty();
    assertThat(probe.end()).isEqualTo("closed");
    call.ready = true;
    link.write();
    assertThat(call.written).hasSize(1);
    assertThat(call.ends).containsExactly("finished");
  }

  @Test
  void aPeerThatReadsNothingIsNotAwaitedForEver() throws Exception {
    link.start(probe);
    call.ready = false;
    link.send(heavy(1));
    link.close();
    call.ended.await();
    assertThat(call.ends).containsExactly("not closed in time");
    assertThat(call.written).isEmpty();
  }

  @Test
  void anAbortWhileSomebodyWritesWaitsForTheWrite() throws Exception {
    link.start(probe);
    call.whileWriting =
        () -> {
          link.abort("broken by the test");
          assertThat(call.ends).as("while a write is under way").isEmpty();
        };
    link.send(heavy(1));
    assertThat(call.ends).containsExactly("broken by the test");
    assertThat(probe.end()).isEqualTo("broken by the test");
  }

  @Test
  void asManyAreAskedForAsWereReceived() throws Exception {
    link.start(probe);
    int ahead = call.requested.get();
    assertThat(ahead).isPositive();
    for (int i = 0; i < 5; i++) {
      link.arrived(TransportContract.NOTES.server().encode(TransportContract.note(0, i)));
    }
    assertThat(probe.next(5)).hasSize(5);
    assertThat(call.requested.get()).isEqualTo(ahead + 5);
  }
}

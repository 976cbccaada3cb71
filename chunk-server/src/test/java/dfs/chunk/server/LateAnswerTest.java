package dfs.chunk.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockService;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.frame.Cancellation;
import dfs.protocol.frame.FrameServer;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests to another process that is there and does not answer. */
@Timeout(60)
class LateAnswerTest {
  private static final long BLOCK = 7;
  private static final ByteString ALL = Samples.all(BLOCK);
  private static final int BYTES = 600_000;
  private static final int REQUEST_BYTES = 48;
  private static final int ANSWER_BYTES = 32;
  private static final int KIND_AT = 4;
  private static final byte READ = 5;
  private static final byte PING = 8;

  private @TempDir Path folder;
  private final ManualTime time = new ManualTime();
  private final BlockServices services = new BlockServices(time);
  private final CountDownLatch reached = new CountDownLatch(1);
  private final CountDownLatch goesOn = new CountDownLatch(1);
  private final CountDownLatch answered = new CountDownLatch(1);
  private Source source;
  private String address;

  @BeforeEach
  void write() throws IOException {
    source = new Source();
    byte[] bytes = new byte[BYTES];
    source.create(ALL, BLOCK, 1, true, List.of());
    source.append(ALL, Samples.record(BLOCK, 0, bytes), ByteBuffer.wrap(bytes), false);
    address = "unix:" + folder.resolve("s");
  }

  /** However a test ends: the server can be closed when its calls are over. */
  private interface Letting extends AutoCloseable {
    @Override
    void close();
  }

  /** The first read stops until it is let go on. */
  private void hang(int count) throws IOException {
    if (count != 1) {
      return;
    }
    reached.countDown();
    try {
      goesOn.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    } finally {
      answered.countDown();
    }
  }

  private FutureTask<ByteBuffer> reading(ByteBuffer into, long patienceNanos) {
    return new FutureTask<>(
        () -> {
          services.connect(address, patienceNanos).read(ALL, BLOCK, 0, into);
          return into;
        });
  }

  private FutureTask<ByteBuffer> read(ByteBuffer into, long patienceNanos) {
    FutureTask<ByteBuffer> task = reading(into, patienceNanos);
    Thread.ofVirtual().start(task);
    return task;
  }

  private void assertLate(FutureTask<ByteBuffer> task) {
    assertThatThrownBy(() -> task.get(10, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(IOException.class)
        .hasMessageContaining("did not answer in time");
  }

  @Test
  void aRequestEndsWithItsTimeAndALateAnswerChangesNothing() throws Exception {
    source.reading = (count, into) -> hang(count);
    try (FrameServer frames = FrameServer.start(folder.resolve("s"), source);
        Letting go = goesOn::countDown) {
      assertThat(go).isNotNull();
      assertThat(frames).isNotNull();
      ByteBuffer into = ByteBuffer.allocate(BYTES);
      FutureTask<ByteBuffer> late = read(into, Limits.ANSWER_NANOS);
      reached.await();
      assertThat(services.isSuspect(address)).isFalse();
      time.advance(Limits.ANSWER_NANOS - 1_000_000_000L);
      assertThat(late.isDone()).as("its time is not over").isFalse();
      time.advance(1_000_000_000L);
      time.advance(1_000_000_000L);
      assertLate(late);
      assertThat(services.isSuspect(address)).isTrue();
      byte[] mine = new byte[BYTES];
      Arrays.fill(mine, (byte) 9);
      into.clear().put(mine);
      goesOn.countDown();
      answered.await();
      ByteBuffer again = ByteBuffer.allocate(BYTES);
      assertThat(read(again, Limits.ANSWER_NANOS).get(30, TimeUnit.SECONDS).remaining()).isZero();
      assertThat(services.isSuspect(address)).as("it answers").isFalse();
      assertThat(into.array()).as("what the caller did with his buffer").isEqualTo(mine);
    }
  }

  /** A connection that was used a long time ago is not a late one. */
  @Test
  void onlyRequestsAreLate() throws Exception {
    try (FrameServer frames = FrameServer.start(folder.resolve("s"), source)) {
      assertThat(frames).isNotNull();
      BlockService service = services.connect(address, Limits.ANSWER_NANOS);
      for (int i = 0; i < 3; i++) {
        service.read(ALL, BLOCK, 0, ByteBuffer.allocate(BYTES));
        time.advance(10 * Limits.ANSWER_NANOS);
      }
      assertThat(services.isSuspect(address)).isFalse();
    }
  }

  /** Nine callers share eight connections. */
  @Test
  void whoWaitsBehindALateRequestFailsWithIt() throws Exception {
    CountDownLatch eight = new CountDownLatch(8);
    source.reading =
        (count, into) -> {
          eight.countDown();
          try {
            goesOn.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
        };
    try (FrameServer frames = FrameServer.start(folder.resolve("s"), source);
        Letting go = goesOn::countDown) {
      assertThat(go).isNotNull();
      assertThat(frames).isNotNull();
      List<FutureTask<ByteBuffer>> all = new ArrayList<>();
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        FutureTask<ByteBuffer> task = reading(ByteBuffer.allocate(BYTES), Limits.ANSWER_NANOS);
        all.add(task);
        callers.add(Thread.ofPlatform().start(task));
      }
      eight.await();
      while (callers.stream().filter(c -> c.getState() == Thread.State.WAITING).count() < 22) {
        Thread.onSpinWait();
      }
      time.advance(Limits.ANSWER_NANOS);
      for (FutureTask<ByteBuffer> each : all) {
        assertThatThrownBy(() -> each.get(10, TimeUnit.SECONDS))
            .hasRootCauseInstanceOf(IOException.class);
      }
    }
  }

  /** Whether the other end is gone. */
  private static boolean isClosed(SocketChannel channel) throws IOException {
    channel.configureBlocking(false);
    ByteBuffer into = ByteBuffer.allocate(1000);
    int count;
    do {
      count = channel.read(into.clear());
    } while (count > 0);
    return count < 0;
  }

  /** It takes the connection and says nothing. */
  @Test
  void aMemberThatDoesNotAnswerHasFailed() throws Exception {
    try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      silent.bind(UnixDomainSocketAddress.of(folder.resolve("s")));
      ChainedBlocks chain = new ChainedBlocks(source, b -> false, b -> false, services);
      FutureTask<Void> create =
          new FutureTask<>(
              () -> {
                chain.create(Samples.all(8), 8, 1, true, List.of(address, "unix:/behind"));
                return null;
              });
      Thread.ofVirtual().start(create);
      try (SocketChannel taken = silent.accept()) {
        assertThat(taken.isConnected()).isTrue();
        time.advance(Limits.ANSWER_NANOS);
        assertThat(isClosed(taken)).as("it waits for one behind it").isFalse();
        time.advance(Limits.ANSWER_MEMBER_NANOS);
        assertThatThrownBy(() -> create.get(30, TimeUnit.SECONDS))
            .cause()
            .isInstanceOfSatisfying(
                BlockFault.class,
                fault -> assertThat(fault.kind()).isEqualTo(BlockFault.Kind.MEMBER_FAILED));
      }
    }
  }

  /** The head of a request, as the README of the chunk server draws it. */
  private static ByteBuffer receive(SocketChannel channel) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(REQUEST_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (head.hasRemaining()) {
      assertThat(channel.read(head)).isPositive();
    }
    return head.flip();
  }

  /** It takes the request, and then the question whether it is there, and says nothing. */
  @Test
  void aStoppedServerIsLeftBehindBeforeOneThatIsSlow() throws Exception {
    try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      silent.bind(UnixDomainSocketAddress.of(folder.resolve("s")));
      FutureTask<ByteBuffer> late = read(ByteBuffer.allocate(BYTES), Limits.ANSWER_NANOS);
      try (SocketChannel request = silent.accept()) {
        assertThat(receive(request).get(KIND_AT)).isEqualTo(READ);
        time.advance(Limits.DOUBT_NANOS);
        try (SocketChannel question = silent.accept()) {
          assertThat(receive(question).get(KIND_AT)).isEqualTo(PING);
          time.advance(Limits.SILENCE_NANOS - 100_000_000L);
          assertThat(late.isDone()).as("it may still say something").isFalse();
          time.advance(100_000_000L);
          assertLate(late);
          assertThat(services.isSuspect(address)).isTrue();
        }
      }
    }
  }

  /** Two may be stopped at once: nobody has to wait for the second when the first was left. */
  @Test
  void whenOneIsSilentTheOthersAreAskedToo() throws Exception {
    String other = "unix:" + folder.resolve("t");
    try (ServerSocketChannel one = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        ServerSocketChannel two = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      one.bind(UnixDomainSocketAddress.of(folder.resolve("s")));
      two.bind(UnixDomainSocketAddress.of(folder.resolve("t")));
      assertThat(services.connect(other, Limits.ANSWER_NANOS)).isNotNull();
      FutureTask<ByteBuffer> late = read(ByteBuffer.allocate(BYTES), Limits.ANSWER_NANOS);
      try (SocketChannel request = one.accept()) {
        assertThat(receive(request).get(KIND_AT)).isEqualTo(READ);
        time.advance(Limits.DOUBT_NANOS);
        try (SocketChannel question = one.accept();
            SocketChannel further = two.accept()) {
          assertThat(receive(question).get(KIND_AT)).isEqualTo(PING);
          assertThat(receive(further).get(KIND_AT)).isEqualTo(PING);
          assertThat(services.isSuspect(other)).isFalse();
          time.advance(Limits.SILENCE_NANOS);
          assertLate(late);
          time.advance(100_000_000L);
          assertThat(services.isSuspect(other)).as("it said nothing either").isTrue();
        }
      }
    }
  }

  /** Its disk is slow: it says so again and again. */
  @Test
  void aServerThatSaysThatItIsThereHasItsTime() throws Exception {
    try (ServerSocketChannel slow = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      slow.bind(UnixDomainSocketAddress.of(folder.resolve("s")));
      FutureTask<ByteBuffer> late = read(ByteBuffer.allocate(BYTES), Limits.ANSWER_NANOS);
      try (SocketChannel request = slow.accept()) {
        assertThat(receive(request).get(KIND_AT)).isEqualTo(READ);
        long waited = 0;
        while (waited < 10 * Limits.DOUBT_NANOS) {
          time.advance(Limits.DOUBT_NANOS);
          waited += Limits.DOUBT_NANOS;
          try (SocketChannel question = slow.accept()) {
            ByteBuffer answer = receive(question);
            assertThat(answer.get(KIND_AT)).isEqualTo(PING);
            answer.putInt(0, ANSWER_BYTES - Integer.BYTES).put(KIND_AT, (byte) 0);
            answer.putLong(16, 0).putLong(24, 0).limit(ANSWER_BYTES);
            question.write(answer);
            assertThat(question.read(ByteBuffer.allocate(1))).as("it was heard").isEqualTo(-1);
          }
          assertThat(late.isDone()).isFalse();
        }
        time.advance(Limits.ANSWER_NANOS - waited);
        assertLate(late);
      }
    }
  }

  /** While all that it was asked before waits for the disk. */
  @Test
  void aServerSaysThatItIsThereWhateverItsDiskDoes() throws Exception {
    source.reading = (count, into) -> hang(count);
    try (FrameServer frames = FrameServer.start(folder.resolve("s"), source);
        Letting go = goesOn::countDown;
        SocketChannel question =
            SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("s")))) {
      assertThat(go).isNotNull();
      assertThat(frames).isNotNull();
      FutureTask<ByteBuffer> slow = read(ByteBuffer.allocate(BYTES), Limits.ANSWER_NANOS);
      reached.await();
      ByteBuffer ping = ByteBuffer.allocate(REQUEST_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      ping.putInt(0, REQUEST_BYTES - Integer.BYTES).put(KIND_AT, PING).put(7, (byte) 1);
      question.write(ping.putLong(8, 77));
      ByteBuffer answer = ByteBuffer.allocate(ANSWER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      while (answer.hasRemaining()) {
        assertThat(question.read(answer)).isPositive();
      }
      assertThat(answer.get(KIND_AT)).as("its status").isZero();
      assertThat(answer.getLong(8)).isEqualTo(77);
      assertThat(slow.isDone()).isFalse();
    }
  }

  @Test
  void whatNobodyNeedsAnyMoreEndsAtOnceAndALateAnswerChangesNothing() throws Exception {
    source.reading = (count, into) -> hang(count);
    try (FrameServer frames = FrameServer.start(folder.resolve("s"), source);
        Letting go = goesOn::countDown) {
      assertThat(go).isNotNull();
      assertThat(frames).isNotNull();
      Cancellation cancellation = new Cancellation();
      BlockService service = services.connect(address, Limits.ANSWER_NANOS, cancellation);
      ByteBuffer into = ByteBuffer.allocate(BYTES);
      FutureTask<Integer> task = new FutureTask<>(() -> service.read(ALL, BLOCK, 0, into).size());
      Thread.ofVirtual().start(task);
      reached.await();
      cancellation.cancel();
      assertThatThrownBy(() -> task.get(10, TimeUnit.SECONDS))
          .hasRootCauseInstanceOf(IOException.class);
      assertThat(services.isSuspect(address)).as("nobody knows what it would have said").isFalse();
      byte[] mine = new byte[BYTES];
      Arrays.fill(mine, (byte) 9);
      into.clear().put(mine);
      goesOn.countDown();
      answered.await();
      ByteBuffer again = ByteBuffer.allocate(BYTES);
      assertThat(read(again, Limits.ANSWER_NANOS).get(30, TimeUnit.SECONDS).remaining()).isZero();
      assertThat(into.array()).as("what the caller did with his buffer").isEqualTo(mine);
      assertThatThrownBy(() -> service.flush(ALL, BLOCK, 1))
          .as("what is asked for afterwards")
          .isInstanceOf(IOException.class);
    }
  }
}

package dfs.client.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.client.block.ChunkBlockStore.Hedges;
import dfs.client.block.GatedCopies.Asked;
import dfs.client.metadata.ManualTime;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Reply.BlockPlace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which of several copies is read, and how long one is waited for before another is asked. */
@Timeout(120)
class HedgedReadsTest {
  private static final int BYTES = 10_000;
  private static final byte[] GOOD = filled(1);
  private static final byte[] OTHER = filled(9);

  private final ManualTime time = new ManualTime();
  private final GatedCopies copies = new GatedCopies();
  private final ChunkBlockStore store =
      new ChunkBlockStore(new BlockServices(time, copies), () -> 1);

  private static byte[] filled(int value) {
    byte[] bytes = new byte[BYTES];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /** A read in another thread; it gives its buffer. */
  private FutureTask<byte[]> read(long block, String... sockets) {
    List<String> addresses = Arrays.stream(sockets).map(socket -> "unix:" + socket).toList();
    BlockPlace place = new BlockPlace(block, true, 1 << 20, List.of(), addresses, ByteString.EMPTY);
    ByteBuffer into = ByteBuffer.allocate(BYTES);
    FutureTask<byte[]> task =
        new FutureTask<>(
            () -> {
              store.read(place, 0, into);
              assertThat(into.hasRemaining()).isFalse();
              return into.array();
            });
    Thread.ofVirtual().start(task);
    return task;
  }

  private FutureTask<byte[]> readTwo(long block) {
    return read(block, "/a", "/b");
  }

  private static byte[] bytes(FutureTask<byte[]> read) throws Exception {
    return read.get(30, TimeUnit.SECONDS);
  }

  /** One read after another; where it went. */
  private String socketOf(long block) throws Exception {
    FutureTask<byte[]> read = readTwo(block);
    Asked asked = copies.next();
    asked.answer(GOOD);
    assertThat(bytes(read)).isEqualTo(GOOD);
    return asked.socket;
  }

  @Test
  void theLeastLoadedCopyIsAsked() throws Exception {
    assertThat(socketOf(4)).isEqualTo("/a");
    assertThat(socketOf(5)).as("each block has a copy that is asked first").isEqualTo("/b");
    List<FutureTask<byte[]>> reads = new ArrayList<>();
    List<Asked> asked = new ArrayList<>();
    for (String socket : List.of("/a", "/a", "/b", "/b", "/a")) {
      reads.add(readTwo(4));
      Asked next = copies.next();
      assertThat(next.socket).as("of read %d", reads.size()).isEqualTo(socket);
      asked.add(next);
    }
    asked.forEach(each -> each.answer(GOOD));
    for (FutureTask<byte[]> each : reads) {
      assertThat(bytes(each)).isEqualTo(GOOD);
    }
    assertThat(store.hedges()).isEqualTo(new Hedges(0, 0, 0));
  }

  @Test
  void aCopyThatWasSlowIsAskedAgainLater() throws Exception {
    FutureTask<byte[]> slow = readTwo(4);
    Asked asked = copies.next();
    time.advance(40, TimeUnit.MILLISECONDS);
    asked.answer(GOOD);
    assertThat(bytes(slow)).isEqualTo(GOOD);
    assertThat(asked.socket).isEqualTo("/a");
    assertThat(socketOf(4)).isEqualTo("/b");
    time.advance(30, TimeUnit.SECONDS);
    assertThat(socketOf(4)).isEqualTo("/a");
  }

  /** It refuses at once: that is not quick. */
  @Test
  void aCopyThatIsAwayIsNotTheQuickest() throws Exception {
    FutureTask<byte[]> read = readTwo(4);
    copies.next().fail(new IOException("nobody is there"));
    copies.next().answer(GOOD);
    assertThat(bytes(read)).isEqualTo(GOOD);
    assertThat(socketOf(4)).isEqualTo("/b");
  }

  @Test
  void aSlowCopyIsNotWaitedFor() throws Exception {
    FutureTask<byte[]> read = readTwo(4);
    Asked first = copies.next();
    time.advance(49, TimeUnit.MILLISECONDS);
    assertThat(store.hedges().asked()).isZero();
    time.advance(1, TimeUnit.MILLISECONDS);
    Asked second = copies.next();
    assertThat(second.socket).isEqualTo("/b");
    second.answer(GOOD);
    assertThat(bytes(read)).isEqualTo(GOOD);
    first.awaitEnd();
    assertThat(store.hedges()).isEqualTo(new Hedges(1, 1, 1));
    assertThat(socketOf(4)).as("it is still slow").isEqualTo("/b");
    time.advance(1, TimeUnit.SECONDS);
    assertThat(time.timers()).as("timers when nobody reads").isZero();
  }

  /** A third one is asked when the second has failed, and only then. */
  @Test
  void onlyOneMoreIsAskedAtATime() throws Exception {
    FutureTask<byte[]> read = read(3, "/a", "/b", "/c");
    Asked first = copies.next();
    time.advance(2, TimeUnit.SECONDS);
    Asked second = copies.next();
    time.advance(2, TimeUnit.SECONDS);
    assertThat(copies.isNobodyAsked()).isTrue();
    second.fail(new IOException("planted"));
    second.awaitEnd();
    Asked third = null;
    while (third == null) {
      time.advance(50, TimeUnit.MILLISECONDS);
      third = copies.isNobodyAsked() ? null : copies.next();
    }
    assertThat(List.of(first.socket, second.socket, third.socket))
        .containsExactly("/a", "/b", "/c");
    first.fail(new IOException("planted"));
    first.awaitEnd();
    third.answer(GOOD);
    assertThat(bytes(read)).as("who failed first left it to the other").isEqualTo(GOOD);
  }

  @Test
  void aLateAnswerIsNotMixedIn() throws Exception {
    FutureTask<byte[]> overtaken = readTwo(4);
    Asked first = copies.next();
    first.into.duplicate().put(OTHER, 0, BYTES / 2);
    time.advance(60, TimeUnit.MILLISECONDS);
    Asked second = copies.next();
    second.answer(GOOD);
    assertThat(bytes(overtaken)).as("where half of another answer was").isEqualTo(GOOD);
    first.awaitEnd();

    time.advance(60, TimeUnit.SECONDS);
    FutureTask<byte[]> kept = readTwo(4);
    first = copies.next();
    time.advance(60, TimeUnit.MILLISECONDS);
    second = copies.next();
    first.answer(GOOD);
    byte[] mine = bytes(kept);
    second.into.duplicate().put(OTHER);
    second.awaitEnd();
    assertThat(mine).as("what the caller got before").isEqualTo(GOOD);
    while (!store.hedges().equals(new Hedges(2, 1, 2))) {
      Thread.onSpinWait();
    }
  }

  @Test
  void whatIsWrongOnBothIsSaidWhenBothHaveAnswered() throws Exception {
    FutureTask<byte[]> read = readTwo(4);
    Asked first = copies.next();
    time.advance(60, TimeUnit.MILLISECONDS);
    Asked second = copies.next();
    first.fail(new IOException("planted"));
    first.awaitEnd();
    assertThat(read.isDone()).isFalse();
    second.fail(new IOException("planted"));
    assertThatThrownBy(() -> bytes(read)).cause().hasMessageContaining("from any of");
  }

  @Test
  void fewReadsAreAskedTwice() throws Exception {
    int reads = 200;
    for (int i = 0; i < reads; i++) {
      FutureTask<byte[]> read = readTwo(i);
      Asked asked = copies.next();
      long before = store.hedges().asked();
      time.advance(1100, TimeUnit.MILLISECONDS);
      Asked second = store.hedges().asked() > before ? copies.next() : null;
      asked.answer(GOOD);
      assertThat(bytes(read)).isEqualTo(GOOD);
      if (second != null) {
        second.awaitEnd();
      }
    }
    assertThat(store.hedges().asked()).isBetween(10L, 10L + reads / 20);
  }

  @Test
  void aBlockOfOneCopyCostsNoTimer() throws Exception {
    FutureTask<byte[]> read = read(4, "/a");
    Asked asked = copies.next();
    assertThat(time.timers()).isZero();
    asked.answer(GOOD);
    assertThat(bytes(read)).isEqualTo(GOOD);
  }
}

package dfs.chunk.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long RATE = 1_000_000;
  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final ManualTime time = new ManualTime();
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();

  PaceTest() {
    time.leap(Thread.currentThread().getName());
  }

  private long nanosFor(Pace pace, int pieces, long bytes) {
    long since = time.monotonicNanos();
    for (int i = 0; i < pieces; i++) {
      assertThat(pace.moved(bytes)).isTrue();
    }
    return time.monotonicNanos() - since;
  }

  @Test
  void soManyBytesTakeTheirTimeButForWhatIsCaughtUp() {
    Pace pace = new Pace(RATE, time, stopped);
    assertThat(nanosFor(pace, 50, RATE / 10)).isEqualTo(4 * SECOND_NANOS);
    assertThat(nanosFor(pace, 50, RATE / 10)).isEqualTo(5 * SECOND_NANOS);
    time.advance(60 * SECOND_NANOS);
    assertThat(nanosFor(pace, 50, RATE / 10))
        .as("after a minute without work")
        .isEqualTo(4 * SECOND_NANOS);
    time.advance(60 * SECOND_NANOS);
    pace.begin();
    assertThat(nanosFor(pace, 50, RATE / 10))
        .as("nothing is caught up")
        .isEqualTo(5 * SECOND_NANOS);
  }

  /** Work that is slow itself waits the less. */
  @Test
  void timeThatWorkTookCounts() {
    Pace pace = new Pace(RATE, time, stopped);
    pace.begin();
    long since = time.monotonicNanos();
    for (int i = 0; i < 20; i++) {
      time.advance(SECOND_NANOS / 20);
      assertThat(pace.moved(RATE / 10)).isTrue();
    }
    assertThat(time.monotonicNanos() - since).isEqualTo(2 * SECOND_NANOS);
  }

  @Test
  void withoutABoundNobodyWaits() {
    Pace pace = new Pace(Pace.UNBOUNDED, time, stopped);
    assertThat(nanosFor(pace, 10, Integer.MAX_VALUE)).isZero();
    stopped.complete(null);
    assertThat(pace.moved(1)).isFalse();
  }
}

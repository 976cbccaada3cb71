package dfs.protocol.seam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class RealTimeTest {
  private final RealTime time = new RealTime();

  @Test
  void aTimerRunsNotEarlyAndBeforeALaterOne() throws Exception {
    List<String> ran = new CopyOnWriteArrayList<>();
    CompletableFuture<Long> soon = new CompletableFuture<>();
    Time.Timer later = time.after(1, TimeUnit.HOURS, () -> ran.add("later"));
    long start = time.monotonicNanos();
    time.after(20, TimeUnit.MILLISECONDS, () -> soon.complete(time.monotonicNanos()));
    assertThat(soon.get() - start).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(20));
    assertThat(ran).isEmpty();
    later.cancel();
  }

  @Test
  void aCancelledTimerDoesNotRun() throws Exception {
    List<String> ran = new CopyOnWriteArrayList<>();
    CountDownLatch later = new CountDownLatch(1);
    Time.Timer timer = time.after(20, TimeUnit.MILLISECONDS, () -> ran.add("cancelled"));
    time.after(60, TimeUnit.MILLISECONDS, later::countDown);
    timer.cancel();
    timer.cancel();
    later.await();
    assertThat(ran).isEmpty();
  }

  @Test
  void aTaskThatFailsStopsNoOther() throws Exception {
    CountDownLatch later = new CountDownLatch(1);
    time.after(
        1,
        TimeUnit.MILLISECONDS,
        () -> {
          throw new IllegalStateException("meant by the test");
        });
    time.after(20, TimeUnit.MILLISECONDS, later::countDown);
    later.await();
  }

  @Test
  void timersKeepNoProcessAlive() throws Exception {
    CompletableFuture<Boolean> daemon = new CompletableFuture<>();
    time.after(0, TimeUnit.SECONDS, () -> daemon.complete(Thread.currentThread().isDaemon()));
    assertThat(daemon.get()).isTrue();
  }

  @Test
  void theWallClockIsTheMachines() {
    long millis = System.currentTimeMillis();
    assertThat(time.wallNanos() / 1_000_000).isBetween(millis - 5_000, millis + 5_000);
  }
}

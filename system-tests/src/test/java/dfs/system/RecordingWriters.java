package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Four writers on one mount, from a seed that is printed. */
final class RecordingWriters implements AutoCloseable {
  private static final int WRITERS = 4;
  private static final long OPERATIONS_MIN = 10;
  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Path mount;
  private final Random random;
  private final List<RecordingWriter> writers = new ArrayList<>();
  private final ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
  private List<Future<@Nullable IOException>> working = List.of();
  private long before;

  RecordingWriters(Path mount) {
    this.mount = mount;
    long seed = Long.getLong("dfs.seed", System.nanoTime());
    System.out.println("writers: -Ddfs.seed=" + seed);
    random = new Random(seed);
    for (int i = 0; i < WRITERS; i++) {
      writers.add(new RecordingWriter(seed + i));
    }
  }

  /** Starts them and lets them work for a while. */
  void startAndWork(int atLeastMillis) {
    before = acknowledged();
    working = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      RecordingWriter writer = writers.get(i);
      Path directory = directory(i);
      Callable<@Nullable IOException> work = () -> writer.work(directory);
      working.add(threads.submit(work));
    }
    work(atLeastMillis);
    long since = System.nanoTime();
    while (acknowledged() <= before + OPERATIONS_MIN && isWorking()) {
      assertThat(System.nanoTime() - since).as("a start").isLessThan(START_NANOS);
      work(1);
    }
  }

  private boolean isWorking() {
    return working.stream().noneMatch(Future::isDone);
  }

  void work(int atLeastMillis) {
    LockSupport.parkNanos(
        TimeUnit.MILLISECONDS.toNanos(atLeastMillis + random.nextInt(atLeastMillis)));
  }

  private Path directory(int writer) {
    return mount.resolve("w" + writer);
  }

  long acknowledged() {
    return writers.stream().mapToLong(RecordingWriter::acknowledged).sum();
  }

  /** The longest that one step of any of them took. */
  long slowestNanos() {
    return writers.stream().mapToLong(RecordingWriter::slowestNanos).max().orElse(0);
  }

  /** Nothing that returns from now on counts as acknowledged. */
  void cut() {
    writers.forEach(RecordingWriter::cut);
  }

  /**
   * Their file system died: each heard of it, and something was recorded before. Whether something
   * was under way.
   */
  boolean awaitDeath() throws Exception {
    for (Future<@Nullable IOException> writer : working) {
      assertThat(writer.get(120, TimeUnit.SECONDS)).isNotNull();
    }
    assertThat(acknowledged()).as("recorded").isGreaterThan(before + OPERATIONS_MIN);
    return writers.stream().anyMatch(RecordingWriter::wasUnderWay);
  }

  /** Tells them to stop; none of them heard of an error. */
  void stop() throws Exception {
    writers.forEach(RecordingWriter::stop);
    for (Future<@Nullable IOException> writer : working) {
      assertThat(writer.get(120, TimeUnit.SECONDS)).isNull();
    }
    assertThat(acknowledged()).as("recorded").isGreaterThan(before + OPERATIONS_MIN);
  }

  void verify() throws IOException {
    for (int i = 0; i < WRITERS; i++) {
      writers.get(i).verify(directory(i));
    }
  }

  void verifyExactly() throws IOException {
    for (int i = 0; i < WRITERS; i++) {
      writers.get(i).verifyExactly(directory(i));
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}

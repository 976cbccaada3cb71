package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntUnaryOperator;

/**
 * Writers that fill a mount to its end, each file synced: what was acknowledged is remembered, and
 * how the end came. Contents follow from the number of a file.
 */
final class FillingWriters {
  private static final int WRITERS = 4;
  private static final int CALL_BYTES = 1 << 20;
  private static final String FULL = "No space left on device";

  /** A call that finds no room says so within this time. */
  private static final long REFUSAL_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** After space was given back writing goes on within this time. */
  static final long BACK_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long FILL_SECONDS = Boolean.getBoolean("dfs.long") ? 1200 : 240;

  private final Path folder;
  private final IntUnaryOperator sizes;
  private final AtomicInteger next = new AtomicInteger();
  private final Map<Integer, Path> acknowledged = new ConcurrentSkipListMap<>();

  /**
   * @param sizes bytes of a file by its number
   */
  FillingWriters(Path folder, IntUnaryOperator sizes) {
    this.folder = folder;
    this.sizes = sizes;
  }

  int files() {
    return acknowledged.size();
  }

  private byte[] contents(int number) {
    byte[] bytes = new byte[sizes.applyAsInt(number)];
    new Random(number).nextBytes(bytes);
    return bytes;
  }

  /** Writes and syncs the next file; whether there was room. Anything but that fails. */
  boolean write() throws IOException {
    int number = next.incrementAndGet();
    Path file = folder.resolve("file-" + number);
    long since = System.nanoTime();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(contents(number));
      while (bytes.hasRemaining()) {
        since = System.nanoTime();
        bytes.limit(Math.min(bytes.capacity(), bytes.position() + CALL_BYTES));
        channel.write(bytes);
        bytes.limit(bytes.capacity());
      }
      since = System.nanoTime();
      channel.force(true);
      acknowledged.put(number, file);
      return true;
    } catch (IOException e) {
      assertThat(e).as("file %s", number).hasMessageContaining(FULL);
      assertThat(System.nanoTime() - since).as("time to refusal").isLessThan(REFUSAL_NANOS);
      Files.deleteIfExists(file);
      return false;
    }
  }

  /** Four writers until each has found no room. */
  void fill() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(WRITERS)) {
      List<Future<?>> writers = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        writers.add(
            threads.submit(
                () -> {
                  while (write()) {
                    // until it is full
                  }
                  return null;
                }));
      }
      for (Future<?> writer : writers) {
        writer.get(FILL_SECONDS, TimeUnit.SECONDS);
      }
    }
  }

  /** Removes of so many acknowledged files one. */
  void removeOneOf(int parts) throws IOException {
    for (Map.Entry<Integer, Path> file : List.copyOf(acknowledged.entrySet())) {
      if (file.getKey() % parts == 0) {
        Files.delete(file.getValue());
        acknowledged.remove(file.getKey());
      }
    }
  }

  /** Tries until a file of at least so many bytes finds room again. */
  void awaitRoom(int bytes) throws IOException {
    long since = System.nanoTime();
    while (!write() || sizes.applyAsInt(next.get()) < bytes) {
      assertThat(System.nanoTime() - since).as("time without room").isLessThan(BACK_NANOS);
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /** Every acknowledged file is there with its bytes. */
  void verify() throws Exception {
    Shell.run(Path.of("/"), "echo 3 >/proc/sys/vm/drop_caches");
    for (Map.Entry<Integer, Path> file : acknowledged.entrySet()) {
      assertThat(Files.readAllBytes(file.getValue()))
          .as("file %s", file.getKey())
          .isEqualTo(contents(file.getKey()));
    }
  }
}

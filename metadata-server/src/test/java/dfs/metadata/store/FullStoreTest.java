package dfs.metadata.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.metadata.store.KeyValueStore.Write;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that is compacted on a disk of 128 MiB with little room left on it. */
class FullStoreTest {
  private static final int SMALL_BYTES = 500;
  private static final int BLOB_BYTES = 4000;
  private static final long MIB = 1 << 20;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long REST_NANOS = TimeUnit.MINUTES.toNanos(5);

  private @TempDir Path disk;
  private boolean mounted;

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    byte[] said = process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).as(new String(said, StandardCharsets.UTF_8)).isZero();
  }

  @BeforeEach
  void mount() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root can mount a tmpfs");
    run("mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", disk.toString());
    mounted = true;
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      run("umount", disk.toString());
    }
  }

  private RocksStore open() throws IOException {
    return RocksStore.open(disk.resolve("store"));
  }

  private static byte[] contents(long number, int size) {
    byte[] bytes = new byte[size];
    new Random(number).nextBytes(bytes);
    return bytes;
  }

  private long freeBytes() throws IOException {
    return Files.getFileStore(disk).getUsableSpace();
  }

  /**
   * Others take all but this, once the store is at rest: tables that were not merged yet would need
   * room for all of them at once.
   */
  private void leave(RocksStore store, long bytes) throws IOException {
    long since = System.nanoTime();
    while (store.isBusy()) {
      assertThat(System.nanoTime() - since).isLessThan(REST_NANOS);
      LockSupport.parkNanos(LOOK_NANOS);
    }
    long taken = Math.max(0, freeBytes() - bytes);
    Files.write(disk.resolve("others"), new byte[(int) taken]);
  }

  /** The number of the newest table. */
  private long newestTable() throws IOException {
    try (Stream<Path> files = Files.list(disk.resolve("store"))) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.endsWith(".sst"))
          .mapToLong(name -> Long.parseLong(name.substring(0, name.indexOf('.'))))
          .max()
          .orElse(0);
    }
  }

  /** Values that lie in files of blobs; three of four are deleted then. */
  private static void blobs(RocksStore store, int count) {
    List<Write> writes = new ArrayList<>();
    List<Write> deletions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Key key = Key.of(1_000_000 + i);
      writes.add(new Write(Family.INLINE, key, contents(i, BLOB_BYTES)));
      if (i % 4 != 0) {
        deletions.add(new Write(Family.INLINE, key, null));
      }
    }
    Room.await(() -> store.write(writes));
    store.flush();
    Room.await(() -> store.write(deletions));
    store.flush();
  }

  /** Values that lie in tables. */
  private static void small(RocksStore store, Family family, long bytes) {
    List<Write> writes = new ArrayList<>();
    for (long number = 0; number * SMALL_BYTES < bytes; number++) {
      writes.add(new Write(family, Key.of(2 * number), contents(number, SMALL_BYTES)));
      if (writes.size() == 16_000) {
        Room.await(() -> store.write(writes));
        store.flush();
        writes.clear();
      }
    }
    Room.await(() -> store.write(writes));
    store.flush();
  }

  private static void goOn(RocksStore store) {
    Room.await(() -> store.write(List.of(new Write(Family.INODES, Key.of(1L), contents(1, 100)))));
    store.flush();
  }

  @Test
  void tablesBesideGarbageOfBlobsAreNotWrittenAgainAtOnce() throws IOException {
    try (RocksStore store = open()) {
      blobs(store, 4000);
      store.compact(2 * MIB);
      small(store, Family.INLINE, 40 * MIB);
      leave(store, 15 * MIB);
      store.compact(freeBytes());
      goOn(store);
      assertThat(freeBytes()).isGreaterThan(15 * MIB);
    }
  }

  @Test
  void deletionsOfWhatWasNeverThereMakeNoRoom() throws IOException {
    try (RocksStore store = open()) {
      small(store, Family.EXTENTS, 48 * MIB);
      List<Write> deletions = new ArrayList<>();
      for (long i = 0; i < 70_000; i++) {
        deletions.add(new Write(Family.EXTENTS, Key.of(2 * i + 1), null));
      }
      Room.await(() -> store.write(deletions));
      store.flush();
      leave(store, 20 * MIB);
      store.compact(freeBytes());
      goOn(store);
      assertThat(freeBytes()).isGreaterThan(15 * MIB);
    }
  }

  @Test
  void withoutRoomItIsNotDoneOverAndOver() throws IOException {
    try (RocksStore store = open()) {
      small(store, Family.INLINE, MIB);
      blobs(store, 2000);
      store.compact(3900 << 10);
      long before = newestTable();
      store.compact(3900 << 10);
      assertThat(newestTable() - before).isLessThan(4);
    }
  }
}

package dfs.metadata.store;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.store.KeyValueStore.Write;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the store takes of its disk. */
class RocksStoreTest {
  private static final int FLUSHES = 16;
  private static final int FILES_PER_FLUSH = 125;
  private static final int FILE_BYTES = 4000;

  /** Of four files one is kept. */
  private static final int KEPT = 4;

  @TempDir private Path directory;

  private static byte[] contents(long number) {
    byte[] bytes = new byte[FILE_BYTES];
    new Random(number).nextBytes(bytes);
    return bytes;
  }

  private long bytes(String suffix) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.toString().endsWith(suffix))
          .mapToLong(file -> file.toFile().length())
          .sum();
    }
  }

  /**
   * As many records that lie one beside the other, of which one in so many is kept, or none;
   * flushed.
   */
  private static void fill(RocksStore store, Family family, int kept) {
    long number = 0;
    for (int flush = 0; flush < FLUSHES; flush++) {
      List<Write> writes = new ArrayList<>();
      for (int i = 0; i < FILES_PER_FLUSH; i++) {
        writes.add(new Write(family, Key.of(number), contents(number)));
        number++;
      }
      store.write(writes);
      store.flush();
    }
    List<Write> deletions = new ArrayList<>();
    for (long gone = 0; gone < number; gone++) {
      if (kept == 0 || gone % kept != 0) {
        deletions.add(new Write(family, Key.of(gone), null));
      }
    }
    store.write(deletions);
    store.flush();
  }

  /** Two files of blobs are written again at a time. */
  @Test
  void theSpaceOfDeletedFilesComesBackWithLittleRoomForIt() throws IOException {
    try (RocksStore store = RocksStore.open(directory)) {
      fill(store, Family.INLINE, KEPT);
      long before = bytes(".blob");
      store.compact(5L * FILES_PER_FLUSH * FILE_BYTES);
      assertThat(bytes(".blob")).isLessThan(before * 2 / KEPT);
      for (long kept = 0; kept < FLUSHES * FILES_PER_FLUSH; kept++) {
        assertThat(store.latest().get(Family.INLINE, Key.of(kept)))
            .isEqualTo(kept % KEPT == 0 ? contents(kept) : null);
      }
    }
  }

  @Test
  void withoutRoomNothingIsWrittenAgain() throws IOException {
    try (RocksStore store = RocksStore.open(directory)) {
      fill(store, Family.INLINE, KEPT);
      long before = bytes(".blob");
      store.compact(FILES_PER_FLUSH * FILE_BYTES);
      assertThat(bytes(".blob")).isEqualTo(before);
    }
  }

  /** Much was there, and little is to be written again. */
  @Test
  void theSpaceOfHistoryThatIsGoneComesBack() throws IOException {
    try (RocksStore store = RocksStore.open(directory)) {
      fill(store, Family.HISTORY, 0);
      assertThat(bytes(".sst")).isGreaterThan(FLUSHES * FILES_PER_FLUSH * FILE_BYTES);
      store.compact(FILES_PER_FLUSH * FILE_BYTES);
      assertThat(bytes(".sst")).isLessThan(FILES_PER_FLUSH * FILE_BYTES);
    }
  }

  /** The files of blobs are there for ever, those of a flush are not. */
  @Test
  void manySmallTablesBecomeFew() throws IOException {
    try (RocksStore store = RocksStore.open(directory)) {
      for (long number = 0; number < 50; number++) {
        store.write(List.of(new Write(Family.INODES, Key.of(number), contents(number))));
        store.flush();
        store.compact(1L << 30);
      }
      try (Stream<Path> files = Files.list(directory)) {
        assertThat(files.filter(file -> file.toString().endsWith(".sst"))).hasSizeLessThan(40);
      }
      assertThat(store.latest().get(Family.INODES, Key.of(7))).isEqualTo(contents(7));
    }
  }
}

package dfs.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files mapped by processes on two mounts, which must not wait for each other in a circle. */
@Timeout(240)
class SharedMappingTest {
  /**
   * Stores into every other page, each time made durable.
   *
   * <p>Arguments: pages, first page, file, and perhaps a second file.
   */
  private static final String STORE =
      """
      import mmap, os, sys
      pages, first = int(sys.argv[1]), int(sys.argv[2])
      maps = [mmap.mmap(os.open(f, os.O_RDWR), pages * 4096) for f in sys.argv[3:]]
      for turn in range(1, 41):
          for m in maps:
              for page in range(first, pages, 2):
                  m[page * 4096 + turn] = turn
          for m in maps:
              m.flush()
      """;

  /** Each page must have all that was stored there, whichever mount one looks through. */
  private static final String LOOK =
      """
      import sys
      pages = int(sys.argv[1])
      for f in sys.argv[2:]:
          stored = open(f, 'rb').read()
          assert len(stored) == pages * 4096, (f, len(stored))
          for page in range(pages):
              for turn in range(1, 41):
                  assert stored[page * 4096 + turn] == turn, (f, page, turn)
      """;

  private static final int BOUND_SECONDS = 60;

  private @TempDir Path directory;

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    Files.writeString(directory.resolve("store.py"), STORE);
    Files.writeString(directory.resolve("look.py"), LOOK);
  }

  @Test
  void twoMountsStoreIntoOneMappedFile() throws Exception {
    run(
        """
        head -c 131072 /dev/zero > one/f
        timeout -k 5 50 python3 store.py 32 0 one/f & first=$!
        timeout -k 5 50 python3 store.py 32 1 other/f & second=$!
        wait $first; wait $second
        timeout 20 python3 look.py 32 one/f; timeout 20 python3 look.py 32 other/f
        """);
  }

  /** Each makes durable first what the other makes durable last. */
  @Test
  void twoMountsStoreIntoTwoMappedFiles() throws Exception {
    run(
        """
        for f in f g; do head -c 131072 /dev/zero > one/$f; done
        timeout -k 5 50 python3 store.py 32 0 one/f one/g & first=$!
        timeout -k 5 50 python3 store.py 32 1 other/g other/f & second=$!
        wait $first; wait $second
        timeout 20 python3 look.py 32 one/f one/g; timeout 20 python3 look.py 32 other/f other/g
        """);
  }

  /** A file of this size is part of its metadata: each write builds on what it is. */
  @Test
  void aSmallMappedFileGrowsElsewhere() throws Exception {
    run(
        """
        head -c 1000 /dev/zero > one/f
        cat > map.py <<'P'
        import mmap, os
        m = mmap.mmap(os.open('one/f', os.O_RDWR), 1000)
        for turn in range(1, 201):
            m[turn] = turn
            m.flush()
        P
        cat > append.py <<'P'
        import os
        fd = os.open('other/f', os.O_WRONLY | os.O_APPEND)
        for turn in range(1, 201):
            os.write(fd, bytes([turn]))
        P
        cat > look.py <<'P'
        import sys
        expected = bytes([0, *range(1, 201), *[0] * 799, *range(1, 201)])
        for f in sys.argv[1:]:
            stored = open(f, 'rb').read()
            assert stored == expected, (f, stored)
        P
        timeout -k 5 50 python3 map.py & first=$!
        timeout -k 5 50 python3 append.py & second=$!
        wait $first; wait $second
        timeout 20 python3 look.py one/f other/f
        """);
  }

  private void run(String script) throws Exception {
    try (Cluster cluster = new Cluster(directory)) {
      cluster.mount(directory.resolve("one"));
      cluster.mount(directory.resolve("other"));
      // Who hangs in a mount cannot be killed: only that the mounts go wakes it.
      CompletableFuture<String> done = new CompletableFuture<>();
      Thread.ofPlatform().daemon().start(() -> run(script, done));
      done.get(BOUND_SECONDS, TimeUnit.SECONDS);
    }
  }

  private void run(String script, CompletableFuture<String> done) {
    try {
      done.complete(Shell.run(directory, script));
    } catch (Throwable e) {
      done.completeExceptionally(e);
    }
  }
}

package dfs.client.file;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.protocol.metadata.Extent;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Memory and extents against the simplest thing that can hold a file: an array. */
class DirtyRunsTest {
  private static final int SIZE = 3 << 20;

  @Test
  void randomWritesReadBackAsFromAnArray() {
    for (long seed = 1; seed <= 20; seed++) {
      Random random = new Random(seed);
      DirtyRuns runs = new DirtyRuns(new BufferPool());
      byte[] expected = new byte[SIZE];
      boolean[] written = new boolean[SIZE];
      for (int i = 0; i < 60; i++) {
        int offset = random.nextInt(SIZE);
        int length = 1 + random.nextInt(Math.min(SIZE - offset, i % 5 == 0 ? 2 << 20 : 9000));
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        if (random.nextInt(4) == 0) {
          for (int at = 0; at < length; at++) {
            if (!written[offset + at]) {
              expected[offset + at] = bytes[at];
            }
          }
          runs.putUnder(offset, ByteBuffer.wrap(bytes));
        } else {
          System.arraycopy(bytes, 0, expected, offset, length);
          runs.put(offset, ByteBuffer.wrap(bytes));
        }
        Arrays.fill(written, offset, offset + length, true);
      }
      byte[] seen = new byte[SIZE];
      runs.overlay(0, ByteBuffer.wrap(seen));
      assertThat(Arrays.equals(seen, expected)).as("seed %d", seed).isTrue();
      check(runs, written, seed);
    }
  }

  private static void check(DirtyRuns runs, boolean[] written, long seed) {
    long bytes = 0;
    for (boolean one : written) {
      bytes += one ? 1 : 0;
    }
    assertThat(runs.bytes()).as("bytes, seed %d", seed).isEqualTo(bytes);
    long end = -1;
    for (Run run : runs.takeAll()) {
      assertThat(run.offset()).as("runs do not overlap, seed %d", seed).isGreaterThanOrEqualTo(end);
      end = run.end();
    }
    assertThat(runs.isEmpty()).isTrue();
  }

  @Test
  void laterExtentsLieOverEarlierOnes() {
    for (long seed = 1; seed <= 200; seed++) {
      Random random = new Random(seed);
      ExtentOverlay overlay = new ExtentOverlay();
      long[] expected = new long[300];
      for (int i = 1; i <= 30; i++) {
        int offset = random.nextInt(280);
        int length = 1 + random.nextInt(20);
        long blockOffset = i * 1000L;
        overlay.put(new Extent(offset, length, 7, blockOffset, false));
        for (int at = 0; at < length; at++) {
          expected[offset + at] = blockOffset + at;
        }
      }
      long[] seen = new long[300];
      long end = 0;
      for (Extent extent : overlay.list()) {
        assertThat(extent.fileOffset()).as("seed %d", seed).isGreaterThanOrEqualTo(end);
        end = extent.fileEnd();
        for (int at = 0; at < extent.lengthBytes(); at++) {
          seen[(int) extent.fileOffset() + at] = extent.blockOffset() + at;
        }
      }
      assertThat(seen).as("seed %d", seed).isEqualTo(expected);
    }
  }

  @Test
  void neighboursAreJoined() {
    ExtentOverlay overlay = new ExtentOverlay();
    overlay.put(new Extent(0, 10, 7, 100, false));
    overlay.put(new Extent(10, 5, 7, 110, false));
    assertThat(overlay.list()).isEqualTo(List.of(new Extent(0, 15, 7, 100, false)));
  }
}

package dfs.chunk.server;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a chunk server says of how long its disk takes to flush. */
class FlushTimesTest {
  private final ManualTime time = new ManualTime();
  private final FlushTimes times = new FlushTimes(time);
  private long takesNanos;

  /** A disk whose files take their time to be flushed. */
  private DiskFile file() throws IOException {
    DiskFile file =
        (DiskFile)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {DiskFile.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("sync")) {
                    time.advance(takesNanos);
                  }
                  return null;
                });
    Disk disk =
        (Disk)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Disk.class},
                (proxy, method, arguments) -> file);
    return times.of(disk).open(Path.of("f"), true);
  }

  private void flush(DiskFile file, int count, long nanos) throws IOException {
    takesNanos = nanos;
    for (int i = 0; i < count; i++) {
      file.sync(false);
    }
  }

  @Test
  void itIsTheMedianOfThoseOfLate() throws IOException {
    try (DiskFile file = file()) {
      flush(file, 7, 1_000_000);
      assertThat(times.medianNanos()).as("too few").isZero();
      flush(file, 5, 300_000_000);
      assertThat(times.medianNanos()).as("a few stalls are nothing").isEqualTo(1_000_000);
      flush(file, 20, 300_000_000);
      assertThat(times.medianNanos()).isEqualTo(300_000_000);
      time.advance(TimeUnit.SECONDS.toNanos(31));
      assertThat(times.medianNanos()).as("long ago").isZero();
    }
  }
}

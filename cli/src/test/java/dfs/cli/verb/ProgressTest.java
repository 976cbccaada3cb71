package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The line that says how far copying is. */
class ProgressTest {
  private static final long MIB = 1 << 20;

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final AtomicLong now = new AtomicLong();

  private Progress progress(boolean terminal) {
    Streams streams =
        new Streams(
            InputStream.nullInputStream(), new ByteArrayOutputStream(), err, false, terminal);
    return new Progress(streams, now::get);
  }

  private String drawn() {
    String text = err.toString(StandardCharsets.UTF_8);
    err.reset();
    return text;
  }

  @ParameterizedTest
  @CsvSource({
    // MiB that are done, of so many, after so many seconds, is
    "10, 100, 2, '10M of 100M, 5.0M/s, 0:18 left'",
    "100, 100, 2, '100M of 100M, 50M/s, 0:00 left'",
    "1, 1000, 1, '1.0M of 1000M, 1.0M/s, 16:39 left'",
    // of a pipe nobody knows how much is to come, nor of what grows
    "5, 0, 2, '5.0M, 2.5M/s'",
    "200, 100, 2, '200M, 100M/s'",
    "0, 100, 2, '0 of 100M, 0/s'"
  })
  void itSaysHowMuchAndHowLong(long done, long expected, long seconds, String text) {
    assertThat(Progress.text(done * MIB, expected * MIB, TimeUnit.SECONDS.toNanos(seconds)))
        .isEqualTo(text);
  }

  @Test
  void itIsDrawnTwiceASecondAndTakenAwayAtTheEnd() {
    Progress progress = progress(true);
    progress.expect(4 * MIB);
    now.addAndGet(TimeUnit.MILLISECONDS.toNanos(400));
    progress.copied(MIB);
    assertThat(drawn()).isEmpty();
    now.addAndGet(TimeUnit.MILLISECONDS.toNanos(600));
    progress.copied(MIB);
    assertThat(drawn()).startsWith("\r2.0M of 4.0M, 2.0M/s, 0:01 left ").doesNotContain("\n");
    progress.copied(MIB);
    assertThat(drawn()).isEmpty();
    progress.end();
    assertThat(drawn()).matches("\r +\r");
    now.addAndGet(TimeUnit.SECONDS.toNanos(9));
    progress.copied(MIB);
    progress.end();
    assertThat(drawn()).isEmpty();
  }

  @Test
  void nothingIsDrawnWhereNobodyLooks() {
    Progress progress = progress(false);
    now.addAndGet(TimeUnit.SECONDS.toNanos(9));
    progress.copied(MIB);
    progress.end();
    assertThat(drawn()).isEmpty();
  }
}

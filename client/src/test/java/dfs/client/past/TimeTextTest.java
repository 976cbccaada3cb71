package dfs.client.past;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeTextTest {
  private static final Instant NOW = Instant.parse("2026-11-27T11:30:15.5Z");
  private final TimeText text = new TimeText(ZoneId.of("Europe/Berlin"), nanos(NOW));

  private static long nanos(Instant instant) {
    return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-22,                2026-11-21T23:00:00Z",
    "2026-11-22T10:00,          2026-11-22T09:00:00Z",
    "2026-11-22T10:00:30,       2026-11-22T09:00:30Z",
    "2026-11-22T10:00:30Z,      2026-11-22T10:00:30Z",
    "2026-11-22T10:00:30.25Z,   2026-11-22T10:00:30.25Z",
    "2026-11-22T10:00-05:00,    2026-11-22T15:00:00Z",
    "2026-06-01T10:00,          2026-06-01T08:00:00Z",
    "2026-10-25T02:30,          2026-10-25T00:30:00Z",
  })
  void absoluteTimesAreThoseOfTheZoneUnlessTheySayWhich(String written, String meant) {
    assertThat(text.absolute(written)).isEqualTo(nanos(Instant.parse(meant)));
    assertThat(text.any(written)).isEqualTo(nanos(Instant.parse(meant)));
  }

  @ParameterizedTest
  @CsvSource({
    "12:00,             2026-11-27T11:00:00Z",
    "12:00:30,          2026-11-27T11:00:30Z",
    "today,             2026-11-26T23:00:00Z",
    "today 12:00,       2026-11-27T11:00:00Z",
    "yesterday,         2026-11-25T23:00:00Z",
    "yesterday 12:00,   2026-11-26T11:00:00Z",
    "15s,               2026-11-27T11:30:00.5Z",
    "5m,                2026-11-27T11:25:15.5Z",
    "2h,                2026-11-27T09:30:15.5Z",
    "3d,                2026-11-24T11:30:15.5Z",
  })
  void relativeTimesCountFromNow(String written, String meant) {
    assertThat(text.any(written)).isEqualTo(nanos(Instant.parse(meant)));
    assertThatThrownBy(() -> text.absolute(written))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + written + "\" is no time");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "now",
        "25:00",
        "2026-13-01",
        "2026-11-22T",
        "5",
        "s",
        "-5m",
        "5x",
        "todays",
        "99999999999999999999d",
        "9999999999d"
      })
  void whatIsNoTimeIsRefusedWithAnExample(String written) {
    assertThatThrownBy(() -> text.any(written))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + written + "\" is no time")
        .hasMessageContaining("yesterday 10:00");
  }

  @Test
  void thePresentSecondIsNotPast() {
    assertThat(text.any("2026-11-27T11:30:14.999Z")).isPositive();
    assertThatThrownBy(() -> text.any("2026-11-27T11:30:15Z"))
        .hasMessageContaining("is not past: it must be before this second");
    assertThatThrownBy(() -> text.any("0s")).hasMessageContaining("is not past");
    assertThatThrownBy(() -> text.any("1969-01-01")).hasMessageContaining("before all");
    assertThatThrownBy(() -> text.any("+999999999-01-01")).hasMessageContaining("range");
  }
}

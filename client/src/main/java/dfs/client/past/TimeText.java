package dfs.client.past;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Times of the past as people write them. Absolute ones are those of RFC 3339 ({@code
 * 2026-11-22T10:00:00Z}, {@code 2026-11-22T11:00+01:00}) and local ones ({@code 2026-11-22}, its
 * beginning, {@code 2026-11-22T10:00}, {@code 2026-11-22T10:00:30}); relative ones {@code 10:00},
 * {@code 10:00:30}, {@code today}, {@code yesterday}, {@code yesterday 10:00}, and {@code 30s},
 * {@code 5m}, {@code 2h}, {@code 3d}, which are so long ago.
 */
public final class TimeText {
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final int TIME_CHARACTERS_MIN = "00:00".length();

  private final ZoneId zone;
  private final long nowNanos;

  /**
   * @param zone of local times; where a clock is set back, the earlier of two is meant
   * @param nowNanos since 1970: relative times count from here, and no time may lie in this second
   *     or after it
   */
  public TimeText(ZoneId zone, long nowNanos) {
    this.zone = zone;
    this.nowNanos = nowNanos;
  }

  /**
   * What an absolute text means, in nanoseconds since 1970.
   *
   * @throws IllegalArgumentException with a message for users, if it is none, or not past
   */
  public long absolute(String text) {
    try {
      return past(text, absoluteInstant(text));
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "\"%s\" is no time: write it as 2026-11-22, 2026-11-22T10:00 or 2026-11-22T10:00:00Z"
              .formatted(text),
          e);
    }
  }

  /**
   * What an absolute or relative text means, in nanoseconds since 1970.
   *
   * @throws IllegalArgumentException with a message for users, if it is none, or not past
   */
  public long any(String text) {
    try {
      return past(text, anyInstant(text.strip()));
    } catch (DateTimeException | ArithmeticException e) {
      throw new IllegalArgumentException(
          ("\"%s\" is no time: write it as 2026-11-22T10:00, 2026-11-22T10:00:00Z, 10:00,"
                  + " \"yesterday 10:00\", 30s, 5m, 2h or 3d")
              .formatted(text),
          e);
    }
  }

  private long past(String text, Instant instant) {
    long nanos;
    try {
      nanos =
          Math.addExact(
              Math.multiplyExact(instant.getEpochSecond(), SECOND_NANOS), instant.getNano());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("\"%s\" is out of range".formatted(text), e);
    }
    if (nanos >= Math.floorDiv(nowNanos, SECOND_NANOS) * SECOND_NANOS) {
      throw new IllegalArgumentException(
          "\"%s\" (%s) is not past: it must be before this second".formatted(text, instant));
    }
    if (nanos <= 0) {
      throw new IllegalArgumentException(
          "\"%s\" (%s) is before all that is kept".formatted(text, instant));
    }
    return nanos;
  }

  private Instant absoluteInstant(String text) {
    int timeAt = text.indexOf('T');
    if (timeAt < 0) {
      return LocalDate.parse(text).atStartOfDay(zone).toInstant();
    }
    String time = text.substring(timeAt);
    boolean local = !time.endsWith("Z") && time.indexOf('+') < 0 && time.indexOf('-') < 0;
    return local
        ? LocalDateTime.parse(text).atZone(zone).toInstant()
        : OffsetDateTime.parse(text).toInstant();
  }

  private Instant anyInstant(String text) {
    LocalDate today = LocalDate.ofInstant(now(), zone);
    String lower = text.toLowerCase(Locale.ROOT);
    if (lower.startsWith("today")) {
      return on(today, lower.substring("today".length()));
    }
    if (lower.startsWith("yesterday")) {
      return on(today.minusDays(1), lower.substring("yesterday".length()));
    }
    if (text.length() >= TIME_CHARACTERS_MIN && text.charAt(2) == ':') {
      return on(today, text);
    }
    int last = lower.isEmpty() ? 0 : lower.length() - 1;
    if (!lower.isEmpty() && "smhd".indexOf(lower.charAt(last)) >= 0) {
      return now().minusNanos(ago(lower.substring(0, last), lower.charAt(last)));
    }
    return absoluteInstant(text);
  }

  private Instant now() {
    return Instant.ofEpochSecond(
        Math.floorDiv(nowNanos, SECOND_NANOS), Math.floorMod(nowNanos, SECOND_NANOS));
  }

  private Instant on(LocalDate day, String time) {
    String text = time.strip();
    return text.isEmpty()
        ? day.atStartOfDay(zone).toInstant()
        : LocalDateTime.of(day, LocalTime.parse(text)).atZone(zone).toInstant();
  }

  private static long ago(String number, char unit) {
    TimeUnit in =
        switch (unit) {
          case 's' -> TimeUnit.SECONDS;
          case 'm' -> TimeUnit.MINUTES;
          case 'h' -> TimeUnit.HOURS;
          default -> TimeUnit.DAYS;
        };
    try {
      return Math.multiplyExact(Long.parseUnsignedLong(number.strip()), in.toNanos(1));
    } catch (NumberFormatException e) {
      throw new DateTimeParseException("no number", number, 0, e);
    }
  }
}

package dfs.client.past;

import dfs.protocol.metadata.SnapshotName;
import java.time.Instant;
import java.util.Optional;

/**
 * When the past is meant: a time, or the instant of a snapshot; one of the two.
 *
 * @param time before the current second
 * @param snapshot its name
 */
public record Moment(Optional<Instant> time, Optional<String> snapshot) {
  private static final String SNAPSHOT_MARK = "@";
  private static final long SECOND_NANOS = 1_000_000_000L;

  public static Moment of(Instant time) {
    return new Moment(Optional.of(time), Optional.empty());
  }

  /**
   * What people write: {@code @NAME}, or a time as {@link TimeText#any} takes it.
   *
   * @throws IllegalArgumentException with a message for users, if it is neither, or not past
   */
  public static Moment of(String text, TimeText times) {
    if (!text.startsWith(SNAPSHOT_MARK)) {
      long nanos = times.any(text);
      return of(Instant.ofEpochSecond(nanos / SECOND_NANOS, nanos % SECOND_NANOS));
    }
    String name = text.substring(SNAPSHOT_MARK.length());
    if (!SnapshotName.isValid(name)) {
      throw new IllegalArgumentException("\"%s\" is no name of a snapshot".formatted(text));
    }
    return new Moment(Optional.empty(), Optional.of(name));
  }

  /** As people write it. */
  @Override
  public String toString() {
    return snapshot.map(SNAPSHOT_MARK::concat).orElseGet(() -> time.orElseThrow().toString());
  }
}

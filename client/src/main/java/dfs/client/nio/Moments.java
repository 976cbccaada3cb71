package dfs.client.nio;

import dfs.client.nio.DfsFileSystem.Times;
import dfs.client.past.Moment;
import dfs.client.past.TimeText;
import java.time.Instant;
import java.time.ZoneId;

/** Times of the past as people write them, by the clock of this machine. */
final class Moments {
  private Moments() {}

  /**
   * What a text means.
   *
   * @throws IllegalArgumentException with a message for users
   */
  static Moment of(String text) {
    return Moment.of(text, new TimeText(ZoneId.systemDefault(), Times.nanos(Instant.now())));
  }
}

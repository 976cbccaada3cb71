package dfs.metadata.state;

/**
 * Buckets of the history: images lie in the one of the hour in which they were superseded, and move
 * on to one of six hours, then to the pinned one, if an instant that is kept longer saw them. The
 * tier is in the upper two bits.
 */
final class Buckets {
  static final int DAY_TIER = 0x4000_0000;
  static final int PINNED = 0x8000_0000;
  static final long HOUR = 60 * Instants.MINUTE;
  static final long DAY_BUCKET = 6 * HOUR;

  private Buckets() {}

  static int hour(long nanos) {
    return (int) Math.floorDiv(nanos, HOUR);
  }

  static int ofDay(long nanos) {
    return DAY_TIER | (int) Math.floorDiv(nanos, DAY_BUCKET);
  }

  static long startNanos(int bucket) {
    return endNanos(bucket) - ((bucket & DAY_TIER) == 0 ? HOUR : DAY_BUCKET);
  }

  /** When the last image of an hour's or a day's bucket can have been superseded, exclusive. */
  static long endNanos(int bucket) {
    int number = bucket & ~(DAY_TIER | PINNED);
    return (number + 1) * ((bucket & DAY_TIER) == 0 ? HOUR : DAY_BUCKET);
  }
}

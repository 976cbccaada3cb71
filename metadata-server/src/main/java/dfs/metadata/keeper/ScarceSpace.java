package dfs.metadata.keeper;

import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Time;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives up history when space runs short, so that nobody hears that there is none while the past
 * holds some: the older half of the seconds, half of what is left, and so on, then the minutes in
 * the same way; pinned instants never. Between two steps the blocks that one freed are deleted.
 * What frees space in the metadata is known later, so there steps are larger and one a round; and
 * when all is given up nothing new is kept until there is room, since what is deleted would be
 * written once more for that. Used by the keeper's thread.
 */
final class ScarceSpace {
  private static final Logger LOG = LoggerFactory.getLogger(ScarceSpace.class);

  private static final int BLOCK_PARTS = 2;
  private static final int METADATA_PARTS = 4;

  /** What is younger goes at once, not a part of it. */
  private static final long WHOLE_NANOS = TimeUnit.MINUTES.toNanos(2);

  /** The seconds since the last round or two are none that could be given up for much. */
  private static final long FEW_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final long LEAST_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int RELEASES_PER_ROUND = 16;

  /** Nothing is kept for so long, after each round that finds no room. */
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Chunk servers say within this time that they have the room of what they deleted. */
  private static final long HEARD_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Survey survey;
  private final BooleanSupplier blocksScarce;
  private final BooleanSupplier metadataScarce;
  private final Function<Upkeep, @Nullable Reply> propose;
  private final Runnable trim;
  private final Time time;
  private boolean told;

  /** When something that was given up was on its way to free space, or 0. */
  private long freeingNanos;

  private volatile boolean spent;

  /**
   * @param blocksScarce the chunk servers have little room
   * @param metadataScarce the disk of the metadata has
   * @param propose null when the order did not get through
   * @param trim takes away what was given up
   */
  ScarceSpace(
      Survey survey,
      BooleanSupplier blocksScarce,
      BooleanSupplier metadataScarce,
      Function<Upkeep, @Nullable Reply> propose,
      Runnable trim,
      Time time) {
    this.survey = survey;
    this.blocksScarce = blocksScarce;
    this.metadataScarce = metadataScarce;
    this.propose = propose;
    this.trim = trim;
    this.time = time;
  }

  /**
   * Whether space is short and nothing is left that could be given up for it, nor on its way to
   * free some. For any thread.
   */
  boolean isSpent() {
    return spent;
  }

  void round() {
    boolean metadata = metadataScarce.getAsBoolean();
    if (!metadata && !blocksScarce.getAsBoolean()) {
      told = false;
      spent = false;
      return;
    }
    if (metadata) {
      pause(survey.past(), time.wallNanos());
    }
    boolean nothingLeft = !release(metadata);
    long now = time.monotonicNanos();
    if (!nothingLeft) {
      freeingNanos = now;
    }
    spent = nothingLeft && (freeingNanos == 0 || now - freeingNanos > HEARD_NANOS);
  }

  /** Gives up more of the past unless some is on its way; whether there was any. */
  private boolean release(boolean metadata) {
    for (int i = 0; i < RELEASES_PER_ROUND && !isUnderWay(); i++) {
      Upkeep.ReleaseHistory next =
          next(survey.past(), time.wallNanos(), metadata ? METADATA_PARTS : BLOCK_PARTS);
      if (next == null || !(propose.apply(next) instanceof Reply.Done)) {
        return next != null;
      }
      tell(next);
      trim.run();
      if (metadata) {
        // How much that was shows when the store has been compacted.
        return true;
      }
    }
    return true;
  }

  /** If all is given up: nothing new is kept for a while. */
  private void pause(Survey.Past past, long nowNanos) {
    long until = Math.min(past.secondsNanos(), past.minutesNanos());
    if (next(past, nowNanos, METADATA_PARTS) == null && until < nowNanos + PAUSE_NANOS / 2) {
      var _ = propose.apply(new Upkeep.ReleaseHistory(nowNanos + PAUSE_NANOS, true));
    }
  }

  /** What was given up before is still on its way to free space. */
  private boolean isUnderWay() {
    return survey.past().releasing()
        || !survey.mapsToReap(1).isEmpty()
        || !survey.ownerless(0, 1).isEmpty()
        || !survey.blocks(BlockState.DEAD, 0, 1).isEmpty();
  }

  private static Upkeep.@Nullable ReleaseHistory next(Survey.Past past, long nowNanos, int parts) {
    if (past.empty()) {
      return null;
    }
    if (nowNanos - past.secondsNanos() >= FEW_NANOS) {
      return new Upkeep.ReleaseHistory(before(past.secondsNanos(), nowNanos, parts), false);
    }
    return nowNanos - past.minutesNanos() >= LEAST_NANOS
        ? new Upkeep.ReleaseHistory(before(past.minutesNanos(), nowNanos, parts), true)
        : null;
  }

  /** The last of so many parts is left. */
  private static long before(long from, long to, int parts) {
    return to - from <= WHOLE_NANOS ? to : to - (to - from) / parts;
  }

  private void tell(Upkeep.ReleaseHistory order) {
    if (!told) {
      LOG.warn(
          "space is short: of what was before {} no {} can be read any more, and so on until there"
              + " is room",
          Instant.ofEpochSecond(0, order.beforeNanos()),
          order.minutes() ? "minute" : "second");
      told = true;
    }
  }
}

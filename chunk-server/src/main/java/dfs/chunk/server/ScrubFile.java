package dfs.chunk.server;

import dfs.protocol.seam.Disk;
import java.io.IOException;
import java.util.List;

/**
 * How far reading through the data directory has come, in its file {@code scrub}. Only a hint: one
 * that is lost or broken lets a pass begin anew. Used by the scrubber's thread; {@link #progress}
 * by any.
 */
final class ScrubFile {
  private static final int BYTES_MAX = 256;
  private static final Progress NONE = new Progress(0, 0, 0);

  private final HintFile file;
  private volatile Progress progress;

  /**
   * One pass after the other.
   *
   * @param after the last block of the pass that has been read; 0: none
   * @param begunNanos wall time at which the pass began, or the last one if none is under way
   * @param endedNanos wall time at which the last whole pass ended; 0: there was none
   */
  record Progress(long after, long begunNanos, long endedNanos) {
    boolean isUnderWay() {
      return begunNanos > endedNanos;
    }

    Progress begun(long nowNanos) {
      return new Progress(0, Math.max(nowNanos, endedNanos + 1), endedNanos);
    }

    Progress at(long block) {
      return new Progress(block, begunNanos, endedNanos);
    }

    Progress ended(long nowNanos) {
      return new Progress(0, begunNanos, Math.max(nowNanos, begunNanos));
    }
  }

  private ScrubFile(HintFile file, Progress progress) {
    this.file = file;
    this.progress = progress;
  }

  static ScrubFile open(Disk disk) throws IOException {
    HintFile file = new HintFile(disk, "scrub", BYTES_MAX);
    List<Long> numbers = file.read();
    Progress progress =
        numbers.size() == 3 ? new Progress(numbers.get(0), numbers.get(1), numbers.get(2)) : NONE;
    return new ScrubFile(file, progress);
  }

  Progress progress() {
    return progress;
  }

  /** Remembers how far it has come; that it cannot be written is no reason to stop. */
  void note(Progress next) {
    progress = next;
    file.write(List.of(next.after(), next.begunNanos(), next.endedNanos()));
  }
}

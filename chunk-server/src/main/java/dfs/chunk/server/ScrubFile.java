package dfs.chunk.server;

import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far reading through the data directory has come, in its file {@code scrub}. Only a hint: one
 * that is lost or broken lets a pass begin anew. Used by the scrubber's thread; {@link #progress}
 * by any.
 */
final class ScrubFile {
  private static final Logger LOG = LoggerFactory.getLogger(ScrubFile.class);
  private static final Path ROOT = Path.of("");
  private static final Path FILE = Path.of("scrub");
  private static final Path NEW_FILE = Path.of("scrub.new");
  private static final int BYTES_MAX = 256;
  private static final Progress NONE = new Progress(0, 0, 0);

  private final Disk disk;
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

  private ScrubFile(Disk disk, Progress progress) {
    this.disk = disk;
    this.progress = progress;
  }

  static ScrubFile open(Disk disk) throws IOException {
    return new ScrubFile(disk, disk.exists(FILE) ? read(disk) : NONE);
  }

  private static Progress read(Disk disk) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(BYTES_MAX);
    try (DiskFile file = disk.open(FILE, false)) {
      while (in.hasRemaining() && file.read(in, in.position()) >= 0) {
        // reads until full or at the end
      }
    }
    String[] words =
        new String(in.array(), 0, in.position(), StandardCharsets.US_ASCII).strip().split(" ", -1);
    try {
      return new Progress(
          Long.parseLong(words[0]), Long.parseLong(words[1]), Long.parseLong(words[2]));
    } catch (RuntimeException e) {
      LOG.warn("the file scrub is broken: all blocks are read again", e);
      return NONE;
    }
  }

  Progress progress() {
    return progress;
  }

  /** Remembers how far it has come; that it cannot be written is no reason to stop. */
  void note(Progress next) {
    progress = next;
    String line = "%d %d %d%n".formatted(next.after(), next.begunNanos(), next.endedNanos());
    try {
      try (DiskFile file = disk.open(NEW_FILE, true)) {
        ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII));
        file.truncate(bytes.remaining());
        file.write(bytes, 0);
        file.sync(true);
      }
      disk.rename(NEW_FILE, FILE);
      disk.syncDirectory(ROOT);
    } catch (IOException e) {
      LOG.warn("how far scrubbing has come is not remembered", e);
    }
  }
}

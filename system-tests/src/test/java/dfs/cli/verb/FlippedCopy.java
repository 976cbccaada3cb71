package dfs.cli.verb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/** Copies a file in whose copy's memory a bit may change between reading and writing. */
public final class FlippedCopy {
  private static final int BUFFER_BYTES = 1 << 20;

  private FlippedCopy() {}

  /**
   * Copies.
   *
   * @param buffer of which the last byte changes, counted from 1; 0: of none
   */
  public static void of(Path source, Path target, boolean resume, int buffer) throws IOException {
    Stat met = Stat.of(source, false);
    ByteBuffer memory = ByteBuffer.allocateDirect(BUFFER_BYTES);
    AtomicInteger looks = new AtomicInteger();
    FileCopy copying =
        new FileCopy(
            new Copying.Wishes(false, false, false, resume, false),
            more -> {},
            new CopyCounts(),
            () -> {
              // Asked before the first is read, and when one was read, before it is written.
              if (looks.getAndIncrement() == buffer && buffer > 0) {
                int last = memory.limit() - 1;
                memory.put(last, (byte) (memory.get(last) ^ 1));
              }
              return 0;
            },
            () -> memory);
    var _ =
        copying.copy(
            source,
            met,
            target,
            TargetDirectory.said(target.getParent()),
            resume
                ? new FileCopy.Earlier(
                    "", Leftovers.in(Objects.requireNonNull(target.getParent())), null)
                : FileCopy.Earlier.NOTHING);
  }

  /** The name that an earlier run of a copy, which was killed, has given to what it wrote. */
  public static String partOf(Path source, Path target) throws IOException {
    return PartFile.nameOf(target, source, Stat.of(source, false), "0-");
  }
}

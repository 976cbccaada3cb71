package dfs.cli.command;

import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Says on a terminal how much was read, in a line that it keeps writing over. */
final class ReadProgress implements Consumer<CopyReading.Sums> {
  private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final String LINE_START = "\r\033[K";

  private final PrintWriter terminal;
  private final boolean shown;
  private long saidNanos = System.nanoTime();

  /**
   * @param shown whether anybody sees it; else nothing is said
   */
  ReadProgress(PrintWriter terminal, boolean shown) {
    this.terminal = terminal;
    this.shown = shown;
  }

  @Override
  public void accept(CopyReading.Sums sums) {
    long now = System.nanoTime();
    if (shown && now - saidNanos >= PERIOD_NANOS) {
      saidNanos = now;
      terminal.print(
          "%s%d blocks, %d copies, %s read"
              .formatted(LINE_START, sums.blocks(), sums.copies(), Report.size(sums.bytes())));
      terminal.flush();
    }
  }

  /** The line is free for others. */
  void end() {
    if (shown) {
      terminal.print(LINE_START);
      terminal.flush();
    }
  }
}

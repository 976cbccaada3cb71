package dfs.cli.verb;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/** A line that says how far copying is, on a terminal only. Any thread may report. */
final class Progress {
  private static final long EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final int WIDTH = 60;

  private final boolean shown;
  private final OutputStream err;
  private final LongSupplier clock;
  private final long begin;
  private final LongAdder bytes = new LongAdder();
  private final LongAdder expectedBytes = new LongAdder();
  private final ReentrantLock drawing = new ReentrantLock();
  private long drawnNanos;
  private boolean drawn;
  private volatile boolean ended;

  Progress(Streams streams) {
    this(streams, System::nanoTime);
  }

  /**
   * @param clock nanoseconds since whenever
   */
  Progress(Streams streams, LongSupplier clock) {
    this.shown = streams.errTerminal();
    this.err = streams.err();
    this.clock = clock;
    this.begin = clock.getAsLong();
    this.drawnNanos = begin;
  }

  /** So much more is to be copied. */
  void expect(long more) {
    expectedBytes.add(more);
  }

  /** So much more was copied. */
  void copied(long more) {
    bytes.add(more);
    if (shown && !ended && drawing.tryLock()) {
      try {
        long now = clock.getAsLong();
        if (now - drawnNanos >= EVERY_NANOS) {
          drawnNanos = now;
          drawn = true;
          draw(text(bytes.sum(), expectedBytes.sum(), now - begin));
        }
      } finally {
        drawing.unlock();
      }
    }
  }

  /**
   * What is shown: how much, of how much, at which rate, and how long it still takes. How much
   * there is to come of a pipe nobody knows, nor of a file that grows.
   */
  static String text(long done, long expected, long nanos) {
    double rate = done * 1e9 / Math.max(1, nanos);
    String perSecond = Sizes.human((long) rate) + "/s";
    if (expected < done || expected == 0) {
      return Sizes.human(done) + ", " + perSecond;
    }
    String much = Sizes.human(done) + " of " + Sizes.human(expected) + ", " + perSecond;
    if (rate < 1) {
      return much;
    }
    long left = (long) ((expected - done) / rate);
    return String.format(Locale.ROOT, "%s, %d:%02d left", much, left / 60, left % 60);
  }

  private void draw(String text) {
    write("\r" + text + " ".repeat(Math.max(0, WIDTH - text.length())));
  }

  private void write(String line) {
    try {
      err.write(line.getBytes(StandardCharsets.UTF_8));
      err.flush();
    } catch (IOException e) {
      // Nobody looks.
    }
  }

  /** Takes the line away; none is drawn any more. */
  void end() {
    ended = true;
    drawing.lock();
    try {
      if (drawn) {
        drawn = false;
        draw("");
        write("\r");
      }
    } finally {
      drawing.unlock();
    }
  }
}

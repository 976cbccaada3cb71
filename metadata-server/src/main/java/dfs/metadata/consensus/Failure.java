package dfs.metadata.consensus;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The end of this log in this process: happens once, by whoever sees the first sign, and stays.
 * Thread-safe.
 */
final class Failure {
  private final FatalListener listener;
  private final AtomicReference<@Nullable String> reason = new AtomicReference<>();

  private final AtomicBoolean told = new AtomicBoolean();

  /** Run at the first sign; set before anything can fail on another thread. */
  private volatile Runnable first = () -> {};

  /** Until then the log is being opened, and who opens it gets an exception. */
  private volatile boolean armed;

  Failure(FatalListener listener) {
    this.listener = listener;
  }

  /** What to do at the first sign, before the process is told. */
  void first(Runnable task) {
    first = task;
  }

  /** From now on the process is told. */
  void arm() {
    armed = true;
    tell();
  }

  void fail(String what, @Nullable Throwable cause) {
    String text = cause == null ? what : what + ": " + cause;
    if (reason.compareAndSet(null, text)) {
      try {
        first.run();
      } finally {
        tell();
      }
    }
  }

  private void tell() {
    String text = reason.get();
    if (armed && text != null && told.compareAndSet(false, true)) {
      listener.onFatal(text);
    }
  }

  /** Why the log is lost; null while it is not. */
  @Nullable String reason() {
    return reason.get();
  }

  boolean happened() {
    return reason.get() != null;
  }
}

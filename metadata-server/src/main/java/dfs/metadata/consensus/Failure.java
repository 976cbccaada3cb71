package dfs.metadata.consensus;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The end of this log in this process: happens once, by whoever sees the first sign, and stays.
 * Thread-safe.
 */
final class Failure {
  private final FatalListener listener;
  private final AtomicReference<@Nullable String> reason = new AtomicReference<>();

  /** Run before the listener is told; set before anything can fail on another thread. */
  private volatile Runnable first = () -> {};

  Failure(FatalListener listener) {
    this.listener = listener;
  }

  /** What to do at the first sign, before the process is told. */
  void first(Runnable task) {
    first = task;
  }

  void fail(String what, @Nullable Throwable cause) {
    String text = cause == null ? what : what + ": " + cause;
    if (reason.compareAndSet(null, text)) {
      try {
        first.run();
      } finally {
        listener.onFatal(text);
      }
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

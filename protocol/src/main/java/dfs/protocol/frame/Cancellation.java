package dfs.protocol.frame;

import org.jspecify.annotations.Nullable;

/**
 * By which a caller says that he does not need an answer any more, from another thread than the one
 * that waits for it. It is of one caller, who has one request under way at a time; once cancelled
 * it stays so. Thread-safe.
 */
public final class Cancellation {
  private @Nullable Runnable ending;
  private boolean cancelled;

  /**
   * A request begins; at once if it is cancelled already, its end is called.
   *
   * @param end makes the request fail; must not wait
   */
  public synchronized void begin(Runnable end) {
    if (cancelled) {
      end.run();
    } else {
      ending = end;
    }
  }

  /** The request is over: its end is not called any more. */
  public synchronized void over() {
    ending = null;
  }

  /** Ends what is under way, and whatever begins later. */
  public synchronized void cancel() {
    cancelled = true;
    Runnable end = ending;
    ending = null;
    if (end != null) {
      end.run();
    }
  }

  public synchronized boolean isCancelled() {
    return cancelled;
  }
}

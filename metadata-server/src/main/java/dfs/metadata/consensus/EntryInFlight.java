package dfs.metadata.consensus;

import com.alipay.sofa.jraft.Closure;
import com.alipay.sofa.jraft.Status;
import dfs.protocol.metadata.Reply;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An entry that was given to the library, and who waits for the replies to its commands, in order.
 */
final class EntryInFlight implements Closure {
  private final List<CompletableFuture<Reply>> waiting;
  private final Owner owner;
  private final AtomicBoolean released = new AtomicBoolean();
  private final CompletableFuture<Void> end = new CompletableFuture<>();

  /** Who made the entry. */
  interface Owner {
    /** The entry needs the disk no longer; once per entry. */
    void released();

    /** Nobody waits for this entry any more. */
    void answered(EntryInFlight entry);
  }

  EntryInFlight(List<CompletableFuture<Reply>> waiting, Owner owner) {
    this.waiting = waiting;
    this.owner = owner;
  }

  void release() {
    if (released.compareAndSet(false, true)) {
      owner.released();
    }
  }

  /** Done when all who waited have their replies. */
  CompletableFuture<Void> end() {
    return end;
  }

  void answer(List<Reply> replies) {
    owner.answered(this);
    for (int i = 0; i < waiting.size(); i++) {
      waiting.get(i).complete(replies.get(i));
    }
    end.complete(null);
  }

  void fail(LogUnavailableException cause) {
    owner.answered(this);
    for (CompletableFuture<Reply> each : waiting) {
      each.completeExceptionally(cause);
    }
    end.complete(null);
  }

  /** Called by the library when the entry will not get into the log, as far as it knows. */
  @Override
  public void run(Status status) {
    fail(new LogUnavailableException("the entry was not committed: " + status.getErrorMsg()));
    release();
  }
}

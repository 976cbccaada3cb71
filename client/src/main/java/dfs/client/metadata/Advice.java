package dfs.client.metadata;

import dfs.protocol.seam.Time;
import dfs.protocol.session.ServerMessage;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What the server says along with the answer to a heartbeat. Learned from the stream's thread,
 * which waits for nobody here; read by any.
 */
final class Advice {
  private final Lease lease;
  private final Time time;
  private final AtomicBoolean telling = new AtomicBoolean();
  private volatile boolean scarce;

  Advice(Lease lease, Time time) {
    this.lease = lease;
    this.time = time;
  }

  void learn(ServerMessage.HeartbeatAnswer answer) {
    scarce = answer.scarce();
    LeaseListener listener = lease.listener();
    // It is said again with each heartbeat: who is still at it has not to be told.
    if (listener != null && !answer.leaving().isEmpty() && telling.compareAndSet(false, true)) {
      Set<Long> leaving = Set.copyOf(answer.leaving());
      time.lightThread(
              "dfs-leaving",
              () -> {
                try {
                  listener.leaving(leaving);
                } finally {
                  telling.set(false);
                }
              })
          .start();
    }
  }

  boolean isSpaceScarce() {
    return scarce;
  }
}

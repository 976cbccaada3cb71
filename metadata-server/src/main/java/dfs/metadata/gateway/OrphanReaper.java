package dfs.metadata.gateway;

import dfs.metadata.consensus.Proposal;
import dfs.metadata.consensus.ReplicatedLog;
import dfs.metadata.namespace.Survey;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * Unlinked inodes go when every mount has said that it does not hold them: open, mapped, or known
 * to its kernel; and no tool has them open. A mount that cannot be asked may hold anything.
 */
final class OrphanReaper {
  private static final int INODES_PER_LOOK = 200;

  private final Survey survey;
  private final ReplicatedLog log;
  private final VolumeLease lease;
  private final BooleanSupplier everybodyIsKnown;
  private final AtomicBoolean busy = new AtomicBoolean();
  private long after;

  OrphanReaper(
      Survey survey, ReplicatedLog log, VolumeLease lease, BooleanSupplier everybodyIsKnown) {
    this.survey = survey;
    this.log = log;
    this.lease = lease;
    this.everybodyIsKnown = everybodyIsKnown;
  }

  /** Asks about the next orphans; goes on by itself while there are more. */
  void look() {
    if (!everybodyIsKnown.getAsBoolean() || !busy.compareAndSet(false, true)) {
      return;
    }
    List<Long> orphans = survey.orphans(after, INODES_PER_LOOK);
    if (orphans.isEmpty()) {
      after = 0;
      busy.set(false);
      return;
    }
    List<LiveSession> mounts = lease.sessions().stream().filter(s -> s.mount).toList();
    if (mounts.stream().anyMatch(s -> !s.isConnected())) {
      busy.set(false);
      return;
    }
    after = orphans.getLast();
    boolean more = orphans.size() == INODES_PER_LOOK;
    List<CompletableFuture<Boolean>> held = new ArrayList<>(orphans.size());
    for (long ino : orphans) {
      held.add(isHeld(mounts, ino));
    }
    VolumeLease.after(
        CompletableFuture.allOf(held.toArray(CompletableFuture<?>[]::new)),
        () -> reap(orphans, held, more));
  }

  private CompletableFuture<Boolean> isHeld(List<LiveSession> mounts, long ino) {
    // A tool has no kernel that knows more: it holds what it opened and did not let go of.
    if (lease.sessions().stream().anyMatch(session -> !session.mount && session.holds(ino))) {
      return CompletableFuture.completedFuture(true);
    }
    List<CompletableFuture<Boolean>> asked = new ArrayList<>(mounts.size());
    for (LiveSession mount : mounts) {
      asked.add(lease.askInUse(mount, ino));
    }
    return CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
        .thenApply(nothing -> asked.stream().anyMatch(CompletableFuture::join));
  }

  private void reap(List<Long> orphans, List<CompletableFuture<Boolean>> held, boolean more) {
    List<Long> free = new ArrayList<>();
    for (int i = 0; i < orphans.size(); i++) {
      if (!held.get(i).join()) {
        free.add(orphans.get(i));
      }
    }
    if (!more) {
      after = 0;
    }
    if (free.isEmpty()) {
      goOn(more);
    } else {
      log.propose(
          Proposal.upkeep(new Upkeep.Reap(free)),
          (reply, failure) -> goOn(more && failure == null));
    }
  }

  private void goOn(boolean more) {
    busy.set(false);
    if (more) {
      look();
    }
  }
}

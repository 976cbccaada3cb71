package dfs.client.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.client.metadata.LeaseListener;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.ClientMessage.Locked;
import dfs.protocol.session.LeaseMode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Locks over a session that is scripted. */
class FileLocksTest {
  private static final Locked WANTED = new Locked(7, 1, 0, 10, true);

  private final Scripted session = new Scripted();
  private final FileLocks locks = new FileLocks(session);

  /** Refuses so often, and says each time that it may be had now. */
  private final class Scripted implements MetadataSession {
    final List<Operation> asked = new ArrayList<>();
    Errno refusal = Errno.OK;
    int refusals;

    @Override
    public Reply call(Caller caller, Operation operation) {
      asked.add(operation);
      if (operation instanceof Query.Lock lock && refusals > 0) {
        refusals--;
        if (lock.waits()) {
          locks.freed(lock.ino());
        }
        return Reply.refused(refusal, "others have it");
      }
      return Reply.Done.DONE;
    }

    @Override
    public Reply callAsOf(Caller caller, Operation operation, long asOfNanos) {
      throw new UnsupportedOperationException("of the past there are no locks");
    }

    @Override
    public long id() {
      return 1;
    }

    @Override
    public ByteString cluster() {
      return ByteString.EMPTY;
    }

    @Override
    public boolean isOver() {
      return false;
    }

    @Override
    public boolean isSpaceScarce() {
      return false;
    }

    @Override
    public LeaseMode lease() {
      return LeaseMode.NONE;
    }

    @Override
    public long leaseNumber() {
      return 0;
    }

    @Override
    public long leaseValidNanos() {
      return 0;
    }

    @Override
    public long nowNanos() {
      return 0;
    }

    @Override
    public void listen(LeaseListener listener) {}

    @Override
    public void close() {}
  }

  private void refuse(int times, Errno errno) {
    session.refusals = times;
    session.refusal = errno;
  }

  @Test
  void whoWaitsAsksAgainUntilItIsGiven() throws Exception {
    refuse(3, Errno.EAGAIN);
    assertThat(locks.lock(WANTED, new CompletableFuture<>())).isTrue();
    assertThat(session.asked).hasSize(4);
    assertThat(locks.claimed()).containsExactly(WANTED);
    assertThat(locks.waitingFor()).isZero();
  }

  /** However many files are locked, or were waited for. */
  @Test
  void nothingStaysOfWhoWaitsNoMore() throws Exception {
    for (long ino = 1; ino <= 100; ino++) {
      Locked wanted = new Locked(ino, 1, 0, 1, true);
      assertThat(locks.tryLock(wanted)).isTrue();
      locks.unlock(wanted);
      refuse(1, Errno.EAGAIN);
      assertThat(locks.tryLock(wanted)).isFalse();
      refuse(1, Errno.ENOLCK);
      assertThatThrownBy(() -> locks.tryLock(wanted)).hasMessageContaining("inode " + ino);
    }
    assertThat(locks.waitingFor()).isZero();
    assertThat(locks.claimed()).isEmpty();
  }

  @Test
  void whoGivesUpBeforeItAsksHasNothing() throws Exception {
    assertThat(locks.lock(WANTED, CompletableFuture.completedFuture(true))).isFalse();
    assertThat(session.asked).isEmpty();
    assertThat(locks.waitingFor()).isZero();
  }
}

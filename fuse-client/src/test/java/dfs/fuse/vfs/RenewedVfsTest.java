package dfs.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.client.block.BlockStore;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What outlives a session and what does not, over sessions that end as they are told. */
@Timeout(60)
class RenewedVfsTest {
  private static final int O_RDWR = 2;
  private static final int O_TRUNC = 01000;
  private static final Operation STAT = new Query.GetAttributes(OneSession.INO);
  private static final Operation MKDIR =
      new Change.MakeDirectory(1, ByteString.copyFromUtf8("d"), 0755, 0);

  /** What happens while the mount asks for its next session; an error is its answer. */
  private interface Opening {
    void run() throws IOException;
  }

  private final List<OneSession> sessions = new ArrayList<>();
  private final List<Opening> openings = new ArrayList<>();
  private final List<String> problems = Collections.synchronizedList(new ArrayList<>());
  private final List<String> forgotten = Collections.synchronizedList(new ArrayList<>());
  private final SetTime time = new SetTime();
  private String cluster = "ours";
  private RenewedVfs vfs;

  @BeforeEach
  void open() throws IOException {
    vfs = RenewedVfs.open(new NumberedSessions(), time, problems::add);
    vfs.attach(new ForgettingKernel());
  }

  private OneSession last() {
    synchronized (sessions) {
      return sessions.getLast();
    }
  }

  private Vfs.Opened openFile() {
    Vfs.Opened opened = vfs.open(Caller.ROOT, 0, OneSession.INO, O_RDWR);
    assertThat(opened.handle()).as("%s", opened.reply()).isNotZero();
    return opened;
  }

  private Errno write(long handle) {
    return vfs.write(handle, 0, ByteBuffer.wrap(new byte[10]), false, false);
  }

  /** The owner that the file has now tells which session answered; -1: none. */
  private int answering(Operation operation) {
    return vfs.call(Caller.ROOT, 0, operation) instanceof Reply.Entry entry
        ? entry.attributes().uid()
        : -1;
  }

  @Test
  void aHandleOfALostSessionIsAnErrorForEver() {
    long lost = openFile().handle();
    assertThat(write(lost)).isEqualTo(Errno.OK);
    last().end();
    long fresh = openFile().handle();
    assertThat(fresh).isNotEqualTo(lost);
    assertThat(vfs.isUsable(lost)).isFalse();
    assertThat(write(lost)).isEqualTo(Errno.EIO);
    assertThat(vfs.writeBack(lost, 0, ByteBuffer.allocate(10))).isEqualTo(Errno.EIO);
    assertThat(vfs.read(lost, 0, ByteBuffer.allocate(10))).isEqualTo(Errno.EIO);
    assertThat(vfs.flush(lost)).isEqualTo(Errno.EIO);
    assertThat(vfs.sync(lost)).isEqualTo(Errno.EIO);
    vfs.release(lost, true);
    assertThat(vfs.isUsable(fresh)).isTrue();
    assertThat(write(fresh)).isEqualTo(Errno.OK);
  }

  /** A server that is started again before it has answered counts what it is told, once. */
  @Test
  void whatIsClosedIsOpenUntilTheServerHasHeard() {
    long first = openFile().handle();
    long second = openFile().handle();
    vfs.release(first, true);
    vfs.release(second, true);
    assertThat(last().openAtReleases).containsExactly(2, 1);
    assertThat(last().open()).isZero();
  }

  @Test
  void whatIsOpenedAndNotEmptiedIsClosedLikewise() {
    long open = openFile().handle();
    last().refuses = operation -> operation instanceof Change.SetAttributes;
    Vfs.Opened refused = vfs.open(Caller.ROOT, 0, OneSession.INO, O_RDWR | O_TRUNC);
    assertThat(refused.reply())
        .isInstanceOfSatisfying(
            Reply.Refused.class, no -> assertThat(no.errno()).isEqualTo(Errno.EACCES));
    assertThat(last().openAtReleases).containsExactly(2);
    assertThat(last().open()).isOne();
    vfs.release(open, true);
  }

  @Test
  void inodesAreThoseOfTheNextSession() {
    assertThat(answering(STAT)).isEqualTo(1);
    last().end();
    assertThat(answering(STAT)).isEqualTo(2);
    assertThat(answering(MKDIR)).isEqualTo(2);
    assertThat(problems).containsExactly("its session is over: as told", "");
  }

  @Test
  void theKernelHasForgottenWhenTheNextSessionIsOpened() {
    vfs.remember(((Reply.Entry) vfs.call(Caller.ROOT, 0, STAT)).attributes(), 1);
    OneSession first = last();
    List<String> before = new ArrayList<>();
    openings.add(
        () -> {
          before.addAll(forgotten);
          before.add(first.isClosed() ? "closed" : "open");
        });
    first.end();
    assertThat(before).containsExactly("settled", "names", "inode 7 from 0", "closed");
  }

  /** Also what the kernel remembers is the mount's, not the session's. */
  @Test
  void whatOneSessionToldIsForgottenWithTheNext() {
    vfs.remember(((Reply.Entry) vfs.call(Caller.ROOT, 0, STAT)).attributes(), 1);
    last().end();
    forgotten.clear();
    last().end();
    assertThat(forgotten).contains("inode 7 from 0");
  }

  @Test
  void whatWasAnsweredBeforeIsNotKeptAfterwards() {
    long epoch = vfs.cacheEpoch();
    assertThat(vfs.validityNanos(1, epoch)).isPositive();
    last().end();
    assertThat(vfs.validityNanos(1, epoch)).isZero();
    assertThat(vfs.validityNanos(1, vfs.cacheEpoch())).isPositive();
  }

  @Test
  void aQueryUnderWayIsAskedAgain() {
    last().endWithNextCall();
    assertThat(answering(STAT)).isEqualTo(2);
    last().endWithNextCall();
    assertThat(vfs.open(Caller.ROOT, 0, OneSession.INO, O_RDWR).handle()).isNotZero();
  }

  /** It may have happened. */
  @Test
  void aChangeUnderWayIsAnError() {
    last().endWithNextCall();
    assertThat(answering(MKDIR)).isEqualTo(-1);
    assertThat(answering(STAT)).isEqualTo(2);
  }

  @Test
  void aCallWaitsForASessionThatIsBeingOpened() throws Exception {
    CompletableFuture<Integer> answer = new CompletableFuture<>();
    openings.add(
        () -> {
          Thread caller = Thread.ofPlatform().start(() -> answer.complete(answering(STAT)));
          while (caller.getState() != Thread.State.TIMED_WAITING && caller.isAlive()) {
            Thread.onSpinWait();
          }
        });
    last().end();
    assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo(2);
  }

  @Test
  void withoutASessionForLongCallsAreErrorsAtOnce() {
    List<Integer> answers = new ArrayList<>();
    openings.add(
        () -> {
          time.nanos.addAndGet(Renewal.PATIENCE_NANOS);
          answers.add(answering(STAT));
          throw new IOException("nobody is there");
        });
    last().end();
    assertThat(answers).containsExactly(-1);
    assertThat(answering(STAT)).isEqualTo(2);
    assertThat(problems)
        .containsExactly(
            "its session is over: as told",
            "its session is over: as told; there is no other yet: nobody is there",
            "");
  }

  /** Its inodes are other files than those that the kernel knows by their numbers. */
  @Test
  void aSessionOfAnotherVolumeIsNotTaken() {
    openings.add(() -> cluster = "another");
    openings.add(() -> cluster = "ours");
    OneSession first = last();
    first.end();
    assertThat(answering(STAT)).isEqualTo(3);
    assertThat(sessions.get(1).isClosed()).isTrue();
    assertThat(problems)
        .containsExactly(
            "its session is over: as told",
            "its session is over: as told; there is no other yet: "
                + "the metadata server has another volume now",
            "");
  }

  @Test
  void aMountThatIsClosedLooksForNoOther() throws Exception {
    CompletableFuture<Void> closed = new CompletableFuture<>();
    openings.add(
        () -> {
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      vfs.close();
                      closed.complete(null);
                    } catch (IOException e) {
                      closed.completeExceptionally(e);
                    }
                  });
          throw new IOException("nobody is there");
        });
    OneSession first = last();
    Thread ending = Thread.ofPlatform().start(first::end);
    closed.get(30, TimeUnit.SECONDS);
    ending.join();
    synchronized (sessions) {
      assertThat(sessions).allMatch(OneSession::isClosed);
    }
    assertThat(answering(STAT)).isEqualTo(-1);
  }

  /** Sessions numbered from 1. */
  private final class NumberedSessions implements Sessions {
    @Override
    public MetadataSession open() throws IOException {
      if (!openings.isEmpty()) {
        openings.removeFirst().run();
      }
      synchronized (sessions) {
        OneSession session = new OneSession(sessions.size() + 1, cluster);
        sessions.add(session);
        return session;
      }
    }

    @Override
    public BlockStore blocks(MetadataSession session) {
      return new OneSession.NoBlocks();
    }
  }

  /** Says what it is told to forget. */
  private final class ForgettingKernel implements KernelCaches {
    @Override
    public void forgetInode(long ino, long fromOffset) {
      forgotten.add("inode " + ino + " from " + fromOffset);
    }

    @Override
    public void forgetName(long parent, ByteString name, boolean gone, long ino) {
      forgotten.add("name " + name.toStringUtf8());
    }

    @Override
    public boolean canForgetNames() {
      return true;
    }

    @Override
    public void forgetNames() {
      forgotten.add("names");
    }

    @Override
    public void settle() {
      forgotten.add("settled");
    }
  }

  /** Moves when it is set; runs nothing. */
  private static final class SetTime implements Time {
    final AtomicLong nanos = new AtomicLong();

    @Override
    public long monotonicNanos() {
      return nanos.get();
    }

    @Override
    public long wallNanos() {
      return nanos.get();
    }

    @Override
    public Timer after(long delay, TimeUnit unit, Runnable task) {
      return () -> {};
    }
  }
}

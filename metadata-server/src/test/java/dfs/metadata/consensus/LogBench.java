package dfs.metadata.consensus;

import static org.assertj.core.api.Assertions.assertThat;

import com.alipay.sofa.jraft.storage.LogStorage;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Disk;
import dfs.protocol.seam.RealDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/** A log on a directory, with what tests vary and watch. */
final class LogBench {
  static final LogLimits LIMITS =
      new LogLimits(
          1024, 100_000, 64L << 20, TimeUnit.SECONDS.toNanos(60), 1L << 30, 1L << 20, 1L << 20);

  final Path directory;
  final TestTime time = new TestTime();
  final List<String> fatal = new CopyOnWriteArrayList<>();
  LogLimits limits = LIMITS;
  Disk disk;
  UnaryOperator<LogStorage> storage = UnaryOperator.identity();

  LogBench(Path directory) {
    this.directory = directory;
    this.disk = new RealDisk(directory);
  }

  RaftLog open(RecordingMachine machine) throws IOException {
    return RaftLog.open(
        new RaftLog.Config(directory, limits),
        machine,
        time,
        new Random(42),
        fatal::add,
        new RaftLog.Seams(disk, storage));
  }

  /** Proposes so many numbered orders, one after the other, and waits for them. */
  static void propose(RaftLog log, long from, int count) {
    for (long number = from; number < from + count; number++) {
      assertThat(log.propose(Proposed.numbered(number)).orTimeout(20, TimeUnit.SECONDS).join())
          .isInstanceOf(Reply.Value.class);
    }
  }

  /** Proposes so many at once and waits for them. */
  static void proposeTogether(RaftLog log, long from, int count) {
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    for (long number = from; number < from + count; number++) {
      replies.add(log.propose(Proposed.numbered(number)));
    }
    for (CompletableFuture<Reply> reply : replies) {
      assertThat(reply.orTimeout(20, TimeUnit.SECONDS).join()).isInstanceOf(Reply.Value.class);
    }
  }

  /** Waits for something that another thread does, looking at it again and again. */
  static void await(String what, BooleanSupplier condition) {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > limit) {
        throw new AssertionError("not within 20 s: " + what);
      }
      LockSupport.parkNanos(1_000_000);
    }
  }
}

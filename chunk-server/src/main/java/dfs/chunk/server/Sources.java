package dfs.chunk.server;

import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockService;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;

/** The servers that copies are read from. Asked by the threads that make copies; stopped by any. */
final class Sources {
  private final BlockServices services;
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();

  Sources(BlockServices services) {
    this.services = services;
  }

  /** The server stops. */
  static final class StoppedException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** A source has not what it should have, or is not there: another one may. */
  static final class SourceException extends Exception {
    private static final long serialVersionUID = 1L;
    private final boolean damaged;

    SourceException(String source, String what, boolean damaged) {
      super(source + ": " + what);
      this.damaged = damaged;
    }

    /** Some of what was asked for is damaged there. */
    boolean isDamaged() {
      return damaged;
    }
  }

  /** Nobody is waited for any more. */
  void stop() {
    stopped.complete(null);
  }

  boolean isStopped() {
    return stopped.isDone();
  }

  /** A pace for what comes from them: nobody waits for it any more when they are stopped. */
  Pace pace(long bytesPerSecond, Time time) {
    return new Pace(bytesPerSecond, time, stopped);
  }

  interface Question<T> {
    T of(BlockService service) throws IOException;
  }

  /**
   * Asks on another thread, which is left alone when the server stops. It must not be interrupted:
   * that would close the files of a source in this process. A source in another process that does
   * not answer fails, and has let go of the buffer then.
   */
  <T> T ask(String source, Question<T> question) throws SourceException, StoppedException {
    CompletableFuture<Void> ended = new CompletableFuture<>();
    FutureTask<T> task =
        new FutureTask<>(() -> question.of(services.connect(source, Limits.ANSWER_NANOS))) {
          @Override
          protected void done() {
            ended.complete(null);
          }
        };
    services.time().lightThread("dfs-copy", task).start();
    var _ = CompletableFuture.anyOf(ended, stopped).join();
    if (stopped.isDone()) {
      throw new StoppedException();
    }
    if (task.state() == FutureTask.State.SUCCESS) {
      return task.resultNow();
    }
    Throwable cause = task.exceptionNow();
    boolean damaged = cause instanceof BlockFault fault && fault.kind() == BlockFault.Kind.DAMAGED;
    throw new SourceException(source, String.valueOf(cause.getMessage()), damaged);
  }
}

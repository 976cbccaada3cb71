package dfs.client.nio;

import dfs.client.file.OpenFiles;
import dfs.client.metadata.MetadataSession;
import dfs.client.nio.DfsFileSystem.Times;
import dfs.client.past.Moment;
import dfs.client.path.PathCalls;
import dfs.client.volume.Entrance;
import dfs.client.volume.Reached;
import java.io.IOException;
import java.nio.file.ClosedFileSystemException;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The session of a file system; another one when it is over. What was open in the old one is lost,
 * and its channels say so. Thread-safe.
 */
final class Presence implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Presence.class);
  private static final String HOST = "java";

  private final Entrance entrance;

  /** The kept instant that is seen, since 1970; empty: the present. */
  private final Optional<Long> instantNanos;

  private final ReentrantLock lock = new ReentrantLock();
  private volatile Now now;

  /** Set under the lock. */
  private volatile boolean closed;

  /** One session, and the calls over it. */
  private record Now(Reached reached, PathCalls calls, Optional<Long> instantNanos) {}

  /**
   * Opens the first session.
   *
   * @param asOf when it is seen; empty: the present
   */
  Presence(Entrance entrance, Optional<Moment> asOf) throws IOException {
    this.entrance = entrance;
    this.now = open(entrance, asOf);
    this.instantNanos = now.instantNanos;
  }

  private static Now open(Entrance entrance, Optional<Moment> asOf) throws IOException {
    Reached reached = Reached.open(entrance, HOST);
    boolean opened = false;
    try {
      MetadataSession session = reached.session();
      OpenFiles files = reached.files();
      Optional<Long> instant = Optional.empty();
      if (asOf.isPresent()) {
        Reached.Past past = past(reached, asOf.get());
        reached.keep(past.instantNanos());
        instant = Optional.of(past.instantNanos());
        session = past.session();
        files = past.files();
      }
      opened = true;
      return new Now(
          reached, new PathCalls(session, files, reached.caller(), reached.umask()), instant);
    } finally {
      if (!opened) {
        reached.close();
      }
    }
  }

  private static Reached.Past past(Reached reached, Moment asOf) throws IOException {
    return asOf.snapshot().isPresent()
        ? reached.asOfSnapshot(asOf.snapshot().get())
        : reached.asOf(Times.nanos(asOf.time().orElseThrow()));
  }

  /**
   * The calls over a session that is not over, as far as is known.
   *
   * @throws ClosedFileSystemException after {@link #close}
   */
  PathCalls calls() throws IOException {
    checkOpen();
    Now known = now;
    return known.reached.session().isOver() ? renewed() : known.calls;
  }

  private void checkOpen() {
    if (closed) {
      throw new ClosedFileSystemException();
    }
  }

  /**
   * Calls over the same session as of a kept instant.
   *
   * @param instantNanos since 1970
   */
  record Past(PathCalls calls, long instantNanos) {}

  /** The instant of a snapshot, or the newest kept one up to a time. */
  Past past(Moment asOf) throws IOException {
    PathCalls _ = calls();
    Reached reached = now.reached;
    Reached.Past past = past(reached, asOf);
    return new Past(
        new PathCalls(past.session(), past.files(), reached.caller(), reached.umask()),
        past.instantNanos());
  }

  /** The kept instant that is seen, since 1970; empty: the present. */
  Optional<Long> instantNanos() {
    return instantNanos;
  }

  private PathCalls renewed() throws IOException {
    lock.lock();
    try {
      checkOpen();
      Reached old = now.reached;
      if (old.session().isOver()) {
        Now next = following();
        if (!next.instantNanos.equals(instantNanos)) {
          next.reached.close();
          throw new IOException("the instant that was seen is not kept any more");
        }
        now = next;
        LOG.warn("session {} is over; session {} follows", old.session().id(), id());
        closeOver(old);
      }
      return now.calls;
    } finally {
      lock.unlock();
    }
  }

  private Now following() throws IOException {
    try {
      return open(entrance, instantNanos.map(Times::instant).map(Moment::of));
    } catch (IOException e) {
      throw new NoAnswerException(e);
    }
  }

  private long id() {
    return now.reached.session().id();
  }

  private static void closeOver(Reached old) {
    try {
      old.files().abandon();
      old.close();
    } catch (IOException e) {
      LOG.debug("what was left of a session that is over", e);
    }
  }

  /** Ends the session, the last one. */
  @Override
  public void close() throws IOException {
    Now last;
    lock.lock();
    try {
      closed = true;
      last = now;
    } finally {
      lock.unlock();
    }
    last.reached.close();
  }
}

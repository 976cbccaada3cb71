package dfs.fuse.vfs;

import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volume as a mount sees it for as long as it is mounted: through one session after the other.
 * Inode numbers and what the kernel knows of them outlive a session; what was open or not written
 * in it does not. A handle belongs to the session in which it was opened: when that is over it
 * answers EIO, whatever comes later, since bytes written through it may be lost, and is only let go
 * of. Calls by inode go to the session there is; {@link Renewal} says which. Called by a driver;
 * calls a {@link PastVfs} for each session. Thread-safe.
 */
public final class RenewedVfs implements Vfs {
  private static final Logger LOG = LoggerFactory.getLogger(RenewedVfs.class);
  private static final int O_TRUNC = 01000;
  private static final Reply NO_SESSION = Reply.refused(Errno.EIO, "there is no session");

  private final KnownInodes inodes = new KnownInodes();
  private final Renewal renewal;
  private final Map<Long, OpenHandle> handles = new ConcurrentHashMap<>();
  private final AtomicLong handleNumbers = new AtomicLong();

  /**
   * An open file.
   *
   * @param handle its number in its generation
   */
  private record OpenHandle(Generation generation, long ino, long handle) {
    boolean isUsable() {
      return !generation.isOver();
    }
  }

  private RenewedVfs(Sessions sessions, Time time, Consumer<String> problem) throws IOException {
    this.renewal = new Renewal(sessions, inodes, time, problem);
  }

  /**
   * Opens the first session.
   *
   * @param problem hears what keeps the mount from working, and an empty text when it works again
   */
  public static RenewedVfs open(Sessions sessions, Time time, Consumer<String> problem)
      throws IOException {
    return new RenewedVfs(sessions, time, problem);
  }

  @Override
  public void attach(KernelCaches caches) {
    renewal.attach(caches);
  }

  @Override
  public long validityNanos(long ino, long epoch) {
    return renewal.present().past.validityNanos(ino, epoch);
  }

  @Override
  public long cacheEpoch() {
    return inodes.epoch();
  }

  /**
   * An answer of a session that is over meanwhile may be old: a query is asked again. A change may
   * have happened or not: its error stands.
   */
  @Override
  public Reply call(Caller caller, int process, Operation operation) {
    Generation generation = renewal.await();
    while (generation != null) {
      Reply reply = generation.past.call(caller, process, operation);
      if (!generation.isOver() || !(operation instanceof Query)) {
        return reply;
      }
      generation = renewal.await();
    }
    return NO_SESSION;
  }

  @Override
  public Opened open(Caller caller, int process, long ino, int flags) {
    Generation generation = renewal.await();
    while (generation != null) {
      Opened opened = generation.past.open(caller, process, ino, flags);
      if (!generation.isOver() || (flags & O_TRUNC) != 0) {
        return numbered(generation, opened);
      }
      if (opened.handle() != 0) {
        generation.past.release(opened.handle(), (flags & 3) != 0);
      }
      generation = renewal.await();
    }
    return Opened.refused(NO_SESSION);
  }

  @Override
  public Opened create(Caller caller, int process, Operation create, int flags) {
    Generation generation = renewal.await();
    return generation == null
        ? Opened.refused(NO_SESSION)
        : numbered(generation, generation.past.create(caller, process, create, flags));
  }

  private Opened numbered(Generation generation, Opened opened) {
    if (opened.handle() == 0 || !(opened.reply() instanceof Reply.Entry entry)) {
      return opened;
    }
    long number = handleNumbers.incrementAndGet();
    handles.put(number, new OpenHandle(generation, entry.attributes().ino(), opened.handle()));
    return new Opened(opened.reply(), number, opened.keepCache(), opened.direct());
  }

  @Override
  public boolean isUsable(long handle) {
    OpenHandle open = handles.get(handle);
    return open != null && open.isUsable();
  }

  @Override
  public Errno read(long handle, long offset, ByteBuffer into) {
    OpenHandle open = handles.get(handle);
    return open == null || !open.isUsable()
        ? Errno.EIO
        : open.generation.past.read(open.handle, offset, into);
  }

  @Override
  public Errno write(
      long handle, long offset, ByteBuffer from, boolean append, boolean killPrivileges) {
    OpenHandle open = handles.get(handle);
    return open == null || !open.isUsable()
        ? Errno.EIO
        : open.generation.past.write(open.handle, offset, from, append, killPrivileges);
  }

  @Override
  public Errno writeBack(long handle, long offset, ByteBuffer from) {
    OpenHandle open = handles.get(handle);
    if (open == null || !open.isUsable()) {
      LOG.warn(
          "{} bytes stored at {} of a mapping of inode {} are lost: their session is over",
          from.remaining(),
          offset,
          open == null ? "?" : open.ino);
      return Errno.EIO;
    }
    return open.generation.past.writeBack(open.handle, offset, from);
  }

  @Override
  public Errno flush(long handle) {
    OpenHandle open = handles.get(handle);
    return open == null || !open.isUsable() ? Errno.EIO : open.generation.past.flush(open.handle);
  }

  @Override
  public Errno sync(long handle) {
    OpenHandle open = handles.get(handle);
    return open == null || !open.isUsable() ? Errno.EIO : open.generation.past.sync(open.handle);
  }

  @Override
  public void release(long handle, boolean writes) {
    OpenHandle open = handles.remove(handle);
    if (open != null) {
      open.generation.past.release(open.handle, writes);
    }
  }

  @Override
  public void remember(Attributes attributes, int references) {
    renewal.present().past.remember(attributes, references);
  }

  @Override
  public void forget(long ino, long references) {
    renewal.present().past.forget(ino, references);
  }

  /** Writes everything back; see {@link dfs.client.file.OpenFiles#syncAll}. */
  public void syncAll() throws IOException {
    Generation generation = renewal.present();
    if (!generation.isOver()) {
      generation.syncAll();
    }
  }

  /** Writes everything back and ends the session; afterwards every call is an error. */
  public void close() throws IOException {
    renewal.close();
  }
}

package dfs.fuse.vfs;

import dfs.client.file.OpenFiles;
import dfs.client.file.RefusedException;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volume of a cluster as a mount sees it through one session: names and attributes from the
 * metadata session, data from {@link OpenFiles}. Called by {@link RenewedVfs} as long as the
 * session lives; {@link Coherence} hears what the server asks back. Thread-safe.
 */
final class VolumeVfs implements Vfs {
  private static final Logger LOG = LoggerFactory.getLogger(VolumeVfs.class);
  private static final int O_ACCESS_MODE = 3;
  private static final int O_WRONLY = 1;
  private static final int O_RDWR = 2;
  private static final int O_EXCL = 0200;
  private static final int O_TRUNC = 01000;
  private static final int O_APPEND = 02000;
  private static final int OPENED_TO_EXECUTE = 040;

  private final MetadataSession session;
  private final OpenFiles files;
  private final KnownInodes inodes;
  private final PlainInodes plain = new PlainInodes();
  private final Coherence coherence;
  private final Map<Long, Long> inoOfHandle = new ConcurrentHashMap<>();

  /**
   * Speaks for a mount over this session, which hears nobody else.
   *
   * @param inodes what the kernel knows, through whichever session, and {@code past} what it knows
   *     of the past
   * @param over hears why the session is over, and is to call {@link #drop}
   */
  VolumeVfs(
      MetadataSession session,
      OpenFiles files,
      KnownInodes inodes,
      PastNodes past,
      Consumer<String> over) {
    this.session = session;
    this.files = files;
    this.inodes = inodes;
    this.coherence = new Coherence(session, files, inodes, past, over);
    session.listen(coherence);
  }

  @Override
  public void attach(KernelCaches caches) {
    coherence.attach(caches);
  }

  /**
   * The session is over: what was not written is lost, and nothing that was learned through it may
   * stay in the kernel.
   */
  void drop(String reason) {
    List<Long> lost = files.fail(new IOException("the session is over: " + reason));
    if (!lost.isEmpty()) {
      LOG.warn("what was not yet written of inodes {} is lost: {}", lost, reason);
    }
    coherence.forgetEverything();
  }

  @Override
  public long validityNanos(long ino, long epoch) {
    long validity = coherence.validityNanos();
    return inodes.epoch() == epoch ? validity : 0;
  }

  @Override
  public boolean isUsable(long handle) {
    return !session.isOver();
  }

  @Override
  public long cacheEpoch() {
    return inodes.epoch();
  }

  @Override
  public Reply call(Caller caller, int process, Operation operation) {
    try (OpenFiles.Look _ = files.look()) {
      Reply known =
          session.lease() == LeaseMode.NONE ? null : plain.answer(operation, inodes.epoch());
      if (known != null) {
        return known;
      }
      flushBefore(operation);
      return seen(ask(caller, process, operation));
    } catch (IOException e) {
      return failed(operation.getClass().getSimpleName(), e);
    }
  }

  private Reply ask(Caller caller, int process, Operation operation) throws IOException {
    PlainInodes.Question question = plain.begin(operation, inodes.epoch());
    try {
      Reply reply = ask(session, caller, process, operation);
      question.answered(reply);
      return reply;
    } finally {
      question.end();
    }
  }

  /**
   * The kernel tells one group; when that is not enough, the process's others are asked for. Who
   * mounts is trusted to speak for its users.
   */
  static Reply ask(MetadataSession session, Caller caller, int process, Operation operation)
      throws IOException {
    Reply reply = session.call(caller, operation);
    if (reply instanceof Reply.Refused refused
        && (refused.errno() == Errno.EACCES || refused.errno() == Errno.EPERM)
        && !caller.isRoot()
        && process > 0) {
      List<Integer> groups = ProcessGroups.of(process);
      if (!groups.isEmpty() && !groups.equals(caller.groups())) {
        return session.call(new Caller(caller.uid(), caller.gid(), groups), operation);
      }
    }
    return reply;
  }

  /** What an operation needs to have committed: lengths, times and contents that it builds on. */
  private void flushBefore(Operation operation) throws IOException {
    int timesOrSize =
        Change.SetAttributes.SET_SIZE
            | Change.SetAttributes.SET_MODIFY_TIME
            | Change.SetAttributes.MODIFY_NOW;
    switch (operation) {
      case Change.SetAttributes o when (o.valid() & timesOrSize) != 0 -> files.syncInode(o.ino());
      case Change.Link o -> files.syncInode(o.ino());
      case Change.Rename o when files.isDirty() -> {
        // New contents must not be lost with the old ones' name.
        if (session.call(Caller.ROOT, new Query.Lookup(o.parent(), o.name()))
            instanceof Reply.Entry source) {
          files.syncInode(source.attributes().ino());
        }
      }
      default -> {}
    }
  }

  /** The answer with what this mount has written and not committed. */
  private Reply seen(Reply reply) {
    return switch (reply) {
      case Reply.Entry r -> new Reply.Entry(files.seen(r.attributes()));
      case Reply.Listing r -> {
        List<Reply.Dentry> entries = new ArrayList<>(r.entries().size());
        for (Reply.Dentry entry : r.entries()) {
          Attributes attributes = entry.attributes();
          entries.add(
              attributes == null
                  ? entry
                  : new Reply.Dentry(
                      entry.name(),
                      entry.ino(),
                      entry.type(),
                      entry.cookie(),
                      files.seen(attributes)));
        }
        yield new Reply.Listing(entries, r.stop(), r.end());
      }
      default -> reply;
    };
  }

  private static Reply failed(String what, IOException e) {
    LOG.warn("{} failed: {}", what, e.toString());
    return Reply.refused(errno(e), String.valueOf(e.getMessage()));
  }

  private static Errno errno(IOException e) {
    Throwable cause = e;
    while (cause != null) {
      if (cause instanceof RefusedException refused) {
        Errno errno = refused.errno();
        return errno == Errno.ENOSPC || errno == Errno.EDQUOT || errno == Errno.EFBIG
            ? errno
            : Errno.EIO;
      }
      cause = cause.getCause();
    }
    return Errno.EIO;
  }

  @Override
  public Opened open(Caller caller, int process, long ino, int flags) {
    try (OpenFiles.Look _ = files.look()) {
      int mode = flags & O_ACCESS_MODE;
      int access = mode == O_WRONLY ? 2 : mode == O_RDWR ? 6 : 4;
      if ((flags & OPENED_TO_EXECUTE) != 0) {
        access = 1;
      }
      Reply reply = ask(caller, process, new Query.Open(ino, access));
      if (!(reply instanceof Reply.Entry entry)) {
        return Opened.refused(reply);
      }
      long handle = counted(entry.attributes(), flags);
      return (flags & O_TRUNC) == 0
          ? opened(handle, entry.attributes(), flags)
          : truncated(caller, process, handle, ino, flags);
    } catch (IOException e) {
      return Opened.refused(failed("open", e));
    }
  }

  private Opened truncated(Caller caller, int process, long handle, long ino, int flags)
      throws IOException {
    boolean opened = false;
    try {
      Reply reply = truncate(caller, process, ino);
      if (!(reply instanceof Reply.Entry entry)) {
        return Opened.refused(reply);
      }
      opened = true;
      return opened(handle, entry.attributes(), flags);
    } finally {
      if (!opened) {
        release(handle, writes(flags));
      }
    }
  }

  private Reply truncate(Caller caller, int process, long ino) throws IOException {
    int valid =
        Change.SetAttributes.SET_SIZE
            | Change.SetAttributes.BY_HANDLE
            | Change.SetAttributes.FRESH_MAP;
    Change empty = new Change.SetAttributes(ino, valid, 0, 0, 0, 0, 0, 0, 0);
    return files.empty(ino, () -> ask(caller, process, empty));
  }

  private static boolean writes(int flags) {
    return (flags & O_ACCESS_MODE) != 0;
  }

  /** What the server counts as open is counted here too, until it is told of the end. */
  private long counted(Attributes attributes, int flags) {
    long handle = files.open(attributes);
    inoOfHandle.put(handle, attributes.ino());
    if (writes(flags)) {
      inodes.writable(attributes.ino(), 1);
    }
    return handle;
  }

  private Opened opened(long handle, Attributes attributes, int flags) {
    long ino = attributes.ino();
    boolean caches = session.lease() != LeaseMode.NONE;
    boolean keep = inodes.openedIn(ino, inodes.epoch()) && caches;
    boolean direct = !caches || (flags & O_APPEND) != 0;
    return new Opened(new Reply.Entry(files.seen(attributes)), handle, keep, direct);
  }

  @Override
  public Opened create(Caller caller, int process, Operation create, int flags) {
    try (OpenFiles.Look _ = files.look()) {
      Reply reply = ask(caller, process, create);
      if (reply instanceof Reply.Entry entry) {
        return opened(counted(entry.attributes(), flags), entry.attributes(), flags);
      }
      if (reply instanceof Reply.Refused refused
          && refused.errno() == Errno.EEXIST
          && (flags & O_EXCL) == 0
          && create instanceof Change.CreateFile file
          && ask(caller, process, new Query.Lookup(file.parent(), file.name()))
              instanceof Reply.Entry known) {
        return open(caller, process, known.attributes().ino(), flags);
      }
      return Opened.refused(reply);
    } catch (IOException e) {
      return Opened.refused(failed("create", e));
    }
  }

  @Override
  public Errno read(long handle, long offset, ByteBuffer into) {
    try {
      files.read(handle, offset, into);
      return Errno.OK;
    } catch (IOException e) {
      LOG.warn("reading {} at {} failed", inoOfHandle.get(handle), offset, e);
      return Errno.EIO;
    }
  }

  @Override
  public Errno write(
      long handle, long offset, ByteBuffer from, boolean append, boolean killPrivileges) {
    try {
      files.write(handle, offset, from, append, killPrivileges);
      return Errno.OK;
    } catch (IOException e) {
      LOG.warn("writing {} at {} failed", inoOfHandle.get(handle), offset, e);
      return errno(e);
    }
  }

  @Override
  public Errno writeBack(long handle, long offset, ByteBuffer from) {
    try {
      files.writeBack(handle, offset, from);
      return Errno.OK;
    } catch (IOException e) {
      LOG.warn("writing {} back at {} failed", inoOfHandle.get(handle), offset, e);
      return errno(e);
    }
  }

  @Override
  public Errno flush(long handle) {
    try {
      files.flushSoon(handle);
      return Errno.OK;
    } catch (IOException e) {
      return errno(e);
    }
  }

  @Override
  public Errno sync(long handle) {
    try {
      files.sync(handle);
      return Errno.OK;
    } catch (IOException e) {
      LOG.warn("fsync of {} failed: {}", inoOfHandle.get(handle), e.toString());
      return errno(e);
    }
  }

  /**
   * The server hears it first: a server that is started again meanwhile is told that the file is
   * open, and then of this end once.
   */
  @Override
  public void release(long handle, boolean writes) {
    Long ino = inoOfHandle.remove(handle);
    if (ino == null) {
      return;
    }
    if (writes) {
      inodes.writable(ino, -1);
    }
    try {
      session.call(Caller.ROOT, new Query.Release(ino, 1));
    } catch (IOException e) {
      LOG.debug("release of {} was not told", ino, e);
    } finally {
      files.release(handle);
    }
  }

  @Override
  public void remember(Attributes attributes, int references) {
    inodes.remember(attributes.ino(), references);
  }

  @Override
  public void forget(long ino, long references) {
    inodes.forget(ino, references);
  }
}

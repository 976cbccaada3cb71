package dfs.fuse.vfs;

import com.google.protobuf.ByteString;
import dfs.client.block.BlockStore;
import dfs.client.file.OpenFiles;
import dfs.client.file.RefusedException;
import dfs.client.metadata.MetadataSession;
import dfs.client.past.TimeText;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.SnapshotName;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.ZoneId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The past beside the present: each directory has a {@code .dfs} that is never listed, and in that
 * {@code @TIME} is the directory as it was then, read-only, for those who might read it then and
 * may now. What is not of the past goes to the present volume. Thread-safe.
 */
final class PastVfs implements Vfs {
  private static final Logger LOG = LoggerFactory.getLogger(PastVfs.class);
  private static final ByteString GATE = ByteString.copyFromUtf8(".dfs");
  private static final int GATE_MODE = 0555;
  private static final int WRITE = 2;
  private static final int O_ACCESS_MODE = 3;
  private static final int O_TRUNC = 01000;
  private static final int OPENED_TO_EXECUTE = 040;

  /** Handles of the present are smaller. */
  private static final long HANDLES = 1L << 62;

  private final Vfs present;
  private final PastSession session;
  private final OpenFiles files;
  private final PastNodes nodes;

  PastVfs(Vfs present, MetadataSession session, BlockStore blocks, Time time, PastNodes nodes) {
    this.present = present;
    this.session = new PastSession(session, nodes);
    this.files = new OpenFiles(this.session, blocks, time);
    this.nodes = nodes;
  }

  @Override
  public Reply call(Caller caller, int process, Operation operation) {
    try {
      return operation instanceof Query query
          ? ask(caller, process, query)
          : change(caller, process, operation);
    } catch (IOException e) {
      LOG.warn("{} of the past failed: {}", operation.getClass().getSimpleName(), e.toString());
      return Reply.refused(Errno.EIO, String.valueOf(e.getMessage()));
    }
  }

  private Reply ask(Caller caller, int process, Query query) throws IOException {
    long ino =
        switch (query) {
          case Query.Lookup q -> q.parent();
          case Query.LookupPath q -> q.directory();
          case Query.GetAttributes q -> q.ino();
          case Query.ReadLink q -> q.ino();
          case Query.ListDirectory q -> q.ino();
          case Query.GetXattr q -> q.ino();
          case Query.ListXattrs q -> q.ino();
          case Query.ReadMap q -> q.ino();
          case Query.Open q -> q.ino();
          case Query.CheckAccess q -> q.ino();
          case Query.Release q -> q.ino();
          case Query.Lock q -> q.ino();
          case Query.Unlock q -> q.ino();
          case Query.GetSpace _,
              Query.GetReport _,
              Query.ListBlocks _,
              Query.GetInstant _,
              Query.GetSnapshot _,
              Query.ListSnapshots _,
              Query.ListVersions _,
              Query.ListDeleted _ ->
              0;
        };
    if (!PastNodes.isPast(ino)) {
      return query instanceof Query.Lookup q && q.name().equals(GATE)
          ? gateOf(q.parent())
          : present.call(caller, process, query);
    }
    PastNodes.Node node = nodes.get(ino);
    return node != null && node.isGate()
        ? atGate(caller, process, query, node)
        : VolumeVfs.ask(session, caller, process, query);
  }

  private Reply gateOf(long directory) {
    return new Reply.Entry(gate(nodes.number(0, directory)));
  }

  private Attributes gate(long number) {
    long then = session.nowNanos();
    return new Attributes(
        number, FileType.DIRECTORY, GATE_MODE, 2, 0, 0, 0, 0, 0, then, then, then, then, 0, 0, 0);
  }

  /** It is empty, and has a directory for each time. */
  private Reply atGate(Caller caller, int process, Query query, PastNodes.Node gate)
      throws IOException {
    return switch (query) {
      case Query.Lookup q -> through(caller, process, q.name(), gate);
      case Query.ListDirectory _ -> new Reply.Listing(List.of(), 1, true);
      case Query.GetAttributes _, Query.Open _ -> new Reply.Entry(gate(gate.number()));
      case Query.ListXattrs _ -> new Reply.Names(List.of());
      case Query.GetXattr _ -> Reply.refused(Errno.ENODATA, "no such attribute");
      case Query.CheckAccess q when (q.access() & WRITE) != 0 -> readOnly();
      case Query.CheckAccess _, Query.Release _ -> Reply.Done.DONE;
      default -> Reply.refused(Errno.EINVAL, "not of a directory");
    };
  }

  private Reply through(Caller caller, int process, ByteString name, PastNodes.Node gate)
      throws IOException {
    long asOfNanos = timeOf(name);
    if (asOfNanos == 0) {
      return Reply.refused(Errno.ENOENT, "no time of the past");
    }
    Reply kept = session.callAsOf(Caller.ROOT, new Query.GetInstant(), asOfNanos);
    if (!(kept instanceof Reply.Instant instant)) {
      return Reply.refused(Errno.ENOENT, "nothing is kept of that time");
    }
    long number = nodes.number(instant.nanos(), gate.ino());
    Reply reply = VolumeVfs.ask(session, caller, process, new Query.GetAttributes(number));
    return reply instanceof Reply.Refused refused
            && (refused.errno() == Errno.ESTALE || refused.errno() == Errno.ENODATA)
        ? Reply.refused(Errno.ENOENT, refused.detail())
        : reply;
  }

  /** 0 if a name says no time, or none that is past. */
  private long timeOf(ByteString name) throws IOException {
    if (name.isEmpty() || name.byteAt(0) != '@' || !name.isValidUtf8()) {
      return 0;
    }
    try {
      String text = name.substring(1).toStringUtf8();
      return SnapshotName.isValid(text)
          ? instantOf(text)
          : new TimeText(ZoneId.systemDefault(), session.nowNanos()).absolute(text);
    } catch (IllegalArgumentException e) {
      LOG.debug("looked up in the past: {}", e.getMessage());
      return 0;
    }
  }

  /** When a snapshot was made; 0 if there is none of that name. */
  private long instantOf(String snapshot) throws IOException {
    Reply reply = session.present(Caller.ROOT, new Query.GetSnapshot(snapshot));
    return reply instanceof Reply.Instant instant ? instant.nanos() : 0;
  }

  private static Reply readOnly() {
    return Reply.refused(Errno.EROFS, "the past cannot be changed");
  }

  private Reply change(Caller caller, int process, Operation operation) {
    return switch (operation) {
      case Change.SetAttributes o -> changed(caller, process, o, o.ino(), null);
      case Change.SetXattr o -> changed(caller, process, o, o.ino(), null);
      case Change.RemoveXattr o -> changed(caller, process, o, o.ino(), null);
      case Change.CreateFile o -> changed(caller, process, o, o.parent(), o.name());
      case Change.MakeDirectory o -> changed(caller, process, o, o.parent(), o.name());
      case Change.MakeNode o -> changed(caller, process, o, o.parent(), o.name());
      case Change.MakeSymlink o -> changed(caller, process, o, o.parent(), o.name());
      case Change.Unlink o -> changed(caller, process, o, o.parent(), o.name());
      case Change.RemoveDirectory o -> changed(caller, process, o, o.parent(), o.name());
      case Change.Link o when PastNodes.isPast(o.ino()) && !PastNodes.isPast(o.parent()) ->
          Reply.refused(Errno.EXDEV, "no names for what is past: copy it");
      case Change.Link o -> changed(caller, process, o, o.parent(), o.name());
      case Change.Rename o when PastNodes.isPast(o.newParent()) || o.name().equals(GATE) ->
          changed(caller, process, o, o.newParent(), GATE);
      case Change.Rename o -> changed(caller, process, o, o.parent(), o.newName());
      default -> present.call(caller, process, operation);
    };
  }

  /** What would change the past, or the names that lead there, is refused. */
  private Reply changed(
      Caller caller, int process, Operation operation, long ino, @Nullable ByteString name) {
    if (PastNodes.isPast(ino)) {
      return readOnly();
    }
    return GATE.equals(name)
        ? Reply.refused(Errno.EPERM, "\".dfs\" leads to the past and cannot be changed")
        : present.call(caller, process, operation);
  }

  @Override
  public Opened open(Caller caller, int process, long ino, int flags) {
    if (!PastNodes.isPast(ino)) {
      return present.open(caller, process, ino, flags);
    }
    if ((flags & O_ACCESS_MODE) != 0 || (flags & O_TRUNC) != 0) {
      return Opened.refused(readOnly());
    }
    int access = (flags & OPENED_TO_EXECUTE) != 0 ? 1 : 4;
    Reply allowed = call(caller, process, new Query.CheckAccess(ino, access));
    Reply reply =
        allowed instanceof Reply.Refused
            ? allowed
            : call(Caller.ROOT, 0, new Query.GetAttributes(ino));
    return reply instanceof Reply.Entry entry
        ? new Opened(reply, HANDLES + files.open(entry.attributes()), true, false)
        : Opened.refused(reply);
  }

  @Override
  public Opened create(Caller caller, int process, Operation create, int flags) {
    return create instanceof Change.CreateFile file
            && (PastNodes.isPast(file.parent()) || file.name().equals(GATE))
        ? Opened.refused(call(caller, process, create))
        : present.create(caller, process, create, flags);
  }

  private static boolean isPastHandle(long handle) {
    return handle >= HANDLES;
  }

  @Override
  public boolean isUsable(long handle) {
    return isPastHandle(handle) ? !session.isOver() : present.isUsable(handle);
  }

  @Override
  public Errno read(long handle, long offset, ByteBuffer into) {
    if (!isPastHandle(handle)) {
      return present.read(handle, offset, into);
    }
    try {
      files.read(handle - HANDLES, offset, into);
      return Errno.OK;
    } catch (IOException e) {
      if (e instanceof RefusedException refused && refused.errno() == Errno.ESTALE) {
        // Its instant was given up.
        return Errno.ESTALE;
      }
      LOG.warn("reading the past failed", e);
      return Errno.EIO;
    }
  }

  @Override
  public Errno write(
      long handle, long offset, ByteBuffer from, boolean append, boolean killPrivileges) {
    return isPastHandle(handle)
        ? Errno.EROFS
        : present.write(handle, offset, from, append, killPrivileges);
  }

  @Override
  public Errno writeBack(long handle, long offset, ByteBuffer from) {
    return isPastHandle(handle) ? Errno.EROFS : present.writeBack(handle, offset, from);
  }

  @Override
  public Errno flush(long handle) {
    return isPastHandle(handle) ? Errno.OK : present.flush(handle);
  }

  @Override
  public Errno sync(long handle) {
    return isPastHandle(handle) ? Errno.OK : present.sync(handle);
  }

  @Override
  public void release(long handle, boolean writes) {
    if (isPastHandle(handle)) {
      files.release(handle - HANDLES);
    } else {
      present.release(handle, writes);
    }
  }

  /** The kernel asks each time whether who looks up something of the past still may. */
  @Override
  public long validityNanos(long ino, long epoch) {
    return PastNodes.isPast(ino) ? 0 : present.validityNanos(ino, epoch);
  }

  @Override
  public long cacheEpoch() {
    return present.cacheEpoch();
  }

  @Override
  public void remember(Attributes attributes, int references) {
    if (PastNodes.isPast(attributes.ino())) {
      nodes.remember(attributes.ino(), references);
    } else {
      present.remember(attributes, references);
    }
  }

  @Override
  public void forget(long ino, long references) {
    if (PastNodes.isPast(ino)) {
      nodes.forget(ino, references);
    } else {
      present.forget(ino, references);
    }
  }

  @Override
  public void attach(KernelCaches caches) {
    present.attach(caches);
  }

  /** Lets go of the memory of what is open. */
  void abandon() {
    files.abandon();
  }
}

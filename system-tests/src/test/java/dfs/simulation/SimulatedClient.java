package dfs.simulation;

import com.google.protobuf.ByteString;
import dfs.client.block.BlockStore;
import dfs.client.block.ChunkBlockStore;
import dfs.client.block.NoSuchBlockException;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.LeaseListener;
import dfs.client.metadata.StreamSession;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A client as a mount would be: a session with a lease, and files. Used on threads of its process.
 */
final class SimulatedClient {
  private static final long ROOT_INO = 1;

  /** As often as a mount asks where a block lies. */
  private static final int PLACE_ATTEMPTS = 3;

  final SimulatedProcess process;
  private final StreamSession session;
  private final OpenFiles files;
  private final BlockStore blocks;
  private final Reached reached;
  private volatile boolean fenced;

  private SimulatedClient(
      SimulatedProcess process,
      StreamSession session,
      OpenFiles files,
      BlockStore blocks,
      Reached reached) {
    this.process = process;
    this.session = session;
    this.files = files;
    this.blocks = blocks;
    this.reached = reached;
  }

  /** Waits until the metadata server has welcomed it. */
  static SimulatedClient open(
      SimulatedProcess process, SimulatedNetwork network, SimulatedBlocks blocks)
      throws IOException {
    StreamSession.Config config =
        new StreamSession.Config(
            SimulatedMetadata.ADDRESS,
            SimulatedMetadata.KEY,
            process.name(),
            true,
            Optional.empty());
    StreamSession session =
        StreamSession.open(config, network.transport(process), process, process.random());
    BlockServices services = new BlockServices(process, blocks.transport(process));
    BlockStore store = new ChunkBlockStore(services, session::id);
    OpenFiles files = new OpenFiles(session, store, process);
    SimulatedClient client = new SimulatedClient(process, session, files, store, blocks.reached);
    session.listen(client.new Listener());
    return client;
  }

  private final class Listener implements LeaseListener {
    @Override
    public void recall(LeaseMode to) {
      try {
        files.syncAll();
      } catch (IOException e) {
        // The error stays with its file.
      }
      if (to == LeaseMode.NONE) {
        files.expire(null);
      }
    }

    @Override
    public void uncertain() {
      files.expire(null);
    }

    @Override
    public void granted(LeaseMode mode) {
      files.expire(null);
    }

    @Override
    public boolean invalidate(
        long ino, long fromOffset, long parent, ByteString name, boolean gone) {
      files.expire(ino);
      return files.inUse(ino);
    }

    @Override
    public boolean inUse(long ino) {
      return files.inUse(ino);
    }

    @Override
    public void leaving(Set<Long> servers) {
      try {
        files.endBlocksOn(servers);
      } catch (IOException e) {
        // It is said again.
      }
    }

    @Override
    public void fenced(String reason) {
      fenced = true;
    }

    @Override
    public Map<Long, Integer> open() {
      return files.opened();
    }
  }

  /** Its session is over: only another client can go on. */
  boolean isOver() {
    return fenced || session.isOver();
  }

  /** Makes a file; the handle of it. */
  long create(String name) throws IOException {
    try (OpenFiles.Look _ = files.look()) {
      return files.open(
          attributes(
              new Change.CreateFile(ROOT_INO, ByteString.copyFromUtf8(name), 0644, 0, true)));
    }
  }

  long open(String name) throws IOException {
    try (OpenFiles.Look _ = files.look()) {
      Attributes found = attributes(new Query.Lookup(ROOT_INO, ByteString.copyFromUtf8(name)));
      return files.open(attributes(new Query.Open(found.ino(), 6)));
    }
  }

  private Attributes attributes(Operation operation) throws IOException {
    Reply reply = session.call(Caller.ROOT, operation);
    if (reply instanceof Reply.Entry entry) {
      return entry.attributes();
    }
    if (reply instanceof Reply.Refused refused) {
      throw new Refused(refused);
    }
    throw new IOException("unexpected " + reply);
  }

  /** The server said no. */
  static final class Refused extends IOException {
    private static final long serialVersionUID = 1L;
    final transient Reply.Refused reply;

    Refused(Reply.Refused reply) {
      super(reply.errno() + " " + reply.detail());
      this.reply = reply;
    }
  }

  void write(long handle, int offset, byte[] bytes) throws IOException {
    files.write(handle, offset, ByteBuffer.wrap(bytes), false, false);
  }

  /** ftruncate(2) as a mount does it. */
  void truncate(long handle, int length) throws IOException {
    long ino = files.inodeOf(handle);
    files.syncInode(ino);
    try (OpenFiles.Look _ = files.look()) {
      int valid = Change.SetAttributes.SET_SIZE | Change.SetAttributes.BY_HANDLE;
      var _ = files.seen(attributes(change(ino, valid, length)));
    }
  }

  /** open(2) with O_TRUNC of a file that is open as a mount does it. */
  void empty(long handle) throws IOException {
    long ino = files.inodeOf(handle);
    int valid =
        Change.SetAttributes.SET_SIZE
            | Change.SetAttributes.BY_HANDLE
            | Change.SetAttributes.FRESH_MAP;
    try (OpenFiles.Look _ = files.look()) {
      Reply reply = files.empty(ino, () -> new Reply.Entry(attributes(change(ino, valid, 0))));
      if (reply instanceof Reply.Entry entry) {
        var _ = files.seen(entry.attributes());
      }
    }
  }

  private static Change change(long ino, int valid, int length) {
    return new Change.SetAttributes(ino, valid, 0, 0, 0, length, 0, 0, 0);
  }

  void sync(long handle) throws IOException {
    files.sync(handle);
  }

  /** The whole file. */
  byte[] read(long handle) throws IOException {
    long ino = files.inodeOf(handle);
    long size;
    try (OpenFiles.Look _ = files.look()) {
      size = files.seen(attributes(new Query.GetAttributes(ino))).sizeBytes();
    }
    ByteBuffer into = ByteBuffer.allocate((int) size + 1);
    files.read(handle, 0, into);
    byte[] bytes = new byte[into.position()];
    into.flip().get(bytes);
    return bytes;
  }

  long inodeOf(long handle) throws IOException {
    return files.inodeOf(handle);
  }

  /**
   * The whole of a file as it was; null if that is not remembered any more. A slow reader's blocks
   * may have gone elsewhere since it asked where they lie: then it asks again, as a mount does.
   *
   * @param pauseNanos between when it is told where they lie and when it reads them
   */
  byte @Nullable [] readAsOf(long ino, long nanos, int size, long pauseNanos) throws IOException {
    if (size == 0) {
      return new byte[0];
    }
    ByteBuffer into = ByteBuffer.allocate(size);
    Set<Long> asked = Set.of();
    for (int attempt = 1; ; attempt++) {
      Reply.MapPage page = pageAsOf(ino, nanos, size);
      if (page == null) {
        return null;
      }
      Set<Long> named = new TreeSet<>();
      page.extents().forEach(extent -> named.add(extent.block()));
      if (attempt == 1 && pauseNanos > 0) {
        process.pause(pauseNanos);
      }
      try {
        fill(page, into.clear());
        if (attempt > 1 && !named.equals(asked)) {
          reached.count(Reached.PAST_READ_ACROSS_A_RELOCATION);
        }
        return into.array();
      } catch (NoSuchBlockException e) {
        if (attempt == PLACE_ATTEMPTS) {
          throw e;
        }
        asked = named;
      }
    }
  }

  private Reply.@Nullable MapPage pageAsOf(long ino, long nanos, int size) throws IOException {
    Reply kept = session.callAsOf(Caller.ROOT, new Query.GetInstant(), nanos);
    Reply reply =
        kept instanceof Reply.Instant instant
            ? session.callAsOf(Caller.ROOT, new Query.ReadMap(ino, 0, size), instant.nanos())
            : kept;
    if (reply instanceof Reply.Refused refused) {
      if (refused.errno() == Errno.ENODATA) {
        return null;
      }
      throw new Refused(refused);
    }
    Reply.MapPage page = (Reply.MapPage) reply;
    if (page.attributes().sizeBytes() != size) {
      throw new AssertionError(
          "inode %d had %d bytes, not %d".formatted(ino, size, page.attributes().sizeBytes()));
    }
    return page;
  }

  private void fill(Reply.MapPage page, ByteBuffer into) throws IOException {
    int size = into.remaining();
    page.inline().copyTo(into.duplicate());
    for (Extent extent : page.extents()) {
      int count = (int) (Math.min(extent.fileEnd(), size) - extent.fileOffset());
      if (count > 0 && !extent.unwritten()) {
        Reply.BlockPlace place =
            page.blocks().stream().filter(b -> b.block() == extent.block()).findAny().get();
        blocks.read(place, extent.blockOffset(), into.slice((int) extent.fileOffset(), count));
      }
    }
  }

  void close(long handle) throws IOException {
    try {
      files.flushSoon(handle);
    } finally {
      long ino = files.inodeOf(handle);
      files.release(handle);
      session.call(Caller.ROOT, new Query.Release(ino, 1));
    }
  }

  /** open(2) with O_CREAT. */
  long openOrCreate(String name) throws IOException {
    for (int attempt = 0; ; attempt++) {
      try {
        return attempt % 2 == 0 ? open(name) : create(name);
      } catch (Refused e) {
        // Another one may be faster.
        if (attempt > 1 || !Set.of(Errno.ENOENT, Errno.EEXIST).contains(e.reply.errno())) {
          throw e;
        }
      }
    }
  }

  boolean exists(String name) throws IOException {
    try {
      var _ = attributes(new Query.Lookup(ROOT_INO, ByteString.copyFromUtf8(name)));
      return true;
    } catch (Refused e) {
      if (e.reply.errno() == Errno.ENOENT) {
        return false;
      }
      throw e;
    }
  }

  /** rename(2), also over a file; what it had unwritten is written first, as a mount does it. */
  void rename(long handle, String name, String to) throws IOException {
    files.sync(handle);
    order(
        new Change.Rename(
            ROOT_INO, ByteString.copyFromUtf8(name), ROOT_INO, ByteString.copyFromUtf8(to), 0));
  }

  void link(long ino, String name) throws IOException {
    try (OpenFiles.Look _ = files.look()) {
      Change link = new Change.Link(ino, ROOT_INO, ByteString.copyFromUtf8(name));
      var _ = files.seen(attributes(link));
    }
  }

  /** Whether this very instant can be read; if not, only an earlier one can, or none. */
  private boolean isKept(long nanos) throws IOException {
    Reply kept = session.callAsOf(Caller.ROOT, new Query.GetInstant(), nanos);
    return kept instanceof Reply.Instant instant && instant.nanos() == nanos;
  }

  /** A file becomes what it was; false if that is not remembered any more. */
  boolean restore(long ino, long nanos) throws IOException {
    if (!isKept(nanos)) {
      return false;
    }
    files.syncInode(ino);
    try (OpenFiles.Look _ = files.look()) {
      var _ = files.seen(attributes(new Change.Restore(ino, nanos, 0)));
    }
    return true;
  }

  /** Makes a file of what another one was; false if that is not remembered any more. */
  boolean copyPast(long ino, long nanos, String name) throws IOException {
    if (!isKept(nanos)) {
      return false;
    }
    Change.PastEntry entry = new Change.PastEntry(ByteString.EMPTY, ino, 0);
    Reply.Progress made = progress(new Change.CopyPast(0, nanos, List.of(entry)));
    long copy = made.ids().getFirst();
    while (made.more()) {
      made = progress(new Change.CopyExtents(copy, ino, nanos));
    }
    var _ = attributes(new Change.PutBack(copy, ROOT_INO, ByteString.copyFromUtf8(name), false));
    return true;
  }

  private Reply.Progress progress(Change change) throws IOException {
    Reply reply = session.call(Caller.ROOT, change);
    if (reply instanceof Reply.Refused refused) {
      throw new Refused(refused);
    }
    return (Reply.Progress) reply;
  }

  void remove(String name) throws IOException {
    order(new Change.Unlink(ROOT_INO, ByteString.copyFromUtf8(name)));
  }

  /** A change whose answer says no more than that it was made. */
  void order(Change change) throws IOException {
    Reply reply = session.call(Caller.ROOT, change);
    if (reply instanceof Reply.Refused refused) {
      throw new Refused(refused);
    }
  }

  /** Ends in good order. */
  void close() throws IOException {
    try {
      files.close();
    } finally {
      session.close();
    }
  }
}

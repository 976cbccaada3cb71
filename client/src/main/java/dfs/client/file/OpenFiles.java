package dfs.client.file;

import dfs.client.block.BlockStore;
import dfs.client.metadata.MetadataSession;
import dfs.client.metadata.SessionEndedException;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Time;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The files that a client has open or has not fully written. Under an exclusive lease writes stay
 * in memory for at most a second; otherwise a write is durable and committed before it returns.
 * Called by a mount or by the file commands; calls blocks and the session. Thread-safe.
 */
public final class OpenFiles implements AutoCloseable {
  private final MetadataSession session;
  private final BlockStore blocks;
  private final Time time;
  private final FileReader reader;
  private final FileWriter writer;
  private final Flusher flusher;
  private final FileLocks locks;
  private final BufferPool pool = new BufferPool();
  private final Map<Long, FileState> files = new ConcurrentHashMap<>();
  private final LetGoFiles letGo = new LetGoFiles();
  private final Map<Long, FileState> handles = new ConcurrentHashMap<>();
  private final AtomicLong nextHandle = new AtomicLong();

  public OpenFiles(MetadataSession session, BlockStore blocks, Time time) {
    this.session = session;
    this.blocks = blocks;
    this.time = time;
    this.reader = new FileReader(session, blocks, time);
    this.writer = new FileWriter(session, blocks, time);
    this.flusher = new Flusher(this, time);
    this.locks = new FileLocks(session);
  }

  /**
   * A question to the server is about to be asked whose answer has attributes: they count as what
   * the files were when it began.
   */
  public Look look() {
    long begun = letGo.begin();
    return () -> letGo.end(begun);
  }

  /** An answer on its way; ends when it was given to {@link #seen} or {@link #open}. */
  public interface Look extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Opens a file whose attributes are these, learned in a {@link #look} that has not ended; returns
   * the number of the handle.
   */
  public long open(Attributes attributes) {
    FileState file =
        files.compute(
            attributes.ino(),
            (ino, known) -> {
              FileState state =
                  known == null ? new FileState(letGo.newest(attributes), pool) : known;
              state.lock.lock();
              try {
                state.handleOpened();
                state.learn(attributes);
              } finally {
                state.lock.unlock();
              }
              return state;
            });
    long handle = nextHandle.incrementAndGet();
    handles.put(handle, file);
    return handle;
  }

  /**
   * The attributes with what is written here and not committed.
   *
   * @param committed learned in a {@link #look} that has not ended
   */
  public Attributes seen(Attributes committed) {
    FileState file = files.get(committed.ino());
    if (file == null) {
      return letGo.newest(committed);
    }
    file.lock.lock();
    try {
      file.learn(committed);
      return file.seen(committed);
    } finally {
      file.lock.unlock();
    }
  }

  /** Locks of ranges of files. */
  public FileLocks locks() {
    return locks;
  }

  /** Inode of an open handle. */
  public long inodeOf(long handle) throws IOException {
    return file(handle).ino;
  }

  private FileState file(long handle) throws IOException {
    FileState file = handles.get(handle);
    if (file == null) {
      throw new IOException("handle " + handle + " is not open");
    }
    return file;
  }

  /** Reads into {@code into} until it is full or the file ends. */
  public void read(long handle, long offset, ByteBuffer into) throws IOException {
    FileState file = file(handle);
    check(file);
    reader.read(file, offset, into);
  }

  /**
   * Writes all of {@code from}.
   *
   * @param append at the end of the file instead of at {@code offset}
   * @return the offset that was written to
   */
  public long write(
      long handle, long offset, ByteBuffer from, boolean append, boolean killPrivileges)
      throws IOException {
    FileState file = file(handle);
    check(file);
    flusher.reserve(from.remaining());
    if (append && file.isStale() && session.lease() == LeaseMode.EXCLUSIVE) {
      writer.refresh(file);
    }
    long at;
    boolean spill;
    file.lock.lock();
    try {
      // Under the lock: a recall looks for what is dirty with it, after the lease is down.
      boolean through =
          session.lease() != LeaseMode.EXCLUSIVE
              || file.isWrittenThrough()
              || (append && file.isStale());
      at = through ? -1 : putLast(file, offset, from, append, killPrivileges);
      spill = file.dirtyBytes() >= FileWriter.SPILL_BYTES;
    } finally {
      file.lock.unlock();
    }
    if (at < 0) {
      return writeThrough(file, offset, from, append, killPrivileges);
    }
    if (spill) {
      writer.spill(file);
    }
    flusher.dirty(file);
    return at;
  }

  /** As {@link #put}, over what was written back while there was no lease. */
  private long putLast(
      FileState file, long offset, ByteBuffer from, boolean append, boolean killPrivileges)
      throws IOException {
    var _ = file.takeWrittenBack();
    return put(file, offset, from, append, killPrivileges);
  }

  /** Into memory; with the file's lock held. */
  private long put(
      FileState file, long offset, ByteBuffer from, boolean append, boolean killPrivileges)
      throws IOException {
    long at = append ? file.sizeBytes() : offset;
    checkEnd(at, from.remaining());
    if (killPrivileges) {
      file.killPrivileges();
    }
    file.write(at, from, session.nowNanos(), time.monotonicNanos());
    return at;
  }

  private static void checkEnd(long offset, int bytes) throws RefusedException {
    if (offset < 0 || offset > Limits.FILE_SIZE_BYTES - bytes) {
      throw new RefusedException(
          "offset " + offset + " is beyond the largest file size", Errno.EFBIG);
    }
  }

  /**
   * Without a lease of its own a write is durable and committed before it returns. What builds on
   * the present state (the end of the file, the rest of a small one) is tried again when somebody
   * else was faster.
   */
  private long writeThrough(
      FileState file, long offset, ByteBuffer from, boolean append, boolean killPrivileges)
      throws IOException {
    file.committing.lock();
    try {
      through(file, true);
      writer.flush(file, true);
      for (int attempt = 0; attempt < FileWriter.CONTENDED_ATTEMPTS; attempt++) {
        long change = writer.refresh(file);
        long at;
        file.lock.lock();
        try {
          change = append ? file.attributes().change() : change;
          at = put(file, offset, from.duplicate(), append, killPrivileges);
        } finally {
          file.lock.unlock();
        }
        if (writer.flushUnlessChanged(file, change)) {
          from.position(from.limit());
          return at;
        }
      }
      throw new IOException("others keep changing inode " + file.ino + ": nothing was written");
    } finally {
      through(file, false);
      file.committing.unlock();
    }
  }

  /**
   * Takes what the kernel writes back of a mapping. Nobody waits for others to see that: without a
   * lease of its own it stays in memory too, until the file is synced or closed, or for a second.
   * The kernel writes back when it is told to forget, and whoever told it waits: were this to wait
   * for others in turn, two mounts that store into one file would wait for each other for ever.
   */
  public void writeBack(long handle, long offset, ByteBuffer from) throws IOException {
    FileState file = file(handle);
    check(file);
    flusher.reserve(from.remaining());
    file.lock.lock();
    try {
      if (session.lease() == LeaseMode.EXCLUSIVE && !file.isWrittenThrough()) {
        var _ = putLast(file, offset, from, false, false);
      } else {
        file.writeBack(offset, from, session.nowNanos(), time.monotonicNanos());
      }
    } finally {
      file.lock.unlock();
    }
    flusher.dirty(file);
  }

  /**
   * Takes a write that others need not see before it is synced: without a lease it stays in memory,
   * at most for a second, where {@link #write} would wait until it is committed. Sees what was
   * written here before and is seen here at once.
   *
   * @param from all of it is written at {@code offset}
   */
  public void writeLater(long handle, long offset, ByteBuffer from, boolean killPrivileges)
      throws IOException {
    FileState file = file(handle);
    check(file);
    flusher.reserve(from.remaining());
    boolean spill;
    file.lock.lock();
    try {
      checkEnd(offset, from.remaining());
      if (killPrivileges) {
        file.killPrivileges();
      }
      file.writeBack(offset, from, session.nowNanos(), time.monotonicNanos());
      spill = file.writtenBackBytes() >= FileWriter.SPILL_BYTES;
    } finally {
      file.lock.unlock();
    }
    if (spill) {
      spillShared(file);
    }
    flusher.dirty(file);
  }

  /**
   * To a block, without waiting until it is durable there; but what is the first that lies in a
   * block, or takes along what was inline, builds on what the file is, and is committed.
   */
  private void spillShared(FileState file) throws IOException {
    file.committing.lock();
    try {
      boolean inBlocks;
      file.lock.lock();
      try {
        Attributes known = file.attributes();
        inBlocks = !known.isInline() && known.sizeBytes() > 0;
        if (inBlocks) {
          var _ = file.takeWrittenBack();
        }
      } finally {
        file.lock.unlock();
      }
      if (inBlocks) {
        writer.spill(file);
      } else {
        writer.flush(file, false);
      }
    } finally {
      file.committing.unlock();
    }
  }

  private static void through(FileState file, boolean starts) {
    file.lock.lock();
    try {
      if (starts) {
        file.throughStarted();
      } else {
        file.throughEnded();
      }
    } finally {
      file.lock.unlock();
    }
  }

  /** A change that gives a file a new, empty map. */
  public interface Emptying {
    Reply run() throws IOException;
  }

  /**
   * Empties a file: what was written before is committed first, and what is written beside it
   * counts as written before it.
   */
  public Reply empty(long ino, Emptying change) throws IOException {
    FileState file = files.get(ino);
    if (file == null) {
      return change.run();
    }
    file.committing.lock();
    try {
      writer.flush(file, true);
      Reply reply = change.run();
      if (reply instanceof Reply.Entry entry) {
        writer.emptied(file, entry.attributes());
      }
      return reply;
    } finally {
      file.committing.unlock();
    }
  }

  private static void check(FileState file) throws IOException {
    file.lock.lock();
    try {
      file.checkNothingLost();
    } finally {
      file.lock.unlock();
    }
  }

  /**
   * A descriptor was closed: throws the error that is known and starts writing back. Waits for
   * nothing under an exclusive lease; without, until others see what was written. When space is
   * short it waits, too: nobody else would hear that there was no room.
   */
  public void flushSoon(long handle) throws IOException {
    FileState file = file(handle);
    check(file);
    if (isDirty(file) && session.lease() == LeaseMode.EXCLUSIVE && !session.isSpaceScarce()) {
      flusher.soon(file);
    } else if (isDirty(file)) {
      writer.flush(file, true);
    }
  }

  /** Never waits: who has the lock may wait for a server, which waits for this answer. */
  private static boolean mayBeDirty(FileState file) {
    if (!file.lock.tryLock()) {
      return true;
    }
    try {
      return file.isDirty();
    } finally {
      file.lock.unlock();
    }
  }

  private static boolean isDirty(FileState file) {
    file.lock.lock();
    try {
      return file.isDirty();
    } finally {
      file.lock.unlock();
    }
  }

  /** Makes everything written to the file durable and committed. */
  public void sync(long handle) throws IOException {
    writer.flush(file(handle), true);
  }

  /** The map of a file, asked as its caller. */
  public interface MapPages {
    /** The page from this offset on. */
    Reply.MapPage page(long from) throws IOException;
  }

  /**
   * CRC32C of what a file has, which is made durable and committed first, as the copies of its
   * blocks keep it: nothing but what lies in the metadata is read.
   *
   * @throws dfs.protocol.block.BlockFault if two copies say different things
   */
  public int checksum(long ino, MapPages map) throws IOException {
    syncInode(ino);
    return new StoredChecksum(blocks, time, map).ask();
  }

  /** Makes everything written to this inode durable and committed, if anything is not. */
  public void syncInode(long ino) throws IOException {
    FileState file = files.get(ino);
    if (file != null) {
      writer.flush(file, true);
    }
  }

  /** Writes a file back because of its age; its error stays with it. */
  void writeBack(FileState file) throws IOException {
    try {
      writer.flush(file, false);
    } finally {
      forgetIfUnused(file);
    }
  }

  /** The handle is not used any more. What is not written yet still will be. */
  public void release(long handle) {
    FileState file = handles.remove(handle);
    if (file == null) {
      return;
    }
    boolean settled;
    file.lock.lock();
    try {
      file.handleClosed();
      settled = !file.isDirty() && file.solo() == null;
    } finally {
      file.lock.unlock();
    }
    if (settled) {
      forget(file);
    } else {
      flusher.soon(file);
    }
  }

  /** A file without handles and with nothing to write is forgotten; its own block is sealed. */
  void forgetIfUnused(FileState file) throws IOException {
    if (!isUnused(file)) {
      return;
    }
    try {
      writer.sealIdle(file, Long.MAX_VALUE);
    } finally {
      forget(file);
    }
  }

  private void forget(FileState file) {
    files.computeIfPresent(
        file.ino,
        (ino, state) -> {
          if (state != file || !isUnused(file)) {
            return state;
          }
          letGo.add(attributesOf(file));
          return null;
        });
  }

  private static Attributes attributesOf(FileState file) {
    file.lock.lock();
    try {
      return file.attributes();
    } finally {
      file.lock.unlock();
    }
  }

  private static boolean isUnused(FileState file) {
    file.lock.lock();
    try {
      return file.handles() == 0 && !file.isDirty();
    } finally {
      file.lock.unlock();
    }
  }

  /** Seals shared blocks into which nothing was appended since this time. */
  void sealIdle(long beforeNanos) throws IOException {
    writer.sealIdle(null, beforeNanos);
  }

  /** Ends the blocks that are open on these servers: what is written next goes elsewhere. */
  public void endBlocksOn(Set<Long> servers) throws IOException {
    for (FileState file : files.values()) {
      writer.endBlocksOn(file, servers);
    }
    writer.endBlocksOn(null, servers);
  }

  /** Whether the inode is open here or has something unwritten. */
  public boolean inUse(long ino) {
    return files.containsKey(ino);
  }

  /** Whether anything waits to be written. */
  public boolean isDirty() {
    return !dirtyFiles().isEmpty();
  }

  /**
   * Inodes open here, with the number of handles; 1 of what was closed and is not written yet.
   * Nobody lets go of what is only kept here until its block ends.
   */
  public Map<Long, Integer> opened() {
    Map<Long, Integer> opened = new HashMap<>();
    for (FileState file : files.values()) {
      int handles = file.handles();
      if (handles > 0 || mayBeDirty(file)) {
        opened.put(file.ino, Math.max(1, handles));
      }
    }
    return opened;
  }

  private List<FileState> dirtyFiles() {
    return files.values().stream().filter(OpenFiles::isDirty).toList();
  }

  /**
   * Makes everything durable and committed; errors stay with their files, the first one is thrown.
   */
  public void syncAll() throws IOException {
    flusher.writeBackAll(dirtyFiles());
  }

  /** What is known of the committed state of files is void; what is dirty stays. */
  public void expire(@Nullable Long ino) {
    for (FileState file : files.values()) {
      if (ino == null || file.ino == ino) {
        file.lock.lock();
        try {
          file.expire();
        } finally {
          file.lock.unlock();
        }
      }
    }
  }

  /**
   * The session is over: what is dirty is lost, and everyone who has such a file open hears of it.
   *
   * @return inodes of which something is lost
   */
  public List<Long> fail(IOException cause) {
    List<Long> lost = new ArrayList<>();
    for (FileState file : files.values()) {
      file.lock.lock();
      try {
        if (file.isDirty()) {
          file.fail(cause);
        }
        // A flush may have heard of the end before.
        if (file.isDirty() || file.failure() instanceof SessionEndedException) {
          lost.add(file.ino);
        }
      } finally {
        file.lock.unlock();
      }
    }
    return lost;
  }

  /**
   * The last call after {@link #fail}: nothing is written any more, and no memory is held for what
   * is lost. Waits for what is on its way to a block.
   */
  public void abandon() {
    flusher.close();
    files.values().forEach(writer::abandon);
  }

  /** Bytes in memory, for the bound on them. */
  long bytesInMemory() {
    long bytes = 0;
    for (FileState file : files.values()) {
      file.lock.lock();
      try {
        bytes += file.bytesInMemory();
      } finally {
        file.lock.unlock();
      }
    }
    return bytes;
  }

  /** Writes everything back and seals all blocks. */
  @Override
  public void close() throws IOException {
    flusher.close();
    syncAll();
    for (FileState file : files.values()) {
      writer.sealIdle(file, Long.MAX_VALUE);
    }
    writer.sealIdle(null, Long.MAX_VALUE);
  }
}

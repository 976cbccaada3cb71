package dfs.client.path;

import com.google.protobuf.ByteString;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.ClientMessage.Locked;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An open file of the volume. What was written is seen by whoever uses the same session at once, by
 * others when it is synced, at the latest a second later. Thread-safe; nothing may be called after
 * {@link #close}.
 */
public final class OpenFile {
  private final MetadataSession session;
  private final OpenFiles files;
  private final Caller caller;
  private final String path;
  private final long ino;
  private final boolean directory;
  private final long handle;
  private final AtomicBoolean written = new AtomicBoolean();

  OpenFile(
      MetadataSession session, OpenFiles files, Caller caller, String path, Attributes opened) {
    this.session = session;
    this.files = files;
    this.caller = caller;
    this.path = path;
    this.ino = opened.ino();
    this.directory = opened.isDirectory();
    this.handle = files.open(opened);
  }

  public long ino() {
    return ino;
  }

  /** What it is now, with what is written here. */
  public Attributes attributes() throws IOException {
    try (OpenFiles.Look _ = files.look()) {
      return files.seen(entry(session.call(caller, new Query.GetAttributes(ino))));
    }
  }

  private Attributes entry(Reply reply) throws PathRefusedException {
    if (reply instanceof Reply.Entry entry) {
      return entry.attributes();
    }
    throw PathWalk.refusal(path, reply);
  }

  /** Reads into {@code into} until it is full or the file ends. */
  public void read(long offset, ByteBuffer into) throws IOException {
    if (directory) {
      throw new PathRefusedException(path, Errno.EISDIR);
    }
    files.read(handle, offset, into);
  }

  /** Writes all of {@code from}. */
  public void write(long offset, ByteBuffer from) throws IOException {
    written.set(true);
    files.writeLater(handle, offset, from, !caller.isRoot());
  }

  /**
   * Writes all of {@code from} at the end, wherever others have moved it; durable on return.
   *
   * @return where that was
   */
  public long append(ByteBuffer from) throws IOException {
    written.set(true);
    return files.write(handle, 0, from, true, !caller.isRoot());
  }

  /** Sets the length; what it grows by is a hole. */
  public void truncate(long sizeBytes) throws IOException {
    files.syncInode(ino);
    int valid = Change.SetAttributes.SET_SIZE | Change.SetAttributes.BY_HANDLE;
    Change cut = new Change.SetAttributes(ino, valid, 0, 0, 0, sizeBytes, 0, 0, 0);
    try (OpenFiles.Look _ = files.look()) {
      var _ = files.seen(entry(session.call(caller, cut)));
    }
  }

  /** What was written is durable, and others see it, when this returns. */
  public void sync() throws IOException {
    files.sync(handle);
  }

  /** Identity of the cluster that it is in. */
  public ByteString cluster() {
    return session.cluster();
  }

  /** Whether the session in which it is open is over: it, and its locks, are lost. */
  public boolean isOver() {
    return session.isOver();
  }

  /**
   * A lock of a range that can be asked for, and nobody else's.
   *
   * @param lengthBytes at least 1
   * @param exclusive of a file that is open to be written; else of one that is open to be read
   */
  public Locked newLock(long offset, long lengthBytes, boolean exclusive) {
    return new Locked(ino, files.locks().newOwner(), offset, lengthBytes, exclusive);
  }

  /** Locks unless others have some of it; whether it is locked. */
  public boolean tryLock(Locked wanted) throws IOException {
    return files.locks().tryLock(wanted);
  }

  /** As {@link dfs.client.file.FileLocks#lock}. */
  public boolean lock(Locked wanted, CompletableFuture<?> givesUp) throws IOException {
    return files.locks().lock(wanted, givesUp);
  }

  /** Frees a lock; who has it next sees what was written. */
  public void unlock(Locked locked) throws IOException {
    try {
      if (written.get()) {
        files.sync(handle);
      }
    } finally {
      files.locks().unlock(locked);
    }
  }

  /** As {@link #sync} if anything was written through this; then lets go of the file. */
  public void close() throws IOException {
    try {
      if (written.get()) {
        files.sync(handle);
      }
    } finally {
      released();
    }
  }

  /**
   * The server hears it first: a server that is started again meanwhile is told that the file is
   * open, and then of this end once.
   */
  private void released() throws IOException {
    try {
      session.call(Caller.ROOT, new Query.Release(ino, 1));
    } finally {
      files.release(handle);
    }
  }
}

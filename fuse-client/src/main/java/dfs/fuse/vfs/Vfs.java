package dfs.fuse.vfs;

import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Reply;
import java.nio.ByteBuffer;

/**
 * The volume as a mount sees it, by inode number. Called by a driver, from many threads; a call may
 * block. What it could not do for reasons outside (network, disk) is answered with EIO and logged
 * here; nothing is thrown.
 */
public interface Vfs {
  /**
   * Runs a namespace operation. Attributes in the answer contain what this mount has written and
   * not yet committed. What the operation needs to have committed first (a truncate, a rename over
   * a file, a link) is flushed first.
   *
   * @param process the calling process on this machine, whose groups count when uid and gid do not
   *     suffice; 0: unknown
   */
  Reply call(Caller caller, int process, Operation operation);

  /**
   * How long a name or attributes just answered may be kept without asking again; 0 when they may
   * not.
   *
   * @param ino the inode that was answered; of a name that is absent, its directory
   * @param epoch the {@link #cacheEpoch} before they were asked for: in a later one they may be old
   */
  long validityNanos(long ino, long epoch);

  /**
   * Opens a file, or refuses. The permission has been checked by the kernel.
   *
   * @param flags as open(2)
   */
  Opened open(Caller caller, int process, long ino, int flags);

  /** Makes a file and opens it. */
  Opened create(Caller caller, int process, Operation create, int flags);

  /**
   * What opening gave.
   *
   * @param handle number of the open file; 0 if refused
   * @param keepCache pages that the kernel has of the inode are still right
   * @param direct the kernel must not cache pages for this handle
   */
  record Opened(Reply reply, long handle, boolean keepCache, boolean direct) {
    public static Opened refused(Reply reply) {
      return new Opened(reply, 0, false, false);
    }
  }

  /** Whether the handle can still be used: what was open in a session that is over cannot. */
  boolean isUsable(long handle);

  /** Reads into {@code into} until it is full or the file ends. */
  Errno read(long handle, long offset, ByteBuffer into);

  /**
   * Writes all of {@code from}.
   *
   * @param append at the end of the file, whatever {@code offset} says
   * @param killPrivileges clear setuid and setgid first
   */
  Errno write(long handle, long offset, ByteBuffer from, boolean append, boolean killPrivileges);

  /** Takes what was stored through a mapping; waits for nobody who waits for the kernel. */
  Errno writeBack(long handle, long offset, ByteBuffer from);

  /** A descriptor of the handle was closed: the error that is known, if any. */
  Errno flush(long handle);

  /** Makes what was written durable. */
  Errno sync(long handle);

  /**
   * The handle is no longer used by anyone.
   *
   * @param writes it was open for writing
   */
  void release(long handle, boolean writes);

  /**
   * Moves on whenever something that was read may have become old: an answer whose reading began in
   * an earlier epoch is not to be given, but read again.
   */
  long cacheEpoch();

  /** The kernel holds this many more references to the inode's number. */
  void remember(Attributes attributes, int references);

  /** The kernel let go of this many references. */
  void forget(long ino, long references);

  /** Who empties the kernel's caches; set once by the driver. */
  void attach(KernelCaches caches);
}

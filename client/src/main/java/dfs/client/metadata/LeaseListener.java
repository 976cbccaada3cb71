package dfs.client.metadata;

import com.google.protobuf.ByteString;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.LeaseMode;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the file layer does when the metadata server asks something back. Calls come on threads of
 * their own and may block.
 */
public interface LeaseListener {
  /**
   * The lease goes down to {@code to}: flush and commit what is dirty, for NONE empty every cache;
   * return when done.
   */
  void recall(LeaseMode to);

  /**
   * The lease is no longer certain (no heartbeat was answered in time): empty every cache, keep
   * what is dirty.
   */
  void uncertain();

  /** A lease of this mode is held from now on. */
  void granted(LeaseMode mode);

  /**
   * Forget an inode's attributes, its data from {@code fromOffset} on (-1: none), and its name in
   * {@code parent} if the name is not empty. Returns when no cache has them, with whether the inode
   * is open or known to the kernel here.
   */
  boolean invalidate(long ino, long fromOffset, long parent, ByteString name, boolean gone);

  /** Whether the inode is open or mapped here. */
  boolean inUse(long ino);

  /**
   * These chunk servers are to be left: blocks that are open on them end. Said again and again, and
   * not twice at a time.
   */
  void leaving(Set<Long> servers);

  /** The session is over: what is dirty is lost and must be reported as EIO on its handles. */
  void fenced(String reason);

  /**
   * Inodes that are open here, with how many openings each: claimed again after a restart of the
   * server.
   */
  Map<Long, Integer> open();

  /** Locks that are held here: claimed again after a restart of the server. */
  default List<ClientMessage.Locked> locks() {
    return List.of();
  }

  /** Instants of the past at which somebody looks here, the last ones: they are kept. */
  default List<Long> instants() {
    return List.of();
  }

  /** Locks that were refused may be had now, of an inode, or, 0, of any. Must not block. */
  default void lockFree(long ino) {}
}

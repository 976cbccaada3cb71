package dfs.fuse.vfs;

import com.google.protobuf.ByteString;

/**
 * What the kernel remembers of this mount, and how it is made to forget. Each call returns when the
 * kernel has forgotten and may wait for requests in flight; no lock of ours may be held.
 */
public interface KernelCaches {
  /** Attributes of an inode and its data from {@code fromOffset} on; -1: attributes alone. */
  void forgetInode(long ino, long fromOffset);

  /** A name; with {@code gone} it stands for nothing any more. */
  void forgetName(long parent, ByteString name, boolean gone, long ino);

  /**
   * Whether {@link #forgetNames} can be used: the kernel has it, and nothing is mounted below,
   * which it would unmount.
   */
  boolean canForgetNames();

  /** Every name, at once. */
  void forgetNames();

  /** Waits until every answer that was built before this call has been given to the kernel. */
  void settle();
}

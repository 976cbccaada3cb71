package dfs.fuse.driver.kernel;

/**
 * The INIT flags that are switched on, and nothing else. Off on purpose: WRITEBACK_CACHE (the
 * kernel would own size and times), NO_OPEN and NO_OPENDIR (every directory would be cached without
 * a lease), AUTO_INVAL_DATA (drops our own pages after each write), CACHE_SYMLINKS, REQUEST_TIMEOUT
 * (aborts the whole mount), the lock flags (the kernel then locks within the mount), EXPORT_SUPPORT
 * and ALLOW_IDMAP (untested).
 */
final class InitFlags {
  /** Parallel read-ahead. */
  static final long ASYNC_READ = 1L;

  /** Open, permission and truncate in one message. */
  static final long ATOMIC_O_TRUNC = 1L << 3;

  static final long BIG_WRITES = 1L << 5;

  /** A default ACL replaces the umask, so only the server can apply it. */
  static final long DONT_MASK = 1L << 6;

  static final long DO_READDIRPLUS = 1L << 13;
  static final long READDIRPLUS_AUTO = 1L << 14;
  static final long ASYNC_DIO = 1L << 15;

  /** LOOKUP and READDIR of one directory side by side. */
  static final long PARALLEL_DIROPS = 1L << 18;

  /**
   * ACLs are checked by the kernel; implies default_permissions, without which cached names bypass
   * search permission.
   */
  static final long POSIX_ACL = 1L << 20;

  /** Tells an abort from an unmount. */
  static final long ABORT_ERROR = 1L << 21;

  /** Requests of more than 32 pages. */
  static final long MAX_PAGES = 1L << 22;

  /** Data leaves the page cache by recall only. */
  static final long EXPLICIT_INVAL_DATA = 1L << 25;

  /**
   * We clear setuid and setgid on write, truncate and chown when asked: no getxattr before each
   * write.
   */
  static final long HANDLE_KILLPRIV_V2 = 1L << 28;

  /** SETXATTR says whether an ACL change clears setgid. */
  static final long SETXATTR_EXT = 1L << 29;

  /** Flags above bit 31. */
  static final long INIT_EXT = 1L << 30;

  /** A requests that creates bears the group that matters for setgid directories. */
  static final long CREATE_SUPP_GROUP = 1L << 34;

  /** Names can be made to expire without unmounting what lies below. */
  static final long HAS_EXPIRE_ONLY = 1L << 35;

  /** Files opened for direct I/O can be mapped. */
  static final long DIRECT_IO_ALLOW_MMAP = 1L << 36;

  static final long WANTED =
      ASYNC_READ
          | ATOMIC_O_TRUNC
          | BIG_WRITES
          | DONT_MASK
          | DO_READDIRPLUS
          | READDIRPLUS_AUTO
          | ASYNC_DIO
          | PARALLEL_DIROPS
          | POSIX_ACL
          | ABORT_ERROR
          | MAX_PAGES
          | EXPLICIT_INVAL_DATA
          | HANDLE_KILLPRIV_V2
          | SETXATTR_EXT
          | INIT_EXT
          | CREATE_SUPP_GROUP
          | HAS_EXPIRE_ONLY
          | DIRECT_IO_ALLOW_MMAP;

  /** Without these the mount could not keep its promises. */
  static final long REQUIRED =
      ATOMIC_O_TRUNC | DONT_MASK | POSIX_ACL | EXPLICIT_INVAL_DATA | MAX_PAGES | INIT_EXT;

  private InitFlags() {}
}

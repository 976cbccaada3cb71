package dfs.metadata.records;

import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.FileType;

/**
 * What is kept of an inode, under its number.
 *
 * @param links names; of a directory 2 + its subdirectories, 0 once it is removed
 * @param sizeBytes length; of a directory the number of its entries
 * @param allocatedBytes bytes in extents or inline
 * @param parent directory of the primary link, to which the inode is charged; 0: none is left
 * @param cookie cookie of the primary link there
 * @param map map id: names the extents
 * @param mapBirthNanos stamp of the command that gave it this map
 * @param cutOffset with {@code cutNanos}: extents not written after that stamp count only up to
 *     this offset; reserved
 * @param change grows with each change
 * @param policy placement and retention policy; 0: the volume's; its low four bits are how many
 *     copies are kept, the next four how many a write needs; 0: the usual number
 * @param grain how coarse the history of a file is; 0: the volume's
 * @param flags {@link Attributes} flags and {@code HAS_*}
 * @param nextCookie of a directory: cookie of the next entry
 * @param deferredSession session whose fsyncs may be ahead of this record; 0: none
 * @param watermarkLease with {@code watermarkSequence}: records up to here are committed
 */
public record Inode(
    FileType type,
    int mode,
    int uid,
    int gid,
    int links,
    long device,
    long sizeBytes,
    long allocatedBytes,
    long accessNanos,
    long modifyNanos,
    long changeNanos,
    long birthNanos,
    long parent,
    long cookie,
    long map,
    long mapBirthNanos,
    long cutOffset,
    long cutNanos,
    long change,
    int policy,
    int grain,
    int flags,
    long nextCookie,
    long deferredSession,
    long watermarkLease,
    long watermarkSequence) {
  /** It has a POSIX access ACL; bits from here up are not shown to clients. */
  public static final int HAS_ACCESS_ACL = 1 << 16;

  public static final int HAS_DEFAULT_ACL = 1 << 17;

  /** It has extended attributes of any kind. */
  public static final int HAS_XATTRS = 1 << 18;

  /** The bits of {@link #policy} that say how many copies are kept. */
  private static final int COPIES_MASK = 0xf;

  private static final int COPIES_MIN_SHIFT = 4;

  private static final int SHOWN_FLAGS = 0xffff;

  public boolean has(int flag) {
    return (flags & flag) != 0;
  }

  public boolean isDirectory() {
    return type == FileType.DIRECTORY;
  }

  public boolean isRegular() {
    return type == FileType.REGULAR;
  }

  public Edit edit() {
    return new Edit(this);
  }

  /** What clients are told. */
  public Attributes attributes(long ino) {
    return new Attributes(
        ino,
        type,
        mode,
        links,
        uid,
        gid,
        device,
        sizeBytes,
        allocatedBytes,
        accessNanos,
        modifyNanos,
        changeNanos,
        birthNanos,
        change,
        map,
        (flags & SHOWN_FLAGS)
            | (has(HAS_XATTRS) ? Attributes.FLAG_XATTRS : 0)
            | Attributes.copiesFlags(copies(), copiesMin()));
  }

  /** How many copies are kept; 0: as the volume says. */
  public int copies() {
    return policy & COPIES_MASK;
  }

  /** How many copies a write needs; 0: the usual number. */
  public int copiesMin() {
    return policy >>> COPIES_MIN_SHIFT & COPIES_MASK;
  }

  /** This policy with other numbers of copies. */
  public int policyWith(int copies, int copiesMin) {
    int others = policy & ~(COPIES_MASK | COPIES_MASK << COPIES_MIN_SHIFT);
    return others | copies | copiesMin << COPIES_MIN_SHIFT;
  }

  /** An inode under change. */
  public static final class Edit {
    private final Inode before;
    public int mode;
    public int uid;
    public int gid;
    public int links;
    public long sizeBytes;
    public long allocatedBytes;
    public long accessNanos;
    public long modifyNanos;
    public long changeNanos;
    public long parent;
    public long cookie;
    public long map;
    public long mapBirthNanos;
    public int policy;
    public int flags;
    public long nextCookie;

    private Edit(Inode before) {
      this.before = before;
      mode = before.mode;
      uid = before.uid;
      gid = before.gid;
      links = before.links;
      sizeBytes = before.sizeBytes;
      allocatedBytes = before.allocatedBytes;
      accessNanos = before.accessNanos;
      modifyNanos = before.modifyNanos;
      changeNanos = before.changeNanos;
      parent = before.parent;
      cookie = before.cookie;
      map = before.map;
      mapBirthNanos = before.mapBirthNanos;
      policy = before.policy;
      flags = before.flags;
      nextCookie = before.nextCookie;
    }

    /** Sets or clears a flag. */
    public Edit flag(int flag, boolean on) {
      flags = on ? flags | flag : flags & ~flag;
      return this;
    }

    /** Contents changed now: mtime and ctime. */
    public Edit modified(long nowNanos) {
      modifyNanos = nowNanos;
      changeNanos = nowNanos;
      return this;
    }

    public Edit changed(long nowNanos) {
      changeNanos = nowNanos;
      return this;
    }

    /** The changed inode, with a larger change counter. */
    public Inode done() {
      return build(before.change + 1);
    }

    /** The same without touching the change counter: access times. */
    public Inode unnoticed() {
      return build(before.change);
    }

    private Inode build(long change) {
      return new Inode(
          before.type,
          mode,
          uid,
          gid,
          links,
          before.device,
          sizeBytes,
          allocatedBytes,
          accessNanos,
          modifyNanos,
          changeNanos,
          before.birthNanos,
          parent,
          cookie,
          map,
          mapBirthNanos,
          before.cutOffset,
          before.cutNanos,
          change,
          policy,
          before.grain,
          flags,
          nextCookie,
          before.deferredSession,
          before.watermarkLease,
          before.watermarkSequence);
    }
  }
}

package dfs.acl;

import dfs.acl.AclEntry.Tag;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An immutable POSIX.1e access control list: one USER_OBJ, any USER entries, one GROUP_OBJ, any
 * GROUP entries, a MASK (which must be there if a user or group is named), one OTHER, in this
 * order.
 *
 * <p>Valid is what {@code posix_acl_valid} accepts: within USER and within GROUP entries the order
 * of ids is free and kept. The layout is the value of {@code system.posix_acl_access} and {@code
 * system.posix_acl_default}, little-endian:
 *
 * <pre>
 *   u32 version = 2
 *   { u16 tag, u16 permissions, u32 id (0xFFFFFFFF in an entry that names nobody) } for each entry
 * </pre>
 *
 * @param entries at least three, at most {@link #ENTRIES_MAX}
 */
public record Acl(List<AclEntry> entries) {
  /** As many as an extended attribute of 64 KiB holds. */
  public static final int ENTRIES_MAX = 8_191;

  private static final int VERSION = 2;
  private static final int HEADER_BYTES = 4;
  private static final int ENTRY_BYTES = 8;

  /**
   * What a new inode gets from the default ACL of its directory.
   *
   * @param mode the requested mode less what the default ACL withholds
   * @param access access ACL, or null if the mode says it all. A new directory also gets the
   *     default ACL itself as its own.
   */
  public record Inherited(int mode, @Nullable Acl access) {}

  /**
   * @throws IllegalArgumentException that says which entry is wrong, where {@code posix_acl_valid}
   *     answers EINVAL
   */
  public Acl {
    entries = List.copyOf(entries);
    if (entries.size() > ENTRIES_MAX) {
      throw new IllegalArgumentException("ACL of " + entries.size() + " entries");
    }
    AclEntry previous = null;
    for (AclEntry entry : entries) {
      Tag tag = entry.tag();
      if (previous != null && tag.compareTo(previous.tag()) < 0) {
        throw new IllegalArgumentException("ACL entry " + tag + " after " + previous.tag());
      }
      if (previous != null && tag == previous.tag() && !tag.isNamed()) {
        throw new IllegalArgumentException("ACL with two entries " + tag);
      }
      previous = entry;
    }
    boolean named = entries.stream().anyMatch(entry -> entry.tag().isNamed());
    for (Tag tag : Tag.values()) {
      boolean needed = !tag.isNamed() && (tag != Tag.MASK || named);
      if (needed && entries.stream().noneMatch(entry -> entry.tag() == tag)) {
        throw new IllegalArgumentException("ACL without an entry " + tag);
      }
    }
  }

  /** The ACL of three entries that says the same as a mode. */
  public static Acl ofMode(int mode) {
    Permissions.checkMode(mode);
    return new Acl(
        List.of(
            AclEntry.of(Tag.USER_OBJ, mode >> 6 & Permissions.ALL),
            AclEntry.of(Tag.GROUP_OBJ, mode >> 3 & Permissions.ALL),
            AclEntry.of(Tag.OTHER, mode & Permissions.ALL)));
  }

  /**
   * Reads the kernel's layout. The ids of entries that name nobody are not looked at, as in {@code
   * posix_acl_from_xattr}. A value without entries is no ACL: setting one removes the ACL, which is
   * the caller's business (see {@link #isEmpty}).
   *
   * @throws IllegalArgumentException that says what is wrong; for a person to read
   */
  public static Acl parse(ByteBuffer value) {
    ByteBuffer bytes = value.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    int sizeBytes = bytes.remaining();
    if (sizeBytes < HEADER_BYTES || (sizeBytes - HEADER_BYTES) % ENTRY_BYTES != 0) {
      throw new IllegalArgumentException("ACL of " + sizeBytes + " bytes");
    }
    int version = bytes.getInt();
    if (version != VERSION) {
      throw new IllegalArgumentException("ACL of version " + Integer.toUnsignedString(version));
    }
    if (bytes.remaining() / ENTRY_BYTES > ENTRIES_MAX) {
      throw new IllegalArgumentException("ACL of " + bytes.remaining() / ENTRY_BYTES + " entries");
    }
    List<AclEntry> entries = new ArrayList<>(bytes.remaining() / ENTRY_BYTES);
    while (bytes.hasRemaining()) {
      Tag tag = Tag.ofNumber(Short.toUnsignedInt(bytes.getShort()));
      int permissions = Short.toUnsignedInt(bytes.getShort());
      int id = bytes.getInt();
      entries.add(new AclEntry(tag, permissions, tag.isNamed() ? id : AclEntry.NO_ID));
    }
    return new Acl(entries);
  }

  /** Whether the value is a header alone, by which setxattr(2) removes an ACL. */
  public static boolean isEmpty(ByteBuffer value) {
    return value.remaining() == HEADER_BYTES
        && value.duplicate().order(ByteOrder.LITTLE_ENDIAN).getInt() == VERSION;
  }

  /** Writes the kernel's layout. */
  public byte[] format() {
    ByteBuffer bytes =
        ByteBuffer.allocate(HEADER_BYTES + ENTRY_BYTES * entries.size())
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(VERSION);
    for (AclEntry entry : entries) {
      bytes.putShort((short) entry.tag().number());
      bytes.putShort((short) entry.permissions());
      bytes.putInt(entry.id());
    }
    return bytes.array();
  }

  /** Whether a mode says the same: nobody is named and there is no mask. */
  public boolean isTrivial() {
    return entries.size() == 3;
  }

  /**
   * The nine permission bits that go with this access ACL: owner, mask (the owning group, where
   * there is no mask) and others ({@code posix_acl_equiv_mode}).
   */
  public int modeBits() {
    return only(Tag.USER_OBJ).permissions() << 6
        | only(groupClass()).permissions() << 3
        | only(Tag.OTHER).permissions();
  }

  /**
   * This access ACL after chmod: owner, mask (or owning group) and others become those of the mode
   * ({@code posix_acl_chmod}). Named entries and, beside a mask, the owning group keep what they
   * have, and the mask limits it.
   */
  public Acl withMode(int mode) {
    Permissions.checkMode(mode);
    Tag groupClass = groupClass();
    List<AclEntry> changed = new ArrayList<>(entries.size());
    for (AclEntry entry : entries) {
      if (entry.tag() == Tag.USER_OBJ) {
        changed.add(entry.withPermissions(mode >> 6 & Permissions.ALL));
      } else if (entry.tag() == groupClass) {
        changed.add(entry.withPermissions(mode >> 3 & Permissions.ALL));
      } else if (entry.tag() == Tag.OTHER) {
        changed.add(entry.withPermissions(mode & Permissions.ALL));
      } else {
        changed.add(entry);
      }
    }
    return new Acl(changed);
  }

  /**
   * What a new inode gets in a directory whose default ACL this is ({@code posix_acl_create_masq}):
   * each class has what both the default ACL and the requested mode grant. The umask plays no part.
   *
   * @param mode what open(2), mkdir(2) or mknod(2) asked for, before any umask; bits above 0777
   *     stay
   */
  public Inherited inherit(int mode) {
    Permissions.checkMode(mode);
    int granted = mode & modeBits();
    Acl access = withMode(granted);
    return new Inherited(
        (mode & ~Permissions.CLASSES) | granted, access.isTrivial() ? null : access);
  }

  /** Which entry the group bits of the mode stand for. */
  private Tag groupClass() {
    return mask() == null ? Tag.GROUP_OBJ : Tag.MASK;
  }

  @Nullable AclEntry mask() {
    AclEntry beforeLast = entries.get(entries.size() - 2);
    return beforeLast.tag() == Tag.MASK ? beforeLast : null;
  }

  private AclEntry only(Tag tag) {
    for (AclEntry entry : entries) {
      if (entry.tag() == tag) {
        return entry;
      }
    }
    throw new AssertionError("valid ACL without an entry " + tag);
  }
}

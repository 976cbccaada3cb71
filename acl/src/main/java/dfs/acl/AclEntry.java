package dfs.acl;

/**
 * One entry of an {@link Acl}.
 *
 * @param permissions read 4, write 2, execute 1
 * @param id user or group of a USER or GROUP entry, else {@link #NO_ID}
 */
public record AclEntry(Tag tag, int permissions, int id) {
  /** {@code ACL_UNDEFINED_ID}. */
  public static final int NO_ID = -1;

  /** Whom an entry speaks of, in the order that the entries of an ACL have. */
  public enum Tag {
    USER_OBJ(0x01),
    USER(0x02),
    GROUP_OBJ(0x04),
    GROUP(0x08),
    MASK(0x10),
    OTHER(0x20);

    private final int number;

    Tag(int number) {
      this.number = number;
    }

    /** The number in the kernel's layout ({@code include/uapi/linux/posix_acl.h}). */
    int number() {
      return number;
    }

    /** Whether entries of this kind name a user or group. */
    boolean isNamed() {
      return this == USER || this == GROUP;
    }

    static Tag ofNumber(int number) {
      for (Tag tag : values()) {
        if (tag.number == number) {
          return tag;
        }
      }
      throw new IllegalArgumentException("ACL entry with tag 0x" + Integer.toHexString(number));
    }
  }

  public AclEntry {
    if ((permissions & ~Permissions.ALL) != 0) {
      throw new IllegalArgumentException(
          tag + " entry with permissions 0x" + Integer.toHexString(permissions));
    }
    if (tag.isNamed() == (id == NO_ID)) {
      throw new IllegalArgumentException(
          tag + " entry with " + (id == NO_ID ? "no id" : "id " + Integer.toUnsignedString(id)));
    }
  }

  static AclEntry of(Tag tag, int permissions) {
    return new AclEntry(tag, permissions, NO_ID);
  }

  AclEntry withPermissions(int changed) {
    return new AclEntry(tag, changed, id);
  }

  boolean grants(int wanted) {
    return (permissions & wanted) == wanted;
  }
}

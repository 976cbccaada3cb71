package dfs.client.nio;

import com.google.protobuf.ByteString;
import dfs.acl.Acl;
import dfs.acl.AclEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The text of POSIX.1e ACLs (acl(5)), long form, a line for each entry. */
final class AclTexts {
  /** What removes an ACL: a header alone. */
  static final ByteString NONE = ByteString.copyFrom(new byte[] {2, 0, 0, 0});

  private static final String LETTERS = "rwx";

  private AclTexts() {}

  static String ofMode(int mode) {
    return text(Acl.ofMode(mode), new Principals());
  }

  /** The text of a value of {@code system.posix_acl_access} or {@code _default}. */
  static String text(ByteString value, Principals principals) {
    return text(Acl.parse(value.asReadOnlyByteBuffer()), principals);
  }

  private static String text(Acl acl, Principals principals) {
    StringBuilder text = new StringBuilder();
    for (AclEntry entry : acl.entries()) {
      String whom =
          switch (entry.tag()) {
            case USER_OBJ -> "user:";
            case USER -> "user:" + principals.user(entry.id()).getName();
            case GROUP_OBJ -> "group:";
            case GROUP -> "group:" + principals.group(entry.id()).getName();
            case MASK -> "mask:";
            case OTHER -> "other:";
          };
      text.append(whom).append(':').append(letters(entry.permissions())).append('\n');
    }
    return text.toString();
  }

  private static String letters(int permissions) {
    StringBuilder letters = new StringBuilder();
    for (int i = 0; i < LETTERS.length(); i++) {
      letters.append((permissions >> (2 - i) & 1) == 1 ? LETTERS.charAt(i) : '-');
    }
    return letters.toString();
  }

  /**
   * The value that a text says; entries may come in any order.
   *
   * @throws IllegalArgumentException that says which line is wrong
   */
  static ByteString value(String text, Principals principals) throws IOException {
    List<AclEntry> entries = new ArrayList<>();
    for (String line : text.split("[\\n,]", -1)) {
      String said = line.replaceAll("#.*", "").strip();
      if (!said.isEmpty()) {
        entries.add(entry(said, principals));
      }
    }
    entries.sort(Comparator.comparing(AclEntry::tag));
    return ByteString.copyFrom(new Acl(entries).format());
  }

  private static AclEntry entry(String line, Principals principals) throws IOException {
    String[] parts = line.split(":", -1);
    boolean twoParts = parts.length == 2;
    if (!twoParts && parts.length != 3) {
      throw new IllegalArgumentException("ACL entry " + line + ": not WHO:NAME:PERMISSIONS");
    }
    String name = twoParts ? "" : parts[1].strip();
    AclEntry.Tag tag =
        switch (parts[0].strip()) {
          case "user", "u" -> name.isEmpty() ? AclEntry.Tag.USER_OBJ : AclEntry.Tag.USER;
          case "group", "g" -> name.isEmpty() ? AclEntry.Tag.GROUP_OBJ : AclEntry.Tag.GROUP;
          case "mask", "m" -> AclEntry.Tag.MASK;
          case "other", "o" -> AclEntry.Tag.OTHER;
          default -> throw new IllegalArgumentException("ACL entry " + line + ": who is that?");
        };
    int id =
        switch (tag) {
          case USER -> principals.lookupPrincipalByName(name).id();
          case GROUP -> principals.lookupPrincipalByGroupName(name).id();
          case USER_OBJ, GROUP_OBJ, MASK, OTHER -> AclEntry.NO_ID;
        };
    return new AclEntry(tag, permissions(line, parts[parts.length - 1].strip()), id);
  }

  private static int permissions(String line, String letters) {
    int permissions = 0;
    for (int i = 0; i < letters.length(); i++) {
      int bit = LETTERS.indexOf(letters.charAt(i));
      if (bit < 0 && letters.charAt(i) != '-') {
        throw new IllegalArgumentException("ACL entry " + line + ": permissions are of r, w and x");
      }
      permissions |= bit < 0 ? 0 : 4 >> bit;
    }
    return permissions;
  }
}

package dfs.client.nio;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Optional;

/**
 * Users and groups: numbers in the volume, names as this machine's {@code /etc/passwd} and {@code
 * /etc/group} have them; a number without a name is its own. Thread-safe.
 */
final class Principals extends UserPrincipalLookupService {
  private static final Path USERS = Path.of("/etc/passwd");
  private static final Path GROUPS = Path.of("/etc/group");
  private static final int ID = 2;

  /** A user; equal to another of the same number. */
  static class User implements UserPrincipal {
    private final int id;
    private final String name;

    User(int id, String name) {
      this.id = id;
      this.name = name;
    }

    /** As an unsigned 32-bit number. */
    int id() {
      return id;
    }

    boolean isGroup() {
      return false;
    }

    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof User that && that.id == id && that.isGroup() == isGroup();
    }

    @Override
    public int hashCode() {
      return isGroup() ? ~id : id;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** A group. */
  static final class Group extends User implements GroupPrincipal {
    Group(int id, String name) {
      super(id, name);
    }

    @Override
    boolean isGroup() {
      return true;
    }
  }

  User user(int id) {
    return new User(id, name(USERS, id));
  }

  Group group(int id) {
    return new Group(id, name(GROUPS, id));
  }

  /** The number of a user or group of this volume. */
  static int idOf(UserPrincipal principal, boolean group) {
    if (!(principal instanceof User known)) {
      throw new ProviderMismatchException("not looked up in this file system: " + principal);
    }
    if (group && !known.isGroup()) {
      throw new ProviderMismatchException(principal + " is no group");
    }
    return known.id();
  }

  private static String name(Path file, int id) {
    String number = Integer.toUnsignedString(id);
    return find(file, ID, number, 0).orElse(number);
  }

  /** The wanted field of the first line that has this value in a field. */
  private static Optional<String> find(Path file, int field, String value, int wanted) {
    try {
      for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
        String[] fields = line.split(":", -1);
        if (fields.length > ID && fields[field].equals(value)) {
          return Optional.of(fields[wanted]);
        }
      }
    } catch (IOException e) {
      // without the file there are numbers
      return Optional.empty();
    }
    return Optional.empty();
  }

  private static int id(Path file, String name) throws UserPrincipalNotFoundException {
    try {
      return Integer.parseUnsignedInt(find(file, 0, name, ID).orElse(name));
    } catch (NumberFormatException e) {
      throw new UserPrincipalNotFoundException(name);
    }
  }

  @Override
  public User lookupPrincipalByName(String name) throws IOException {
    return new User(id(USERS, name), name);
  }

  @Override
  public Group lookupPrincipalByGroupName(String group) throws IOException {
    return new Group(id(GROUPS, group), group);
  }
}

package dfs.client.nio;

import dfs.client.path.PathCalls.Setting;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Attributes by their names, {@code VIEW:NAME,NAME} or {@code VIEW:*}; without a view: basic. */
final class NamedAttributes {
  private static final List<String> BASIC =
      List.of(
          "lastModifiedTime",
          "lastAccessTime",
          "creationTime",
          "size",
          "isRegularFile",
          "isDirectory",
          "isSymbolicLink",
          "isOther",
          "fileKey");
  private static final List<String> POSIX = List.of("permissions", "owner", "group");
  private static final List<String> UNIX =
      List.of("mode", "ino", "dev", "rdev", "nlink", "uid", "gid", "ctime");

  private static final List<String> DFS = List.of("acl", "defaultAcl", "copies", "copiesHere");

  /** All servers of a file are asked for it, so it is no part of {@code dfs:*}. */
  private static final String CRC32C = "crc32c";

  private NamedAttributes() {}

  /** Which view, and what of it. */
  private record Asked(String view, String names) {
    static Asked of(String attributes) {
      int colon = attributes.indexOf(':');
      return colon < 0
          ? new Asked("basic", attributes)
          : new Asked(attributes.substring(0, colon), attributes.substring(colon + 1));
    }

    List<String> known() {
      return switch (view) {
        case "basic" -> BASIC;
        case "posix" -> joined(BASIC, POSIX);
        case "unix" -> joined(joined(BASIC, POSIX), UNIX);
        case "owner" -> List.of("owner");
        case "dfs" -> joined(DFS, List.of(CRC32C));
        default -> throw new UnsupportedOperationException("View '" + view + "' not available");
      };
    }

    private static List<String> joined(List<String> some, List<String> more) {
      return Stream.concat(some.stream(), more.stream()).toList();
    }
  }

  /**
   * Values by name.
   *
   * @throws UnsupportedOperationException for a view that there is not
   * @throws IllegalArgumentException for a name that it does not have, or none at all
   */
  static Map<String, Object> read(Target target, String attributes) throws IOException {
    Asked asked = Asked.of(attributes);
    if (asked.names.isEmpty()) {
      throw new IllegalArgumentException("No attributes specified");
    }
    if (asked.view.equals("user")) {
      return user(target, asked.names);
    }
    List<String> known = asked.known();
    Map<String, Object> values = new LinkedHashMap<>();
    List<String> names = List.of(asked.names.split(",", -1));
    for (String name : names) {
      if (!name.equals("*") && !known.contains(name)) {
        throw new IllegalArgumentException("'" + name + "' not recognized");
      }
    }
    boolean dfs = asked.view.equals("dfs");
    List<String> usual = dfs ? DFS : known;
    List<String> wanted = names.contains("*") ? usual : names;
    if (dfs) {
      Views.AclText view = new Views.AclText(target);
      for (String name : wanted) {
        values.put(
            name,
            switch (name) {
              case "acl" -> view.acl();
              case "defaultAcl" -> view.defaultAcl();
              case "copiesHere" -> target.copiesHere();
              case CRC32C -> target.checksum();
              default -> target.attributes().stat().copies();
            });
      }
      return values;
    }
    DfsAttributes all = target.attributes();
    wanted.forEach(name -> values.put(name, value(all, name)));
    return values;
  }

  private static Object value(DfsAttributes all, String name) {
    return switch (name) {
      case "lastModifiedTime" -> all.lastModifiedTime();
      case "lastAccessTime" -> all.lastAccessTime();
      case "creationTime" -> all.creationTime();
      case "size" -> all.size();
      case "isRegularFile" -> all.isRegularFile();
      case "isDirectory" -> all.isDirectory();
      case "isSymbolicLink" -> all.isSymbolicLink();
      case "isOther" -> all.isOther();
      case "fileKey" -> all.fileKey();
      case "permissions" -> all.permissions();
      case "owner" -> all.owner();
      case "group" -> all.group();
      case "mode" -> all.stat().statMode();
      case "ino" -> all.stat().ino();
      case "dev" -> 0L;
      case "rdev" -> all.stat().device();
      case "nlink" -> all.stat().links();
      case "uid" -> all.stat().uid();
      case "gid" -> all.stat().gid();
      case "ctime" -> all.changeTime();
      default -> throw new IllegalArgumentException("'" + name + "' not recognized");
    };
  }

  private static Map<String, Object> user(Target target, String names) throws IOException {
    Views.User view = new Views.User(target);
    List<String> asked = List.of(names.split(",", -1));
    Map<String, Object> values = new LinkedHashMap<>();
    for (String name : asked.contains("*") ? view.list() : asked) {
      values.put(name, view.value(name).toByteArray());
    }
    return values;
  }

  /**
   * Sets one.
   *
   * @throws UnsupportedOperationException for a view that there is not
   * @throws IllegalArgumentException for a name that it does not have, or that cannot be set
   * @throws ClassCastException for a value of another type
   */
  static void set(Target target, String attribute, @Nullable Object value) throws IOException {
    Asked asked = Asked.of(attribute);
    if (asked.names.isEmpty()) {
      throw new IllegalArgumentException("No attribute specified");
    }
    if (asked.view.equals("user")) {
      ByteBuffer bytes =
          Objects.requireNonNull(value) instanceof byte[] array
              ? ByteBuffer.wrap(array)
              : ((ByteBuffer) value).duplicate();
      var _ = new Views.User(target).write(asked.names, bytes);
      return;
    }
    if (!asked.known().contains(asked.names)) {
      throw new IllegalArgumentException("'" + attribute + "' not recognized");
    }
    Views.Basic view = new Views.Basic("posix", target);
    switch (asked.names) {
      case "lastModifiedTime" -> view.setTimes((FileTime) value, null, null);
      case "lastAccessTime" -> view.setTimes(null, (FileTime) value, null);
      case "creationTime" -> view.setTimes(null, null, (FileTime) value);
      case "permissions" -> view.setPermissions(permissions(Objects.requireNonNull(value)));
      case "owner" -> view.setOwner((UserPrincipal) Objects.requireNonNull(value));
      case "group" -> view.setGroup((GroupPrincipal) Objects.requireNonNull(value));
      case "mode" -> target.set(Setting.ofMode((Integer) Objects.requireNonNull(value) & 07777));
      case "uid" -> target.set(Setting.ofOwner((Integer) Objects.requireNonNull(value), -1));
      case "gid" -> target.set(Setting.ofOwner(-1, (Integer) Objects.requireNonNull(value)));
      case "acl" -> new Views.AclText(target).setAcl((String) Objects.requireNonNull(value));
      case "defaultAcl" ->
          new Views.AclText(target).setDefaultAcl((String) Objects.requireNonNull(value));
      case "copies" -> target.setCopies((Integer) Objects.requireNonNull(value));
      default -> throw new IllegalArgumentException("'" + attribute + "' cannot be set");
    }
  }

  private static Set<PosixFilePermission> permissions(Object value) {
    return Options.Permissions.of(Options.Permissions.bits((Set<?>) value));
  }
}

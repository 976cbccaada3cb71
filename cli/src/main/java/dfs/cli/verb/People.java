package dfs.cli.verb;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Names of users and groups: /etc/passwd and /etc/group, read when the first is asked for. */
final class People {
  private static final Path USERS = Path.of("/etc/passwd");
  private static final Path GROUPS = Path.of("/etc/group");
  private static final int ID = 2;

  private final Map<Path, Map<String, String>> namesById = new HashMap<>();

  /** The name of a user, or the number. */
  String user(int uid) throws IOException {
    return name(USERS, uid);
  }

  /** The name of a group, or the number. */
  String group(int gid) throws IOException {
    return name(GROUPS, gid);
  }

  private String name(Path file, int id) throws IOException {
    String number = Integer.toUnsignedString(id);
    Map<String, String> names = namesById.get(file);
    if (names == null) {
      names = new HashMap<>();
      for (List<String> fields : records(file)) {
        names.putIfAbsent(fields.get(ID), fields.getFirst());
      }
      namesById.put(file, names);
    }
    return names.getOrDefault(number, number);
  }

  /**
   * The number of a user.
   *
   * @param text a name or a number
   */
  static int uid(String text) throws IOException {
    return id(USERS, text, "user");
  }

  /** The number of a group. */
  static int gid(String text) throws IOException {
    return id(GROUPS, text, "group");
  }

  private static int id(Path file, String text, String what) throws IOException {
    for (List<String> fields : records(file)) {
      if (fields.getFirst().equals(text)) {
        return Integer.parseUnsignedInt(fields.get(ID));
      }
    }
    try {
      return Integer.parseUnsignedInt(text);
    } catch (NumberFormatException e) {
      throw new UsageException(text + ": there is no such " + what);
    }
  }

  private static List<List<String>> records(Path file) throws IOException {
    if (!Files.exists(file)) {
      return List.of();
    }
    return Files.readAllLines(file, StandardCharsets.ISO_8859_1).stream()
        .map(line -> List.of(line.split(":", -1)))
        .filter(fields -> fields.size() > ID)
        .toList();
  }
}

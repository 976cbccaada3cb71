package dfs.cli.verb;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An access control list as text that is being changed, by the rules of setfacl(1): the mask
 * becomes the union of all that it limits, unless it is given.
 */
final class AclEdit {
  private static final String USER = "user:";
  private static final String GROUP = "group:";
  private static final String MASK = "mask:";
  private static final String OTHER = "other:";
  private static final String LETTERS = "rwx";

  /** Permissions, 0 to 7, of {@code user:NAME}, {@code mask:} and so on. */
  private final Map<String, Integer> entries = new LinkedHashMap<>();

  /**
   * An entry of a command line.
   *
   * @param isDefault of the default ACL
   * @param key as of {@link #entries}
   * @param permissions 0 to 7; -1: not said
   */
  record Entry(boolean isDefault, String key, int permissions) {}

  /**
   * @param text lines {@code KEY:rwx}
   */
  AclEdit(String text) {
    for (String line : text.lines().toList()) {
      int colon = line.lastIndexOf(':');
      entries.put(line.substring(0, colon), bits(line.substring(colon + 1)));
    }
  }

  /**
   * Reads entries with commas between them, each {@code [d:]{u,g,o,m}:[NAME][:PERMISSIONS]}.
   *
   * @throws UsageException if they are none
   */
  static List<Entry> parse(String text, boolean isDefault, boolean withPermissions) {
    List<Entry> parsed = new ArrayList<>();
    for (String word : List.of(text.split(",", -1))) {
      List<String> parts = new ArrayList<>(List.of(word.split(":", -1)));
      boolean given = parts.getFirst().equals("d") || parts.getFirst().equals("default");
      if (given) {
        parts.removeFirst();
      }
      String kind = parts.isEmpty() ? "" : kind(parts.getFirst());
      boolean named = kind.equals(USER) || kind.equals(GROUP);
      // The name of those who have none may be left out: o:rx, m:rwx.
      boolean shortened = !named && parts.size() == 2 && withPermissions;
      String name = parts.size() > 1 && !shortened ? parts.get(1) : "";
      int at = shortened ? 1 : 2;
      boolean whole = parts.size() == (withPermissions ? at + 1 : parts.size() > 1 ? 2 : 1);
      int permissions = whole && withPermissions ? bits(parts.get(at)) : -1;
      boolean right = whole && (!withPermissions || permissions >= 0) && (named || name.isEmpty());
      if (kind.isEmpty() || !right) {
        throw new UsageException(
            word + ": is no entry of an ACL; write u:NAME:rwx or d:g:NAME:r-x, for example");
      }
      parsed.add(new Entry(isDefault || given, kind + name, permissions));
    }
    return parsed;
  }

  /** Whether owner, group and others are among the entries of an access ACL. */
  static boolean isWhole(List<Entry> set) {
    return set.stream()
        .filter(entry -> !entry.isDefault())
        .map(Entry::key)
        .toList()
        .containsAll(List.of(USER, GROUP, OTHER));
  }

  private static String kind(String word) {
    return switch (word) {
      case "u", "user" -> USER;
      case "g", "group" -> GROUP;
      case "m", "mask" -> MASK;
      case "o", "other" -> OTHER;
      default -> "";
    };
  }

  /** 0 to 7; -1: these are no permissions. */
  private static int bits(String text) {
    if (text.length() == 1 && text.charAt(0) >= '0' && text.charAt(0) <= '7') {
      return text.charAt(0) - '0';
    }
    int bits = 0;
    for (int i = 0; i < text.length(); i++) {
      int letter = LETTERS.indexOf(text.charAt(i));
      if (letter < 0 && text.charAt(i) != '-') {
        return -1;
      }
      bits |= letter < 0 ? 0 : 4 >> letter;
    }
    return text.isEmpty() ? -1 : bits;
  }

  /** Sets entries; what a default ACL has to have it takes from the access ACL. */
  void set(List<Entry> changes, AclEdit access) {
    for (String needed : List.of(USER, GROUP, OTHER)) {
      entries.putIfAbsent(needed, access.entries.getOrDefault(needed, 0));
    }
    boolean masked = false;
    for (Entry change : changes) {
      entries.put(change.key(), change.permissions());
      masked |= change.key().equals(MASK);
    }
    if (!masked) {
      remask();
    }
  }

  /** Takes entries away. */
  void remove(List<Entry> gone) {
    for (Entry entry : gone) {
      if (List.of(USER, GROUP, OTHER).contains(entry.key())) {
        throw new UsageException(entry.key() + ": the owner, the group and others stay");
      }
      entries.remove(entry.key());
    }
    if (!entries.isEmpty()) {
      remask();
    }
  }

  /** Takes all away but what the mode says. */
  void strip() {
    Integer mask = entries.remove(MASK);
    entries.keySet().removeIf(key -> !List.of(USER, GROUP, OTHER).contains(key));
    if (mask != null) {
      entries.computeIfPresent(GROUP, (key, bits) -> bits & mask);
    }
  }

  private void remask() {
    boolean needed = false;
    int union = 0;
    for (Map.Entry<String, Integer> entry : entries.entrySet()) {
      String key = entry.getKey();
      boolean named = !key.endsWith(":");
      needed |= named;
      if (named || key.equals(GROUP)) {
        union |= entry.getValue();
      }
    }
    if (needed) {
      entries.put(MASK, union);
    } else {
      entries.remove(MASK);
    }
  }

  /** Lines {@code KEY:rwx}. */
  String text() {
    StringBuilder text = new StringBuilder();
    entries.forEach(
        (key, bits) -> {
          text.append(key).append(':');
          for (int i = 0; i < LETTERS.length(); i++) {
            text.append((bits & 4 >> i) != 0 ? LETTERS.charAt(i) : '-');
          }
          text.append('\n');
        });
    return text.toString();
  }
}

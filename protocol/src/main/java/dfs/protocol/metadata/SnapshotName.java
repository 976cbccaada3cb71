package dfs.protocol.metadata;

/**
 * Names of snapshots: a letter, then letters, digits, dots, hyphens and underscores, so that none
 * can be taken for a time.
 */
public final class SnapshotName {
  /** Longest name. */
  public static final int CHARACTERS_MAX = 64;

  private SnapshotName() {}

  public static boolean isValid(String name) {
    if (name.isEmpty() || name.length() > CHARACTERS_MAX || !isLetter(name.charAt(0))) {
      return false;
    }
    for (int i = 1; i < name.length(); i++) {
      char c = name.charAt(i);
      if (!isLetter(c) && !(c >= '0' && c <= '9') && "._-".indexOf(c) < 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
}

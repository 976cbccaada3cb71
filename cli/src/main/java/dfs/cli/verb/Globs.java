package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Patterns of glob(7) in operands, for shells that leave them, or do not see the volume. */
final class Globs {
  private static final String SPECIAL = "*?[";

  /** So many files at the most does a pattern stand for. */
  private static final int MATCHES_MAX = 1_000_000;

  private final List<String> names;
  private final Sorting<String> found;

  private Globs(List<String> names, Sorting<String> found) {
    this.names = names;
    this.found = found;
  }

  static boolean isPattern(String operand) {
    for (int i = 0; i < operand.length(); i++) {
      if (SPECIAL.indexOf(operand.charAt(i)) >= 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * What matches, in the order of bytes; the place itself when it exists under just this name, or
   * nothing matches.
   *
   * @return {@link Matches}, to be closed, where it is not the place itself
   */
  static List<Place> expand(Room room, Place place) throws IOException {
    if (Files.exists(place.path(), LinkOption.NOFOLLOW_LINKS)) {
      return List.of(place);
    }
    String said = place.said();
    int first = 0;
    while (SPECIAL.indexOf(said.charAt(first)) < 0) {
      first++;
    }
    int slash = said.lastIndexOf('/', first);
    List<String> names = segments(said.substring(slash + 1));
    Path base = place.path();
    for (int i = 0; i < names.size(); i++) {
      base = base.getParent() == null ? base : base.getParent();
    }
    Place top = new Place(said.substring(0, slash + 1), base);
    try (Sorting<String> found = Sorting.ofNames(room)) {
      new Globs(names, found).walk(base, "", 0);
      return found.size() == 0 ? List.of(place) : Matches.of(top, found);
    }
  }

  private static List<String> segments(String text) {
    List<String> names = new ArrayList<>();
    int from = 0;
    for (int i = 0; i <= text.length(); i++) {
      if (i == text.length() || text.charAt(i) == '/') {
        if (i > from) {
          names.add(text.substring(from, i));
        }
        from = i + 1;
      }
    }
    return names;
  }

  /**
   * @param way from the base to the directory, with a slash behind it or empty
   */
  private void walk(Path directory, String way, int at) throws IOException {
    String pattern = names.get(at);
    boolean last = at + 1 == names.size();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = ByteText.nameOf(entry);
        boolean hidden = name.startsWith(".") && !pattern.startsWith(".");
        if (hidden || !matches(pattern, name)) {
          continue;
        }
        if (last) {
          if (found.size() == MATCHES_MAX) {
            throw new RefusedException("the pattern stands for more than a million files");
          }
          found.add(way + name);
        } else if (Files.isDirectory(entry)) {
          walk(entry, way + name + "/", at + 1);
        }
      }
    } catch (java.nio.file.NoSuchFileException
        | java.nio.file.NotDirectoryException
        | java.nio.file.AccessDeniedException e) {
      // Nothing in it matches, as for a shell.
    } catch (DirectoryIteratorException e) {
      throw Reasons.causeOf(e);
    }
  }

  /** Whether a name matches a pattern of {@code *}, {@code ?}, {@code [...]} and {@code \}. */
  static boolean matches(String pattern, String name) {
    int p = 0;
    int n = 0;
    int star = -1;
    int mark = 0;
    while (n < name.length()) {
      int end = p < pattern.length() ? step(pattern, p, name.codePointAt(n)) : -1;
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = ++p;
        mark = n;
      } else if (end > 0) {
        p = end;
        n += Character.charCount(name.codePointAt(n));
      } else if (star >= 0) {
        p = star;
        mark += Character.charCount(name.codePointAt(mark));
        n = mark;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }

  /** Where the pattern goes on if its next element is this character; else -1. */
  private static int step(String pattern, int at, int character) {
    int c = pattern.codePointAt(at);
    int next = at + Character.charCount(c);
    if (c == '?') {
      return next;
    }
    if (c == '[') {
      int close = pattern.indexOf(']', at + 2);
      if (close > 0) {
        return inSet(pattern.substring(at + 1, close), character) ? close + 1 : -1;
      }
    }
    if (c == '\\' && next < pattern.length()) {
      c = pattern.codePointAt(next);
      next += Character.charCount(c);
    }
    return c == character ? next : -1;
  }

  private static boolean inSet(String set, int character) {
    boolean negated = set.startsWith("!") || set.startsWith("^");
    boolean in = false;
    int i = negated ? 1 : 0;
    while (i < set.length()) {
      int low = set.codePointAt(i);
      i += Character.charCount(low);
      int high = low;
      if (i + 1 < set.length() && set.charAt(i) == '-') {
        high = set.codePointAt(i + 1);
        i += 1 + Character.charCount(high);
      }
      in |= low <= character && character <= high;
    }
    return in != negated;
  }
}

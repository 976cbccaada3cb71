package dfs.cli.verb;

import java.util.ArrayList;
import java.util.List;

/** A mode as chmod(1) takes it: octal digits, or {@code [ugoa]*[-+=][rwxXstugo]*} with commas. */
final class Modes {
  private static final int ALL = 07777;

  /**
   * A change of some bits.
   *
   * @param who bits of those that are meant
   * @param sign one of + - =
   */
  private record Step(int who, char sign, String letters) {}

  private final String text;
  private final List<Step> steps = new ArrayList<>();
  private int octal = -1;

  private Modes(String text) {
    this.text = text;
  }

  /**
   * Reads a mode.
   *
   * @throws UsageException if it is none
   */
  static Modes parse(String text) {
    Modes mode = new Modes(text);
    mode.read();
    return mode;
  }

  private UsageException wrong() {
    return new UsageException(text + ": is no mode; write 755, u+rwx or a-w, for example");
  }

  private void read() {
    if (!text.isEmpty() && Character.isDigit(text.charAt(0))) {
      try {
        octal = Integer.parseInt(text, 8);
      } catch (NumberFormatException e) {
        throw wrong();
      }
      if (octal > ALL) {
        throw wrong();
      }
      return;
    }
    int from = 0;
    while (from <= text.length()) {
      int comma = text.indexOf(',', from);
      int end = comma < 0 ? text.length() : comma;
      clause(text.substring(from, end));
      from = end + 1;
    }
  }

  private void clause(String clause) {
    int at = 0;
    int who = 0;
    for (; at < clause.length() && "ugoa".indexOf(clause.charAt(at)) >= 0; at++) {
      who |=
          switch (clause.charAt(at)) {
            case 'u' -> 04700;
            case 'g' -> 02070;
            case 'o' -> 01007;
            default -> ALL;
          };
    }
    if (at == clause.length()) {
      throw wrong();
    }
    while (at < clause.length()) {
      char sign = clause.charAt(at++);
      if ("+-=".indexOf(sign) < 0) {
        throw wrong();
      }
      int from = at;
      while (at < clause.length() && "rwxXstugo".indexOf(clause.charAt(at)) >= 0) {
        at++;
      }
      steps.add(new Step(who == 0 ? ALL : who, sign, clause.substring(from, at)));
    }
  }

  /** The permission bits that a file with this mode gets. */
  int of(Stat stat) {
    if (octal >= 0) {
      return octal;
    }
    int mode = stat.permissions();
    for (Step step : steps) {
      int bits = bits(step, mode, stat.isDirectory());
      mode =
          switch (step.sign()) {
            case '+' -> mode | bits;
            case '-' -> mode & ~bits;
            default -> (mode & ~(step.who() & 0777)) | bits;
          };
    }
    return mode;
  }

  private static int bits(Step step, int mode, boolean directory) {
    int bits = 0;
    for (int i = 0; i < step.letters().length(); i++) {
      bits |=
          switch (step.letters().charAt(i)) {
            case 'r' -> 0444;
            case 'w' -> 0222;
            case 'x' -> 0111;
            case 'X' -> (directory || (mode & 0111) != 0) ? 0111 : 0;
            case 's' -> 06000;
            case 'u' -> (mode >> 6 & 7) * 0111;
            case 'g' -> (mode >> 3 & 7) * 0111;
            case 'o' -> (mode & 7) * 0111;
            default -> 01000;
          };
    }
    // The sticky bit is nobody's in particular.
    return bits & (step.who() | 01000);
  }
}

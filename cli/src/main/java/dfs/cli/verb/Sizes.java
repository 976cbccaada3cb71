package dfs.cli.verb;

import java.util.Locale;

/** Numbers of bytes, read and written as coreutils do. */
final class Sizes {
  private static final String UNITS = "KMGTPE";
  private static final int STEP = 1024;

  private Sizes() {}

  /**
   * A whole number; behind it K, M, G, T, P or E stands for powers of 1024.
   *
   * @throws UsageException if it is none
   */
  static long number(String what, String text) {
    int unit =
        text.isEmpty() ? -1 : UNITS.indexOf(Character.toUpperCase(text.charAt(text.length() - 1)));
    String digits = unit < 0 ? text : text.substring(0, text.length() - 1);
    try {
      long number = Long.parseLong(digits);
      for (int i = 0; i <= unit; i++) {
        number = Math.multiplyExact(number, STEP);
      }
      return number;
    } catch (NumberFormatException e) {
      boolean large = digits.matches("[-+]?[0-9]+");
      throw new UsageException(
          large ? what + " is too large: " + text : what + " is a number, not " + text);
    } catch (ArithmeticException e) {
      throw new UsageException(what + " is too large: " + text);
    }
  }

  /** As {@code ls -h} writes it: rounded up, one decimal below ten. */
  static String human(long bytes) {
    if (bytes < STEP) {
      return Long.toString(bytes);
    }
    int unit = 0;
    double value = bytes / (double) STEP;
    while (value >= STEP && unit + 1 < UNITS.length()) {
      value /= STEP;
      unit++;
    }
    double tenths = Math.ceil(value * 10) / 10;
    return (tenths < 10
            ? String.format(Locale.ROOT, "%.1f", tenths)
            : Long.toString((long) Math.ceil(value)))
        + UNITS.charAt(unit);
  }
}

package dfs.cli.verb;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Columns and sizes as Hadoop's shell writes them. */
final class DashTable {
  private static final String UNITS = "KMGTPE";
  private static final int STEP_BITS = 10;

  private final boolean right;
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * @param right whether the columns between the first and the last are put to the right
   */
  DashTable(boolean right) {
    this.right = right;
  }

  void add(String... cells) {
    rows.add(List.of(cells));
  }

  /** Writes all rows, each column as wide as its longest cell. */
  void print(Output out) throws IOException {
    int columns = rows.isEmpty() ? 0 : rows.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        String gap = " ".repeat(widths[i] - row.get(i).length());
        boolean toRight = right && i > 0;
        boolean last = i + 1 == columns;
        line.append(i == 0 ? "" : "  ").append(toRight ? gap : "").append(row.get(i));
        line.append(toRight || last ? "" : gap);
      }
      out.line(line.toString());
    }
  }

  /** A size in bytes, or with {@code -h} like {@code 1.5 K}. */
  static String size(Call call, long bytes) {
    if (!call.has("-h") || bytes < 1 << STEP_BITS) {
      return Long.toString(bytes);
    }
    int unit = 0;
    while (unit + 1 < UNITS.length() && bytes >= 1L << (STEP_BITS * (unit + 2))) {
      unit++;
    }
    int bits = STEP_BITS * (unit + 1);
    if ((bytes & ((1L << bits) - 1)) == 0) {
      return (bytes >> bits) + " " + UNITS.charAt(unit);
    }
    String digits = String.format(Locale.ROOT, "%.1f", bytes / (double) (1L << bits));
    if (digits.startsWith("1024")) {
      unit++;
      digits = "1.0";
    }
    return digits + " " + UNITS.charAt(unit);
  }
}

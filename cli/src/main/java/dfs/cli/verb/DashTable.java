package dfs.cli.verb;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Columns and sizes as Hadoop's shell writes them. */
final class DashTable implements AutoCloseable {
  private static final String UNITS = "KMGTPE";
  private static final int STEP_BITS = 10;

  private static final Sorting.Form<List<String>> ROW =
      new Sorting.Form<>() {
        @Override
        public void write(DataOutputStream out, List<String> element) throws IOException {
          out.writeInt(element.size());
          for (String cell : element) {
            Sorting.TEXT.write(out, cell);
          }
        }

        @Override
        public List<String> read(DataInputStream in) throws IOException {
          int cells = in.readInt();
          List<String> row = new ArrayList<>(cells);
          for (int i = 0; i < cells; i++) {
            row.add(Sorting.TEXT.read(in));
          }
          return row;
        }
      };

  private final boolean right;
  private final Sorting<List<String>> rows;
  private int[] widths = {};

  /**
   * @param right whether the columns between the first and the last are put to the right
   */
  DashTable(Room room, boolean right) {
    this.right = right;
    this.rows = Sorting.queue(room, ROW);
  }

  void add(String... cells) throws IOException {
    widths = Arrays.copyOf(widths, cells.length);
    for (int i = 0; i < cells.length; i++) {
      widths[i] = Math.max(widths[i], cells[i].length());
    }
    rows.add(List.of(cells));
  }

  /** Writes all rows, each column as wide as its longest cell. */
  void print(Output out) throws IOException {
    int columns = widths.length;
    for (List<String> row = rows.poll(); row != null; row = rows.poll()) {
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

  @Override
  public void close() throws IOException {
    rows.close();
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

package dfs.cli.verb;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Names in columns, as {@code ls -C} and {@code ls -x} of coreutils have them: as many columns as
 * fit the width, each as wide as its longest name and two blanks. More names than there is room for
 * come one a line. Used by {@link Rows}, in one thread.
 */
final class Columns {
  /** So many names of one directory are laid out. */
  static final int NAMES_MAX = 1 << 16;

  private static final int GAP = 2;

  /** A name of one letter, and the gap. */
  private static final int COLUMN_MIN = 3;

  /**
   * A name.
   *
   * @param before what stands before it, put to the right; ASCII
   * @param text with colours
   * @param width of the name on the screen
   * @param quoted whether it begins with a quote, which others are put behind
   */
  private record Cell(String before, String text, int width, boolean quoted) {}

  private final Output out;
  private final boolean across;
  private final int lineWidth;
  private final int namesMax;
  private final List<Cell> cells = new ArrayList<>();
  private boolean tooMany;

  /**
   * @param across whether names go to the right first, not down
   * @param lineWidth how many letters a line of the screen has
   */
  Columns(Output out, boolean across, int lineWidth) {
    this(out, across, lineWidth, NAMES_MAX);
  }

  Columns(Output out, boolean across, int lineWidth, int namesMax) {
    this.out = out;
    this.across = across;
    this.lineWidth = lineWidth;
    this.namesMax = namesMax;
  }

  /**
   * Adds a name.
   *
   * @param before what stands before it
   * @param shown as it is to be seen
   * @param text the same with colours
   * @param quoted whether it was quoted
   */
  void add(String before, String shown, String text, boolean quoted) throws IOException {
    if (tooMany) {
      out.line(before + text);
      return;
    }
    cells.add(new Cell(before, text, width(shown), quoted));
    if (cells.size() > namesMax) {
      tooMany = true;
      for (Cell cell : cells) {
        out.line(cell.before() + cell.text());
      }
      cells.clear();
    }
  }

  /** Writes what was added; there is nothing then. */
  void end() throws IOException {
    tooMany = false;
    int count = cells.size();
    int before = cells.stream().mapToInt(cell -> cell.before().length()).max().orElse(0);
    boolean shifted = cells.stream().anyMatch(Cell::quoted);
    int[] widths = new int[count];
    for (int i = 0; i < count; i++) {
      widths[i] = before + (shifted && !cells.get(i).quoted() ? 1 : 0) + cells.get(i).width();
    }
    int[] columns = columns(widths);
    int rows = Math.ceilDiv(count, columns.length);
    for (int row = 0; row < rows; row++) {
      StringBuilder line = new StringBuilder();
      int gap = 0;
      for (int column = 0; column < columns.length; column++) {
        int i = across ? row * columns.length + column : column * rows + row;
        if (i >= count) {
          break;
        }
        Cell cell = cells.get(i);
        line.append(" ".repeat(gap + before - cell.before().length())).append(cell.before());
        line.append(shifted && !cell.quoted() ? " " : "").append(cell.text());
        gap = columns[column] - widths[i];
      }
      out.line(line.toString());
    }
    cells.clear();
  }

  /** How wide each column is, of the most that fit. */
  private int[] columns(int[] widths) {
    int most = Math.min(Math.ceilDiv(lineWidth, COLUMN_MIN), widths.length);
    for (int count = most; count > 1; count--) {
      int[] columns = columns(widths, count);
      // A line that is full would be broken by the terminal.
      if (Arrays.stream(columns).sum() < lineWidth) {
        return columns;
      }
    }
    return columns(widths, 1);
  }

  /** With the gap, which the last one has not. */
  private int[] columns(int[] widths, int count) {
    int rows = Math.max(1, Math.ceilDiv(widths.length, count));
    int[] columns = new int[count];
    Arrays.fill(columns, COLUMN_MIN);
    for (int i = 0; i < widths.length; i++) {
      int column = across ? i % count : i / rows;
      int wide = widths[i] + (column == count - 1 ? 0 : GAP);
      columns[column] = Math.max(columns[column], wide);
    }
    return columns;
  }

  /** How many places a text takes on a screen, as far as Unicode says (UAX 11, about). */
  static int width(String text) {
    return text.codePoints().map(Columns::width).sum();
  }

  private static int width(int character) {
    int type = Character.getType(character);
    if (type == Character.NON_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || type == Character.FORMAT) {
      return 0;
    }
    boolean wide =
        (character >= 0x1100 && character <= 0x115f)
            || (character >= 0x2e80 && character <= 0xa4cf && character != 0x303f)
            || (character >= 0xac00 && character <= 0xd7a3)
            || (character >= 0xf900 && character <= 0xfaff)
            || (character >= 0xfe30 && character <= 0xfe6f)
            || (character >= 0xff00 && character <= 0xff60)
            || (character >= 0xffe0 && character <= 0xffe6)
            || (character >= 0x1f300 && character <= 0x1faff)
            || (character >= 0x20000 && character <= 0x3fffd);
    return wide ? 2 : 1;
  }
}

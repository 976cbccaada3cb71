package dfs.cli.verb;

import java.io.IOException;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The lines of {@code ls}. */
final class Rows {
  private final Call call;
  private final boolean details;
  private final boolean json;
  private final boolean coloured;
  private final People people = new People();

  /** Null: each has a line. */
  private final @Nullable Columns columns;

  private @Nullable DateTimeFormatter time;

  Rows(Call call) {
    this.call = call;
    String layout = call.last("-l", "-n", "-C", "-x");
    this.details = layout.equals("-l") || layout.equals("-n");
    this.json = call.has("--json");
    this.coloured = call.isColoured() && !isForPrograms();
    String order = call.last("-C", "-x", "-1");
    boolean several = order.isEmpty() ? call.out().isTerminal() : !order.equals("-1");
    this.columns =
        several && !details && !isForPrograms()
            ? new Columns(call.out(), order.equals("-x"), call.lineWidth())
            : null;
  }

  /** Prints what is waiting for its column: what is in a directory was listed. */
  void end() throws IOException {
    if (columns != null) {
      columns.end();
    }
  }

  /** Whether more than names is printed. */
  boolean needStat() {
    return details || json || coloured || call.has("-i") || call.has("-p");
  }

  /** Whether nothing but names, or objects, is to be printed. */
  boolean isForPrograms() {
    return json || call.has("-0");
  }

  /**
   * Prints a file.
   *
   * @param stat null only if none is needed
   */
  void print(String name, Place place, @Nullable Stat stat) throws IOException {
    Output out = call.out();
    if (json && stat != null) {
      call.json(place, members -> Entries.write(members, place, stat));
      return;
    }
    String shown = call.has("-0") ? name : out.shown(name);
    String before = "";
    String behind = "";
    if (stat != null) {
      before = call.has("-i") ? stat.ino() + " " : "";
      before += details ? details(stat) + " " : "";
      behind = call.has("-p") && stat.isDirectory() ? "/" : "";
    }
    if (columns != null) {
      String text = (stat == null ? shown : coloured(shown, stat)) + behind;
      columns.add(before, shown + behind, text, !shown.equals(name));
      return;
    }
    if (stat != null && details && stat.isLink()) {
      String target = Entries.target(place.path());
      behind += " -> " + (call.has("-0") ? target : out.shown(target));
    }
    out.text(before + (stat == null ? shown : coloured(shown, stat)) + behind, endOfLine());
  }

  private char endOfLine() {
    return call.has("-0") ? '\0' : '\n';
  }

  private String details(Stat stat) throws IOException {
    DateTimeFormatter format = time;
    if (format == null) {
      format =
          DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT)
              .withZone(ZoneId.systemDefault());
      time = format;
    }
    boolean numbers = call.has("-n");
    StringBuilder line = new StringBuilder(stat.modeText()).append(' ');
    padded(line, Integer.toString(stat.links()), 3);
    padded(line, numbers ? Integer.toUnsignedString(stat.uid()) : people.user(stat.uid()), 5);
    padded(line, numbers ? Integer.toUnsignedString(stat.gid()) : people.group(stat.gid()), 5);
    boolean human = call.has("-h");
    String size = human ? Sizes.human(stat.sizeBytes()) : Long.toString(stat.sizeBytes());
    padded(line, size, human ? 6 : 12);
    return line.append(format.format(stat.modified().toInstant())).toString();
  }

  /** Right in its column, and a blank behind it. */
  private static void padded(StringBuilder line, String text, int width) {
    line.append(" ".repeat(Math.max(0, width - text.length()))).append(text).append(' ');
  }

  private String coloured(String text, Stat stat) {
    if (!coloured) {
      return text;
    }
    String colour =
        switch (stat.letter()) {
          case 'd' -> "01;34";
          case 'l' -> "01;36";
          case '-' -> (stat.mode() & 0111) != 0 ? "01;32" : "";
          default -> "33";
        };
    return colour.isEmpty() ? text : "\u001b[" + colour + "m" + text + "\u001b[0m";
  }
}

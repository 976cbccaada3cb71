package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/** {@code dfs -ls}. Of a directory all names are in memory. */
final class DashList {
  private static final String HERE = ".";

  private final Call call;
  private final People people = new People();
  private final Comparator<Line> order;
  private final DashReplication copies = new DashReplication();
  private final DateTimeFormatter format =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneId.systemDefault());

  // As wide as the widest so far: what was printed is not printed again.
  private int ownerWidth;
  private int groupWidth;
  private int sizeWidth = 10;

  /**
   * A file that is listed, with all that is asked of it.
   *
   * @param copies in digits
   * @param extended whether there are more permissions than the mode says
   */
  private record Line(Place place, Stat stat, String copies, boolean extended) {}

  private DashList(Call call) {
    this.call = call;
    Comparator<Line> byName = (a, b) -> ByteText.compare(a.place().said(), b.place().said());
    Comparator<Line> wanted = byName;
    if (call.has("-t")) {
      wanted = Comparator.<Line, FileTime>comparing(line -> time(line.stat())).reversed();
    } else if (call.has("-S")) {
      wanted = Comparator.comparingLong(line -> -line.stat().sizeBytes());
    }
    wanted = wanted.thenComparing(byName);
    this.order = call.has("-r") ? wanted.reversed() : wanted;
  }

  static void run(Call call) throws IOException {
    DashList list = new DashList(call);
    List<String> operands = call.operands().isEmpty() ? List.of(HERE) : call.operands();
    call.each(
        call.places(operands),
        place -> {
          Stat stat = Stat.of(place.path(), true);
          if (stat.isDirectory() && !call.has("-d")) {
            list.tree(place);
          } else {
            list.print(List.of(list.line(place, stat)));
          }
        });
  }

  private Line line(Place place, Stat stat) throws IOException {
    if (call.has("-C")) {
      return new Line(place, stat, "", false);
    }
    return new Line(
        place,
        stat,
        stat.isRegular() ? copies.of(place) : "-",
        !stat.isLink() && Getfacl.hasMask(place));
  }

  private FileTime time(Stat stat) {
    return call.has("-u") ? stat.accessed() : stat.modified();
  }

  private void tree(Place top) throws IOException {
    Deque<Place> open = new ArrayDeque<>();
    open.push(top);
    while (!open.isEmpty()) {
      call.attempt(open.pop(), directory -> list(directory, open));
    }
  }

  private void list(Place directory, Deque<Place> open) throws IOException {
    List<Line> lines = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.path())) {
      for (Path entry : entries) {
        Place place =
            directory.said().equals(HERE)
                ? new Place(ByteText.nameOf(entry), entry)
                : directory.entry(entry);
        call.attempt(place, at -> lines.add(line(at, Stat.of(entry, false))));
      }
    }
    lines.sort(order);
    if (!call.has("-R") && !call.has("-C") && !lines.isEmpty()) {
      call.out().line("Found " + lines.size() + " items");
    }
    if (!call.has("-R")) {
      print(lines);
      return;
    }
    // What is in a directory comes behind it: it goes on with the rest later.
    List<Place> below = new ArrayList<>();
    print(lines);
    for (Line line : lines) {
      if (line.stat().isDirectory()) {
        below.add(line.place());
      }
    }
    below.reversed().forEach(open::push);
  }

  private void print(List<Line> lines) throws IOException {
    for (Line line : lines) {
      Stat stat = line.stat();
      ownerWidth = Math.max(ownerWidth, people.user(stat.uid()).length());
      groupWidth = Math.max(groupWidth, people.group(stat.gid()).length());
      sizeWidth = Math.max(sizeWidth, Long.toString(stat.sizeBytes()).length());
    }
    for (Line line : lines) {
      String path = shown(line.place().said());
      call.out().line(call.has("-C") ? path : details(line) + path);
    }
  }

  private String details(Line line) throws IOException {
    Stat stat = line.stat();
    long size = stat.isDirectory() ? 0 : stat.sizeBytes();
    return mode(stat)
        + (line.extended() ? '+' : ' ')
        + right(line.copies(), 3)
        + ' '
        + left(people.user(stat.uid()), ownerWidth)
        + ' '
        + left(people.group(stat.gid()), groupWidth)
        + ' '
        + right(DashTable.size(call, size), sizeWidth)
        + ' '
        + format.format(time(stat).toInstant())
        + ' ';
  }

  /** Hadoop has no set-id bits to show. */
  private static String mode(Stat stat) {
    String text =
        new Stat(
                stat.mode() & ~06000,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                stat.modified(),
                stat.accessed(),
                stat.changed())
            .modeText();
    return text;
  }

  private static String left(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  private static String right(String text, int width) {
    return " ".repeat(Math.max(0, width - text.length())) + text;
  }

  private String shown(String said) {
    if (!call.has("-q")) {
      return said;
    }
    StringBuilder text = new StringBuilder();
    said.codePoints()
        .forEach(
            c ->
                text.appendCodePoint(
                    Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE
                        ? '?'
                        : c));
    return text.toString();
  }
}

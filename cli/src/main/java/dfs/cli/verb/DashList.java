package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/** {@code dfs -ls}. */
final class DashList {
  private static final String HERE = ".";

  private final Call call;
  private final People people = new People();
  private final Comparator<Listed> order;
  private final DashReplication copies = new DashReplication();
  private final DateTimeFormatter format =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneId.systemDefault());

  // As wide as the widest so far: what was printed is not printed again.
  private int ownerWidth;
  private int groupWidth;
  private int sizeWidth = 10;

  /**
   * A directory on the way down.
   *
   * @param lines of those in it that are still to come
   */
  private record Level(Place directory, Sorting<Listed> lines) {
    Place place(String name) {
      return directory.said().equals(HERE)
          ? new Place(name, directory.child(name).path())
          : directory.child(name);
    }
  }

  private DashList(Call call) {
    this.call = call;
    Comparator<Listed> byName = (a, b) -> ByteText.compare(a.name(), b.name());
    Comparator<Listed> wanted = byName;
    if (call.has("-t")) {
      wanted = Comparator.<Listed, FileTime>comparing(line -> time(line.known())).reversed();
    } else if (call.has("-S")) {
      wanted = Comparator.comparingLong(line -> -line.known().sizeBytes());
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
            Listed line = list.line(place, stat);
            list.widen(line);
            list.print(place, line);
          }
        });
  }

  /** What is said of it more is the number of copies, and + if there are more permissions. */
  private Listed line(Place place, Stat stat) throws IOException {
    if (call.has("-C")) {
      return new Listed(place.name(), stat);
    }
    boolean extended = !stat.isLink() && Getfacl.hasMask(place);
    String kept = stat.isRegular() ? copies.of(place) : "-";
    return new Listed(place.name(), stat, (extended ? '+' : ' ') + kept);
  }

  private FileTime time(Stat stat) {
    return call.has("-u") ? stat.accessed() : stat.modified();
  }

  private void tree(Place top) throws IOException {
    Deque<Level> open = new ArrayDeque<>();
    try {
      enter(top, open);
      while (!open.isEmpty()) {
        Level level = open.element();
        Listed line = level.lines().poll();
        if (line == null) {
          open.pop().lines().close();
          continue;
        }
        Place place = level.place(line.name());
        print(place, line);
        if (call.has("-R") && line.known().isDirectory()) {
          enter(place, open);
        }
      }
    } finally {
      for (Level level : open) {
        level.lines().close();
      }
    }
  }

  private void enter(Place directory, Deque<Level> open) throws IOException {
    Level level = new Level(directory, new Sorting<>(call.room(), order, Listed.FORM));
    open.push(level);
    call.attempt(directory, at -> list(level));
  }

  private void list(Level level) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(level.directory().path())) {
      for (Path entry : entries) {
        Place place = level.place(ByteText.nameOf(entry));
        call.attempt(
            place,
            at -> {
              Listed line = line(at, Stat.of(entry, false));
              level.lines().add(line);
              widen(line);
            });
      }
    }
    if (!call.has("-R") && !call.has("-C") && level.lines().size() > 0) {
      call.out().line("Found " + level.lines().size() + " items");
    }
  }

  private void widen(Listed line) throws IOException {
    Stat stat = line.known();
    ownerWidth = Math.max(ownerWidth, people.user(stat.uid()).length());
    groupWidth = Math.max(groupWidth, people.group(stat.gid()).length());
    sizeWidth = Math.max(sizeWidth, Long.toString(stat.sizeBytes()).length());
  }

  private void print(Place place, Listed line) throws IOException {
    String path = shown(place.said());
    call.out().line(call.has("-C") ? path : details(line) + path);
  }

  private String details(Listed line) throws IOException {
    Stat stat = line.known();
    long size = stat.isDirectory() ? 0 : stat.sizeBytes();
    return mode(stat)
        + line.more().charAt(0)
        + right(line.more().substring(1), 3)
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

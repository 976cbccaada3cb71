package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code dfs ls}: lists directories. */
final class Ls implements Verb {
  private static final Comparator<Listed> BY_NAME = (a, b) -> ByteText.compare(a.name(), b.name());

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "ls",
        VerbSpec.Kind.READS,
        "[PATH...]",
        0,
        VerbSpec.ANY,
        "Lists directories, sorted by name in the order of bytes.",
        flag("-l", "with mode, links, owner, group, size and time"),
        flag("-a --all", "names that begin with a dot, too"),
        flag("-A --almost-all", "the same: . and .. are never listed"),
        flag("-d --directory", "directories themselves, not what is in them"),
        flag("-R --recursive", "directories below, too"),
        flag("-h --human-readable", "sizes like 1.5K"),
        flag("-n --numeric-uid-gid", "as -l, with the numbers of owner and group"),
        flag("-p", "a slash behind the names of directories"),
        flag("-i --inode", "with the number of the inode"),
        flag("-t", "the newest first"),
        flag("-S", "the largest first"),
        flag("-r --reverse", "in the reverse order"),
        flag("-U", "not sorted, in the order in which the directory has them"),
        flag("-1", "one a line, as where nobody looks on"),
        flag("-C", "in columns, sorted down, as on a terminal: as many as its width has room for"),
        flag("-x", "in columns, sorted across"),
        flag("--deleted", "names that are gone and still kept: when, as of which time, what, size"),
        flag("-0 --zero", "a zero byte behind each name, and no quotes"),
        VerbSpec.json());
  }

  @Override
  public void run(Call call) throws IOException {
    if (call.has("--deleted")) {
      DeletedNames.list(call);
      return;
    }
    new Listing(call).run(call.operands().isEmpty() ? List.of(".") : call.operands());
  }

  /**
   * An operand.
   *
   * @param number which one it is
   */
  private record Operand(int number, Listed line) {
    static final Sorting.Form<Operand> FORM =
        new Sorting.Form<>() {
          @Override
          public void write(DataOutputStream out, Operand element) throws IOException {
            out.writeInt(element.number);
            Listed.FORM.write(out, element.line);
          }

          @Override
          public Operand read(DataInputStream in) throws IOException {
            return new Operand(in.readInt(), Listed.FORM.read(in));
          }
        };

    /** Operands in an order of their lines. */
    static Sorting<Operand> sorting(Room room, Comparator<Listed> order) {
      return new Sorting<>(room, Comparator.comparing(Operand::line, order), FORM);
    }
  }

  /**
   * A directory on the way down.
   *
   * @param below names of those in it that are still to come
   */
  private record Level(Place directory, Sorting<String> below) {}

  /** One run. */
  private static final class Listing {
    private final Call call;
    private final Rows rows;
    private final boolean looks;
    private boolean first = true;

    Listing(Call call) {
      this.call = call;
      this.rows = new Rows(call);
      this.looks = rows.needStat() || call.has("-t") || call.has("-S") || call.has("-R");
    }

    void run(List<String> operands) throws IOException {
      List<Place> places = call.places(operands);
      Comparator<Listed> order = call.has("-U") ? (_, _) -> 0 : order();
      // What is no directory or not to be gone into comes first.
      try (Sorting<Operand> files = Operand.sorting(call.room(), order);
          Sorting<Operand> directories = Operand.sorting(call.room(), BY_NAME)) {
        for (int i = 0; i < places.size(); i++) {
          int number = i;
          call.attempt(
              places.get(i),
              at -> {
                Stat stat = statOfOperand(at);
                boolean entered = stat.isDirectory() && !call.has("-d");
                Listed line = new Listed(at.said(), stat);
                (entered ? directories : files).add(new Operand(number, line));
              });
        }
        boolean headed = call.has("-R") || directories.size() + files.size() > 1;
        for (Operand file = files.poll(); file != null; file = files.poll()) {
          rows.print(file.line().name(), places.get(file.number()), file.line().stat());
          first = false;
        }
        rows.end();
        for (Operand each = directories.poll(); each != null; each = directories.poll()) {
          tree(places.get(each.number()), headed);
        }
      }
    }

    /** A link to a directory means the directory, unless the link itself is to be shown. */
    private Stat statOfOperand(Place place) throws IOException {
      Stat stat = Stat.of(place.path(), false);
      boolean itself = call.has("-d") || call.has("-l") || call.has("-n");
      boolean slash = place.said().endsWith("/");
      if (!stat.isLink() || (itself && !slash)) {
        return stat;
      }
      try {
        return Stat.of(place.path(), true);
      } catch (java.nio.file.NoSuchFileException e) {
        return stat;
      }
    }

    private void tree(Place top, boolean headed) throws IOException {
      Deque<Level> open = new ArrayDeque<>();
      try {
        enter(top, headed, open);
        while (!open.isEmpty()) {
          Level level = open.element();
          String name = level.below().poll();
          if (name == null) {
            open.pop().below().close();
          } else {
            enter(level.directory().child(name), headed, open);
          }
        }
      } finally {
        for (Level level : open) {
          level.below().close();
        }
      }
    }

    @SuppressWarnings("StreamResourceLeak") // closed when all of it was listed, or the list ends
    private void enter(Place directory, boolean headed, Deque<Level> open) throws IOException {
      Level level = new Level(directory, Sorting.queue(call.room(), Sorting.TEXT));
      open.push(level);
      call.attempt(directory, at -> list(level, headed));
    }

    private void list(Level level, boolean headed) throws IOException {
      Place directory = level.directory();
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.path());
          Sorting<Listed> lines = new Sorting<>(call.room(), order(), Listed.FORM)) {
        if (headed && !rows.isForPrograms()) {
          String blank = first ? "" : "\n";
          call.out().line(blank + call.out().shown(directory.said()) + ":");
        }
        first = false;
        for (Path entry : entries) {
          Listed line = look(directory, entry);
          if (line == null) {
            continue;
          }
          if (call.has("-U")) {
            print(line, level);
          } else {
            lines.add(line);
          }
        }
        for (Listed line = lines.poll(); line != null; line = lines.poll()) {
          print(line, level);
        }
      } finally {
        rows.end();
      }
    }

    private @Nullable Listed look(Place directory, Path entry) throws IOException {
      String name = ByteText.nameOf(entry);
      if (name.startsWith(".") && !call.has("-a") && !call.has("-A")) {
        return null;
      }
      if (!looks) {
        return new Listed(name, null);
      }
      try {
        return new Listed(name, Stat.of(entry, false));
      } catch (IOException e) {
        call.failed(directory.entry(entry).said(), e);
        return null;
      }
    }

    private void print(Listed line, Level level) throws IOException {
      Place place = level.directory().child(line.name());
      // What is told apart by the name alone has to have the whole one.
      boolean whole = rows.isForPrograms() && call.has("-R");
      rows.print(whole ? place.said() : line.name(), place, line.stat());
      if (call.has("-R") && line.known().isDirectory()) {
        level.below().add(line.name());
      }
    }

    private Comparator<Listed> order() {
      Comparator<Listed> order = BY_NAME;
      if (call.has("-S")) {
        order =
            Comparator.<Listed>comparingLong(line -> -line.known().sizeBytes())
                .thenComparing(order);
      } else if (call.has("-t")) {
        order =
            Comparator.<Listed, FileTime>comparing(line -> line.known().modified())
                .reversed()
                .thenComparing(order);
      }
      return call.has("-r") ? order.reversed() : order;
    }
  }
}

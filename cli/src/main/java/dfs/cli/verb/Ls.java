package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code dfs ls}: lists directories. Of a directory that is sorted all names are in memory. */
final class Ls implements Verb {
  private static final Comparator<Line> BY_NAME = (a, b) -> ByteText.compare(a.name(), b.name());

  /**
   * A file to be listed.
   *
   * @param stat null: nothing of it is asked for but the name
   */
  private record Line(String name, Place place, @Nullable Stat stat) {
    Stat known() {
      if (stat == null) {
        throw new IllegalStateException(name + " was not looked at");
      }
      return stat;
    }
  }

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
        flag("-1", "one a line, as always"),
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
      List<Line> files = new ArrayList<>();
      List<Place> directories = new ArrayList<>();
      for (Place place : call.places(operands)) {
        call.attempt(
            place,
            at -> {
              Stat stat = statOfOperand(at);
              if (stat.isDirectory() && !call.has("-d")) {
                directories.add(at);
              } else {
                files.add(new Line(at.said(), at, stat));
              }
            });
      }
      sort(files);
      for (Line line : files) {
        rows.print(line.name(), line.place(), line.stat());
        first = false;
      }
      boolean headed = call.has("-R") || directories.size() + files.size() > 1;
      directories.sort((a, b) -> ByteText.compare(a.said(), b.said()));
      for (Place directory : directories) {
        tree(directory, headed);
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
      Deque<Place> open = new ArrayDeque<>();
      open.push(top);
      while (!open.isEmpty()) {
        Place directory = open.pop();
        List<Place> below = new ArrayList<>();
        call.attempt(directory, at -> list(at, headed, below));
        below.reversed().forEach(open::push);
      }
    }

    private void list(Place directory, boolean headed, List<Place> below) throws IOException {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.path())) {
        if (headed && !rows.isForPrograms()) {
          String blank = first ? "" : "\n";
          call.out().line(blank + call.out().shown(directory.said()) + ":");
        }
        first = false;
        List<Line> lines = new ArrayList<>();
        for (Path entry : entries) {
          Line line = look(directory, entry);
          if (line == null) {
            continue;
          }
          if (call.has("-U")) {
            print(line, below);
          } else {
            lines.add(line);
          }
        }
        sort(lines);
        for (Line line : lines) {
          print(line, below);
        }
      }
    }

    private @Nullable Line look(Place directory, Path entry) throws IOException {
      String name = ByteText.nameOf(entry);
      if (name.startsWith(".") && !call.has("-a") && !call.has("-A")) {
        return null;
      }
      Place place = directory.entry(entry);
      if (!looks) {
        return new Line(name, place, null);
      }
      try {
        return new Line(name, place, Stat.of(entry, false));
      } catch (IOException e) {
        call.failed(place.said(), e);
        return null;
      }
    }

    private void print(Line line, List<Place> below) throws IOException {
      // What is told apart by the name alone has to have the whole one.
      boolean whole = rows.isForPrograms() && call.has("-R");
      rows.print(whole ? line.place().said() : line.name(), line.place(), line.stat());
      if (call.has("-R") && line.known().isDirectory()) {
        below.add(line.place());
      }
    }

    private void sort(List<Line> lines) {
      if (call.has("-U")) {
        return;
      }
      Comparator<Line> order = BY_NAME;
      if (call.has("-S")) {
        order =
            Comparator.<Line>comparingLong(line -> -line.known().sizeBytes()).thenComparing(order);
      } else if (call.has("-t")) {
        order =
            Comparator.<Line, java.nio.file.attribute.FileTime>comparing(
                    line -> line.known().modified())
                .reversed()
                .thenComparing(order);
      }
      lines.sort(call.has("-r") ? order.reversed() : order);
    }
  }
}

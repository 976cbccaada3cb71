package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;
import static dfs.cli.verb.VerbSpec.valued;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** {@code dfs tree}: draws a tree. */
final class Tree implements Verb {
  private static final String BRANCH = "├── ";
  private static final String LAST = "└── ";
  private static final String GOES_ON = "│   ";
  private static final String ENDED = "    ";

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "tree",
        VerbSpec.Kind.READS,
        "[PATH...]",
        0,
        VerbSpec.ANY,
        "Draws what lies below directories.",
        flag("-a", "names that begin with a dot, too"),
        flag("-d", "directories alone"),
        valued("-L", "N", "so many levels at the most"),
        VerbSpec.json());
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> operands = call.operands().isEmpty() ? List.of(".") : call.operands();
    Drawing drawing = new Drawing(call);
    call.each(call.places(operands), drawing::draw);
    if (call.has("--json")) {
      return;
    }
    call.out()
        .line(
            "\n%d %s, %d %s"
                .formatted(
                    drawing.directories,
                    drawing.directories == 1 ? "directory" : "directories",
                    drawing.files,
                    drawing.files == 1 ? "file" : "files"));
  }

  /** A directory that is drawn, and the names in it that are still to come. */
  private record Level(String prefix, Place directory, Sorting<String> rest) {}

  private static final class Drawing {
    private final Call call;
    private final long levelsMax;
    private final Deque<Level> open = new ArrayDeque<>();
    private long directories;
    private long files;

    Drawing(Call call) {
      this.call = call;
      this.levelsMax = call.number("-L", Long.MAX_VALUE, 1);
    }

    void draw(Place top) throws IOException {
      Stat stat = Stat.of(top.path(), true);
      print(top, stat, call.out().shown(top.said()));
      if (!stat.isDirectory()) {
        files++;
        return;
      }
      directories++;
      try {
        open.push(new Level("", top, entries(top)));
        while (!open.isEmpty()) {
          Level level = open.element();
          String name = level.rest().poll();
          if (name == null) {
            open.pop().rest().close();
            continue;
          }
          call.attempt(level.directory().child(name), at -> line(at, level));
        }
      } finally {
        for (Level level : open) {
          level.rest().close();
        }
        open.clear();
      }
    }

    private void line(Place place, Level level) throws IOException {
      Stat stat = Stat.of(place.path(), false);
      boolean last = !level.rest().hasNext();
      String target = stat.isLink() ? " -> " + call.out().shown(Entries.target(place.path())) : "";
      String name = call.out().shown(place.name());
      print(place, stat, level.prefix() + (last ? LAST : BRANCH) + name + target);
      if (!stat.isDirectory()) {
        files++;
        return;
      }
      directories++;
      if (open.size() < levelsMax) {
        open.push(new Level(level.prefix() + (last ? ENDED : GOES_ON), place, entries(place)));
      }
    }

    private void print(Place place, Stat stat, String line) throws IOException {
      if (call.has("--json")) {
        call.json(place, json -> Entries.write(json, place, stat));
      } else {
        call.out().line(line);
      }
    }

    @SuppressWarnings("StreamResourceLeak") // the caller closes it
    private Sorting<String> entries(Place directory) throws IOException {
      Sorting<String> names = Sorting.ofNames(call.room());
      boolean listed = false;
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.path())) {
        for (Path entry : entries) {
          String name = ByteText.nameOf(entry);
          boolean hidden = name.startsWith(".") && !call.has("-a");
          if (!hidden && (!call.has("-d") || Stat.of(entry, false).isDirectory())) {
            names.add(name);
          }
        }
        listed = true;
        return names;
      } catch (DirectoryIteratorException e) {
        throw Reasons.causeOf(e);
      } finally {
        if (!listed) {
          names.close();
        }
      }
    }
  }
}

package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Says in what two states of a tree are different. */
final class Comparing {
  private static final int SAME = 0;
  private static final int DIFFERENT = 1;

  /**
   * The same name at both times.
   *
   * @param hadPlace it was in a directory then; else it cannot have been there
   * @param hasPlace it is in a directory now
   */
  private record Pair(Place old, Place now, boolean hadPlace, boolean hasPlace) {
    @Nullable Stat then() throws IOException {
      return hadPlace ? stat(old) : null;
    }

    @Nullable Stat present() throws IOException {
      return hasPlace ? stat(now) : null;
    }
  }

  private final Call call;
  private final Deque<Level> open = new ArrayDeque<>();

  /** A directory on the way down, and the names that are still to come, of both times. */
  private static final class Level {
    private final Pair pair;
    private final boolean hadNames;
    private final boolean hasNames;
    private final Sorting<String> names;
    private @Nullable String before;

    Level(Pair pair, boolean hadNames, boolean hasNames, Sorting<String> names) {
      this.pair = pair;
      this.hadNames = hadNames;
      this.hasNames = hasNames;
      this.names = names;
    }

    @Nullable Pair next() throws IOException {
      String name = names.poll();
      while (name != null && name.equals(before)) {
        name = names.poll();
      }
      before = name;
      return name == null
          ? null
          : new Pair(pair.old.child(name), pair.now.child(name), hadNames, hasNames);
    }
  }

  Comparing(Call call) {
    this.call = call;
    call.status(SAME);
  }

  void run(Place old, Place now) throws IOException {
    if (stat(old) == null && stat(now) == null) {
      throw new NoSuchFileException(old.said());
    }
    try {
      call.attempt(old, at -> compare(new Pair(old, now, true, true)));
      while (!open.isEmpty()) {
        Level level = open.element();
        Pair next = level.next();
        if (next == null) {
          open.pop().names.close();
        } else {
          call.attempt(next.old(), at -> compare(next));
        }
      }
    } finally {
      for (Level level : open) {
        level.names.close();
      }
    }
  }

  private static @Nullable Stat stat(Place place) throws IOException {
    try {
      return Stat.of(place.path(), false);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private void compare(Pair pair) throws IOException {
    Stat old = pair.then();
    Stat now = pair.present();
    if (old != null && now != null && old.letter() == now.letter()) {
      List<String> what = Contents.differences(pair.old(), old, pair.now(), now);
      if (!what.isEmpty()) {
        say("changed", '~', pair, now, what);
      }
    } else {
      if (old != null) {
        say("removed", '-', pair, old, List.of());
      }
      if (now != null) {
        say("added", '+', pair, now, List.of());
      }
    }
    enter(pair, isDirectory(old), isDirectory(now));
  }

  private static boolean isDirectory(@Nullable Stat stat) {
    return stat != null && stat.isDirectory();
  }

  private static void addNames(Place directory, Sorting<String> names) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.path())) {
      for (Path entry : entries) {
        names.add(ByteText.nameOf(entry));
      }
    }
  }

  private void enter(Pair pair, boolean hadNames, boolean hasNames) throws IOException {
    Sorting<String> names = Sorting.ofNames(call.room());
    boolean listed = false;
    try {
      if (hadNames) {
        addNames(pair.old(), names);
      }
      if (hasNames) {
        addNames(pair.now(), names);
      }
      listed = true;
    } finally {
      if (!listed) {
        names.close();
      }
    }
    open.push(new Level(pair, hadNames, hasNames, names));
  }

  private void say(String change, char sign, Pair pair, Stat stat, List<String> what)
      throws IOException {
    call.status(DIFFERENT);
    if (call.has("--json")) {
      call.json(
          pair.old(),
          json -> {
            Entries.path(json, pair.now().said());
            json.name("change").value(change);
            json.name("type").value(stat.type());
            json.name("differences").beginArray();
            for (String word : what) {
              json.value(word);
            }
            json.endArray();
            Past.time(json, "until", call.instant(pair.now()));
          });
      return;
    }
    String slash = stat.isDirectory() ? "/" : "";
    String words = what.isEmpty() ? "" : " (" + String.join(" ", what) + ")";
    call.out().line(sign + " " + call.out().shown(pair.now().said() + slash) + words);
  }
}

package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.nio.file.NoSuchFileException;

/** {@code dfs rm}: removes files and trees. */
final class Rm implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "rm",
        VerbSpec.Kind.DESTROYS,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Removes files. The root of a volume is never removed.",
        flag("-r --recursive", "directories with everything in them"),
        flag("-R", "the same"),
        flag("-d --dir", "empty directories"),
        flag("-f --force", "what is not there is no error"),
        flag("-v --verbose", "say what was removed"));
  }

  @Override
  public void run(Call call) throws IOException {
    call.each(call.places(), place -> remove(call, place));
  }

  private static void remove(Call call, Place place) throws IOException {
    int end = place.said().length();
    while (end > 0 && place.said().charAt(end - 1) == '/') {
      end--;
    }
    String last = place.said().substring(place.said().lastIndexOf('/', end - 1) + 1, end);
    if (call.isRoot(place)) {
      throw new RefusedException("the root of the volume is not removed");
    }
    if (last.equals(".") || last.equals("..")) {
      throw new RefusedException("is not removed under this name");
    }
    Stat stat;
    try {
      stat = Stat.of(place.path(), false);
    } catch (NoSuchFileException e) {
      if (call.has("-f")) {
        return;
      }
      throw e;
    }
    boolean recursive = call.has("-r") || call.has("-R");
    if (stat.isDirectory() && !recursive && !call.has("-d")) {
      throw new RefusedException("is a directory (-r removes it with everything in it)");
    }
    Removal removal = new Removal(call, call.has("-v"));
    if (recursive) {
      Walk.through(place, false, removal);
    } else {
      removal.leave(new Walk.Item(place, stat, 0));
    }
  }
}

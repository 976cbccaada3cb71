package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** Where copies and moved files go: into a directory that is there, else to a new name. */
final class Destination {
  private final Place place;
  private final boolean directory;

  /** What this command has made here, or tried to. */
  private final Set<Path> given = new HashSet<>();

  /** Whether what an earlier run made there is meant again. */
  private final boolean resumed;

  Destination(Place place, int sources) throws IOException {
    this(place, sources, false);
  }

  /**
   * @param sources how many are to go there
   * @param resumed whether a directory that is there may have been made by an earlier run, in the
   *     place of its source
   */
  Destination(Place place, int sources, boolean resumed) throws IOException {
    this.resumed = resumed && sources == 1;
    this.place = place;
    this.directory = Files.isDirectory(place.path());
    if (!directory && sources > 1) {
      throw new UsageException(
          Quoted.inMessage(place.said()) + ": is no directory, and there are several sources");
    }
    if (!directory && place.said().endsWith("/") && sources > 0 && Files.exists(place.path())) {
      throw new UsageException(Quoted.inMessage(place.said()) + ": is no directory");
    }
  }

  /** Copies something to where it goes; whether all was copied. */
  boolean copy(Copying copying, Place source) throws IOException {
    Place target = of(source);
    return copying.copy(source, target, isItself(target));
  }

  /** Where this one goes. */
  Place of(Place source) throws IOException {
    if (!Files.isDirectory(source.path())) {
      checkTakesFiles();
    }
    if (!directory || (resumed && Finished.isOf(source.path(), place.path()))) {
      return place;
    }
    String name = ByteText.nameOf(source.path().normalize());
    if (name.isEmpty()) {
      throw new RefusedException("the root has no name to be put there under");
    }
    Place child = place.child(name);
    if (!given.add(child.path())) {
      throw new RefusedException(
          "does not replace " + Quoted.inMessage(child.said()) + ", which was just made");
    }
    return child;
  }

  /** A name with a slash at its end is one of a directory, for what is none, too. */
  void checkTakesFiles() throws RefusedException {
    if (!directory && place.said().endsWith("/")) {
      throw new RefusedException(
          Quoted.inMessage(place.said()) + ": is no directory; make it first with mkdir");
    }
  }

  /** Whether what goes to a place goes to the very one that was said, and not to a name in it. */
  boolean isItself(Place target) {
    return target.equals(place);
  }

  boolean isDirectory() {
    return directory;
  }
}

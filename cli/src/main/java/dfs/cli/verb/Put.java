package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.nio.channels.Channels;
import java.time.Instant;
import java.util.List;

/** {@code dfs put}: copies files of this machine into the volume. */
final class Put implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "put",
        VerbSpec.Kind.DESTROYS,
        "FILE... [PATH]",
        1,
        VerbSpec.ANY,
        "Copies files of this machine, or - for the standard input, into the volume; they appear"
            + " under their names when they are complete.",
        flag("-r -R", "directories with everything in them, links as links"),
        flag("-p --preserve", "keep mode, times, links and extended attributes, root owners too"),
        flag("-f --force", "replace files that are there"),
        flag("--continue", "go on with what was left when an earlier run was ended"),
        flag("--json", "in the end, an object of JSON with how much was copied"));
  }

  @Override
  public void run(Call call) throws IOException {
    run(call, sources(call), false);
  }

  /** What is copied; patterns stand for as many sources as they match. */
  static List<Place> sources(Call call) throws IOException {
    List<String> operands = call.operands();
    return locals(call, operands.size() == 1 ? operands : operands.subList(0, operands.size() - 1));
  }

  /**
   * Copies what the operands say.
   *
   * @param sources of them
   * @param moves whether what was copied is removed
   */
  static void run(Call call, List<Place> sources, boolean moves) throws IOException {
    List<String> operands = call.operands();
    Place target = call.place(operands.size() == 1 ? "." : operands.getLast());
    Destination destination = new Destination(target, sources.size(), call.has("--continue"));
    try (Copying copying = new Copying(call, Copying.Wishes.of(call))) {
      for (Place source : sources) {
        if (source.said().equals(Call.STANDARD) && !moves) {
          call.attempt(target, at -> fromInput(call, copying, destination, at));
        } else {
          call.attempt(source, at -> copy(call, copying, at, destination, moves));
        }
      }
      copying.finish();
    }
  }

  private static void copy(Call call, Copying copying, Place source, Destination to, boolean moves)
      throws IOException {
    Place target = to.of(source);
    Instant begun = Instant.now();
    if (copying.copy(source, target, to.isItself(target)) && moves) {
      try (Moved moved = new Moved(call, target, begun)) {
        Walk.through(source, false, moved);
      }
    }
  }

  /** The local side is never mapped; patterns that the shell left are expanded. */
  private static List<Place> locals(Call call, List<String> operands) throws IOException {
    PlaceList places = new PlaceList();
    for (String operand : operands) {
      places.append(call.expanded(operand, call.local(operand)));
    }
    return places;
  }

  private static void fromInput(Call call, Copying copying, Destination to, Place target)
      throws IOException {
    if (to.isDirectory()) {
      throw new RefusedException("is a directory: what is read needs a name");
    }
    to.checkTakesFiles();
    if (call.isDryRun()) {
      copying.files().checkRoom(target.path());
      call.out().line(Call.STANDARD + " -> " + call.out().shown(target.said()));
      return;
    }
    copying.files().write(Channels.newChannel(call.in()), target.path());
  }
}

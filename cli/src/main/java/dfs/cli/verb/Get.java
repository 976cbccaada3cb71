package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** {@code dfs get}: copies files of the volume to this machine. */
final class Get implements Verb {
  private static final int BUFFER_BYTES = 1 << 20;

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "get",
        VerbSpec.Kind.DESTROYS,
        "PATH... [FILE]",
        1,
        VerbSpec.ANY,
        "Copies files of the volume to this machine, or to - for the standard output; they appear"
            + " under their names when they are complete.",
        flag("-r -R", "directories with everything in them, links as links"),
        flag("-p --preserve", "keep mode, times, links and extended attributes, root owners too"),
        flag("-f --force", "replace files that are there"),
        flag("--continue", "go on with what was left when an earlier run was ended"),
        flag("--json", "in the end, an object of JSON with how much was copied"));
  }

  @Override
  public void run(Call call) throws IOException {
    run(call, sources(call));
  }

  /** What is copied; patterns stand for as many sources as they match. */
  static List<Place> sources(Call call) throws IOException {
    List<String> operands = call.operands();
    return call.places(operands.size() == 1 ? operands : operands.subList(0, operands.size() - 1));
  }

  /** Copies these to what the last operand says. */
  static void run(Call call, List<Place> places) throws IOException {
    List<String> operands = call.operands();
    String said = operands.size() == 1 ? "." : operands.getLast();
    if (said.equals(Call.STANDARD)) {
      if (call.has("--json")) {
        throw new UsageException("--json would be printed behind the contents: leave out one");
      }
      call.each(places, place -> toOutput(call, place));
      return;
    }
    Destination destination =
        new Destination(call.local(said), places.size(), call.has("--continue"));
    try (Copying copying = new Copying(call, Copying.Wishes.of(call))) {
      call.each(places, place -> destination.copy(copying, place));
      copying.finish();
    }
  }

  private static void toOutput(Call call, Place place) throws IOException {
    if (call.isDryRun()) {
      Inputs.open(call, place).close();
      call.out().line(call.out().shown(place.said()) + " -> " + Call.STANDARD);
      return;
    }
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Inputs.open(call, place)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        call.out().bytes(buffer, 0, n);
      }
    }
  }
}

package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.util.List;

/** {@code dfs cp}: copies files within the volume. */
final class Cp implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "cp",
        VerbSpec.Kind.DESTROYS,
        "PATH... TARGET",
        2,
        VerbSpec.ANY,
        "Copies files within the volume; they appear under their names when they are complete.",
        flag("-r -R", "directories with everything in them, links as links"),
        flag("-p --preserve", "keep mode, times, links and extended attributes, root owners too"),
        flag("-a --archive", "-r and -p"),
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
    return call.places(operands.subList(0, operands.size() - 1));
  }

  /** Copies these to what the last operand says. */
  static void run(Call call, List<Place> sources) throws IOException {
    List<String> operands = call.operands();
    Destination destination =
        new Destination(call.place(operands.getLast()), sources.size(), call.has("--continue"));
    try (Copying copying = new Copying(call, Copying.Wishes.of(call))) {
      call.each(sources, place -> destination.copy(copying, place));
      copying.finish();
    }
  }
}

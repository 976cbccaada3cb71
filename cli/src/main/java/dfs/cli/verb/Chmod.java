package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** {@code dfs chmod}: changes modes. */
final class Chmod implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "chmod",
        VerbSpec.Kind.CHANGES,
        "MODE PATH...",
        2,
        VerbSpec.ANY,
        "Changes modes: octal, or like u+rwx,g-w,o=. Write a-x rather than -x.",
        flag("-R --recursive", "of all below directories, too"),
        flag("-v --verbose", "say what was changed"));
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> operands = call.operands();
    Modes mode = Modes.parse(operands.getFirst());
    EachBelow.run(
        call,
        call.places(operands.subList(1, operands.size())),
        (place, stat) -> {
          if (stat.isLink()) {
            return;
          }
          int changed = mode.of(stat);
          Files.setAttribute(place.path(), "unix:mode", changed);
          if (call.has("-v")) {
            call.out()
                .line(
                    "%s: %04o, was %s"
                        .formatted(call.out().shown(place.said()), changed, stat.octal()));
          }
        });
  }
}

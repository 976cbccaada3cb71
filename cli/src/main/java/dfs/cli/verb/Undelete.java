package dfs.cli.verb;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** {@code dfs undelete}: what a name was before it went. */
final class Undelete implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "undelete",
        VerbSpec.Kind.CHANGES,
        "PATH",
        1,
        1,
        "Puts back what was removed or replaced last under a path, with all that is below it.",
        VerbSpec.valued("--to", "PATH", "another name for it; nothing may have that"));
  }

  @Override
  public void run(Call call) throws IOException {
    Place place = call.place(call.operands().getFirst());
    Optional<String> to = call.value("--to");
    Instant asOf = Past.of(place).undelete(to.isPresent() ? call.place(to.get()).path() : null);
    call.note("as of " + asOf);
  }
}

package dfs.cli.verb;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** {@code dfs restore}: a path becomes what it was. */
final class RestoreVerb implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "restore",
        VerbSpec.Kind.DESTROYS,
        "PATH",
        1,
        1,
        "Puts back what a path was, with all that is below it, in one step. What is there now"
            + " becomes past.",
        VerbSpec.asOf(),
        VerbSpec.valued("--to", "PATH", "beside what is there: nothing may have this name"));
  }

  @Override
  public void run(Call call) throws IOException {
    String asOf =
        call.asOf().orElseThrow(() -> new UsageException("restore needs --as-of TIME")).toString();
    String operand = call.operands().getFirst();
    Place place = call.place(operand);
    Optional<String> to = call.value("--to");
    if (call.isDryRun()) {
      Place target = to.isPresent() ? call.place(to.get()) : place;
      new Comparing(call).run(target, call.source(operand));
      call.status(VerbLine.DONE);
      return;
    }
    Instant was = Past.of(place).restore(asOf, to.isPresent() ? call.place(to.get()).path() : null);
    call.note("as it was at " + was);
  }
}

package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code dfs chgrp}: changes groups. */
final class Chgrp implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "chgrp",
        VerbSpec.Kind.CHANGES,
        "GROUP PATH...",
        2,
        VerbSpec.ANY,
        "Changes groups, by name or number.",
        flag("-R --recursive", "of all below directories, too"),
        flag("-h --no-dereference", "of links themselves"));
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> operands = call.operands();
    Chown.change(
        call,
        operands.subList(1, operands.size()),
        Optional.empty(),
        Optional.of(People.gid(operands.getFirst())));
  }
}

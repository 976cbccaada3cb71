package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;

/** {@code dfs rmdir}: removes empty directories. */
final class Rmdir implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "rmdir",
        VerbSpec.Kind.DESTROYS,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Removes empty directories.",
        flag("-v --verbose", "say what was removed"));
  }

  @Override
  public void run(Call call) throws IOException {
    call.each(
        call.places(),
        place -> {
          if (call.isRoot(place)) {
            throw new RefusedException("the root of the volume is not removed");
          }
          if (!Stat.of(place.path(), false).isDirectory()) {
            throw new NotDirectoryException(place.said());
          }
          if (call.isDryRun()) {
            call.out().line("would remove " + call.out().shown(place.said()));
            return;
          }
          Files.delete(place.path());
          if (call.has("-v")) {
            call.out().line("removed " + call.out().shown(place.said()));
          }
        });
  }
}

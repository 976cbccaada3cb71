package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;
import static dfs.cli.verb.VerbSpec.valued;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/** {@code dfs mkdir}: makes directories. */
final class Mkdir implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "mkdir",
        VerbSpec.Kind.CHANGES,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Makes directories.",
        flag("-p --parents", "missing parents, too; directories that are there are fine"),
        valued("-m --mode", "MODE", "the mode, whatever the umask"),
        flag("-v --verbose", "say what was made"));
  }

  @Override
  public void run(Call call) throws IOException {
    Optional<Modes> mode = call.value("--mode").map(Modes::parse);
    for (String operand : call.operands()) {
      call.attempt(call.place(operand), place -> make(call, place, mode));
    }
  }

  private static void make(Call call, Place place, Optional<Modes> mode) throws IOException {
    Deque<Path> missing = new ArrayDeque<>();
    if (call.has("-p")) {
      Path at = place.path().normalize();
      while (at != null && !Stat.isDirectory(at)) {
        missing.push(at);
        at = at.getParent();
      }
    } else {
      missing.push(place.path());
    }
    while (!missing.isEmpty()) {
      Path next = missing.pop();
      try {
        Files.createDirectory(next);
      } catch (FileAlreadyExistsException e) {
        // Somebody else made it meanwhile.
        if (!call.has("-p") || !Files.isDirectory(next)) {
          throw e;
        }
        continue;
      }
      if (missing.isEmpty() && mode.isPresent()) {
        Files.setAttribute(next, "unix:mode", mode.get().of(Stat.of(next, true)));
      }
      if (call.has("-v")) {
        call.out().line("made " + call.out().shown(ByteText.of(next)));
      }
    }
  }
}

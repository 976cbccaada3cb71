package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;

/** {@code dfs test}: whether something holds of a file; the status says it. */
final class TestVerb implements Verb {
  private static final String[] CONDITIONS = {"-e", "-f", "-d", "-L", "-s", "-z", "-r", "-w", "-x"};

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "test",
        VerbSpec.Kind.READS,
        "PATH",
        1,
        1,
        "Ends with status 0 if all that is asked holds of a file, else with 1.",
        flag("-e", "it is there"),
        flag("-f", "it is a file"),
        flag("-d", "it is a directory"),
        flag("-L", "it is a symbolic link"),
        flag("-s", "it is not empty"),
        flag("-z", "it is a file, and empty"),
        flag("-r", "it may be read"),
        flag("-w", "it may be written"),
        flag("-x", "it may be executed, or entered"));
  }

  @Override
  public void run(Call call) throws IOException {
    Place place = call.source(call.operands().getFirst());
    boolean asked = false;
    for (String condition : CONDITIONS) {
      if (call.has(condition)) {
        asked = true;
        if (!holds(condition, place)) {
          call.fail();
        }
      }
    }
    if (!asked) {
      throw new UsageException("say what is to hold: -e -f -d -L -s -z -r -w or -x");
    }
  }

  /** Whether a condition, an option of this verb, holds. */
  static boolean holds(String condition, Place place) throws IOException {
    Stat stat;
    try {
      stat = Stat.of(place.path(), !condition.equals("-L"));
    } catch (NoSuchFileException | java.nio.file.NotDirectoryException e) {
      return false;
    }
    return switch (condition) {
      case "-f" -> stat.isRegular();
      case "-d" -> stat.isDirectory();
      case "-L" -> stat.isLink();
      case "-s" -> stat.isDirectory() || stat.sizeBytes() > 0;
      case "-z" -> stat.isRegular() && stat.sizeBytes() == 0;
      case "-r" -> Files.isReadable(place.path());
      case "-w" -> Files.isWritable(place.path());
      case "-x" -> Files.isExecutable(place.path());
      default -> true;
    };
  }
}

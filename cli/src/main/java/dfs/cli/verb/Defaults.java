package dfs.cli.verb;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What surrounds a command.
 *
 * @param data the data directories to look at when none is said, the caller's own first
 * @param line the line for a shell that begins with these words of ours
 * @param environment variables
 * @param workingDirectory absolute, of the default file system
 * @param interruption how a signal ends what is done
 * @param room for names that are sorted
 */
public record Defaults(
    List<Path> data,
    UnaryOperator<String> line,
    Map<String, String> environment,
    Path workingDirectory,
    Interruption interruption,
    Room room) {
  /** With the usual room. */
  public Defaults(
      List<Path> data,
      UnaryOperator<String> line,
      Map<String, String> environment,
      Path workingDirectory,
      Interruption interruption) {
    this(data, line, environment, workingDirectory, interruption, new Room());
  }
}

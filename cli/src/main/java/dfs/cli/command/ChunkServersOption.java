package dfs.cli.command;

import dfs.cli.data.DataDirectory;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --chunk-servers N}: chunk servers of one process, each with a directory of its own. */
final class ChunkServersOption {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--chunk-servers",
      paramLabel = "N",
      description = "run so many, also after the next start (default: those that there are, or 1)")
  private Optional<Integer> asked = Optional.empty();

  Optional<Integer> asked() {
    return asked;
  }

  /**
   * Numbers of those that are to run: each that has a directory, and as many as were asked for.
   *
   * @throws ParameterException if fewer were asked for than there are
   */
  List<Integer> numbers(DataDirectory data) {
    NavigableSet<Integer> numbers = new TreeSet<>(data.chunkServers());
    int count = asked.orElseGet(() -> Math.max(1, numbers.size()));
    check(spec.commandLine(), "--chunk-servers", count);
    if (count < numbers.size()) {
      throw new ParameterException(
          spec.commandLine(),
          "%d chunk servers have blocks in %s, and files need all of them: start without --chunk-servers %d"
              .formatted(numbers.size(), data.root(), count));
    }
    IntStream.rangeClosed(1, DataDirectory.CHUNK_SERVERS_MAX)
        .takeWhile(number -> numbers.size() < count)
        .forEach(numbers::add);
    return new ArrayList<>(numbers);
  }

  static void check(CommandLine command, String option, int value) {
    if (value < 1 || value > DataDirectory.CHUNK_SERVERS_MAX) {
      throw new ParameterException(
          command,
          "%s is 1 to %d, not %d".formatted(option, DataDirectory.CHUNK_SERVERS_MAX, value));
    }
  }
}

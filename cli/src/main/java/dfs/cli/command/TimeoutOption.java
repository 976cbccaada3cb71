package dfs.cli.command;

import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --timeout SECONDS}: how long a server is waited for. */
final class TimeoutOption {
  static final Duration USUAL = Duration.ofSeconds(10);

  private static final int SECONDS_MAX = 86_400;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "how long a server is waited for (default: 10)")
  private Optional<Integer> seconds = Optional.empty();

  /** What was said. */
  Optional<Duration> said() {
    seconds.ifPresent(this::check);
    return seconds.map(Duration::ofSeconds);
  }

  /** For one answer. */
  Duration limit() {
    return said().orElse(USUAL);
  }

  private void check(int asked) {
    if (asked < 1 || asked > SECONDS_MAX) {
      throw new ParameterException(
          spec.commandLine(), "--timeout is 1 to %d seconds, not %d".formatted(SECONDS_MAX, asked));
    }
  }
}

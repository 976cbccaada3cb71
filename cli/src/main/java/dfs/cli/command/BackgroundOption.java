package dfs.cli.command;

import dfs.chunk.server.ChunkServer.Scrub;
import dfs.cli.config.Background;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code --scrub-rate MIB --scrub-every SECONDS --copy-rate MIB}: how fast blocks are read again to
 * find damage, and copied.
 */
final class BackgroundOption {
  private static final int MIB_SHIFT = 20;
  private static final int MOST = 1_000_000_000;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--scrub-rate",
      paramLabel = "MIB",
      description = "read blocks for damage with at most so many MiB a second (default: 8)")
  private Optional<Integer> rate = Optional.empty();

  @Option(
      names = "--scrub-every",
      paramLabel = "SECONDS",
      description = "begin that again so long after it last began (default: a week)")
  private Optional<Integer> every = Optional.empty();

  @Option(
      names = "--copy-rate",
      paramLabel = "MIB",
      description =
          "each chunk server copies and compacts at most so many MiB a second (default: 64; 0: as"
              + " many as it can)")
  private Optional<Integer> copyRate = Optional.empty();

  /** Whether one of them was given. */
  boolean isGiven() {
    return rate.isPresent() || every.isPresent() || copyRate.isPresent();
  }

  Background asked() {
    check("--scrub-rate", 1, rate);
    check("--scrub-every", 1, every);
    check("--copy-rate", 0, copyRate);
    Background usual = Background.USUAL;
    return new Background(
        new Scrub(
            rate.map(BackgroundOption::bytes).orElse(usual.scrub().bytesPerSecond()),
            every.map(Integer::longValue).orElse(usual.scrub().everySeconds())),
        copyRate.map(BackgroundOption::bytes).orElse(usual.copyBytesPerSecond()));
  }

  private static long bytes(int mib) {
    return (long) mib << MIB_SHIFT;
  }

  /** What says the same for another process. */
  static List<String> arguments(Background asked) {
    return List.of(
        "--scrub-rate",
        String.valueOf(asked.scrub().bytesPerSecond() >> MIB_SHIFT),
        "--scrub-every",
        String.valueOf(asked.scrub().everySeconds()),
        "--copy-rate",
        String.valueOf(asked.copyBytesPerSecond() >> MIB_SHIFT));
  }

  private void check(String option, int least, Optional<Integer> value) {
    if (value.isPresent() && (value.get() < least || value.get() > MOST)) {
      throw new ParameterException(
          spec.commandLine(), "%s is %d to %d, not %d".formatted(option, least, MOST, value.get()));
    }
  }
}

package dfs.cli.command;

import dfs.chunk.server.ChunkServer.Scrub;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --scrub-rate MIB --scrub-every SECONDS}: how blocks are read again to find damage. */
final class ScrubOption {
  private static final long MIB = 1L << 20;
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

  /** Whether one of them was given. */
  boolean isGiven() {
    return rate.isPresent() || every.isPresent();
  }

  Scrub asked() {
    check("--scrub-rate", rate);
    check("--scrub-every", every);
    return new Scrub(
        rate.map(mib -> mib * MIB).orElse(Scrub.USUAL.bytesPerSecond()),
        every.map(Integer::longValue).orElse(Scrub.USUAL.everySeconds()));
  }

  private void check(String option, Optional<Integer> value) {
    if (value.isPresent() && (value.get() < 1 || value.get() > MOST)) {
      throw new ParameterException(
          spec.commandLine(), "%s is 1 to %d, not %d".formatted(option, MOST, value.get()));
    }
  }
}

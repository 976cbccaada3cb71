package dfs.cli.command;

import dfs.cli.daemon.Replication;
import dfs.protocol.metadata.Attributes;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --replication R --lost-after SECONDS}: how many copies there are to be. */
final class ReplicationOption {
  private static final int COPIES_MAX = Attributes.COPIES_MAX;
  private static final int LOST_SECONDS_MAX = 86_400;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--replication",
      paramLabel = "R",
      description = "keep so many copies of what is written from now on, also after the next start")
  private Optional<Integer> copies = Optional.empty();

  @Option(
      names = "--lost-after",
      paramLabel = "SECONDS",
      description = "copy again what a chunk server has that is away so long (default: 30)")
  private Optional<Integer> lostSeconds = Optional.empty();

  /** What was asked for. */
  Replication asked() {
    copies.ifPresent(asked -> check("--replication", asked, COPIES_MAX));
    lostSeconds.ifPresent(asked -> check("--lost-after", asked, LOST_SECONDS_MAX));
    return new Replication(copies, lostSeconds);
  }

  private void check(String option, int asked, int most) {
    if (asked < 1 || asked > most) {
      throw new ParameterException(
          spec.commandLine(), "%s is 1 to %d, not %d".formatted(option, most, asked));
    }
  }
}

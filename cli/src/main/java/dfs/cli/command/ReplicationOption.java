package dfs.cli.command;

import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --replication R}: copies of each block that is made from now on. */
final class ReplicationOption {
  private static final int COPIES_MAX = 8;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--replication",
      paramLabel = "R",
      description = "keep so many copies of what is written from now on, also after the next start")
  private Optional<Integer> copies = Optional.empty();

  /** What was asked for; empty: as before. */
  Optional<Integer> copies() {
    copies.ifPresent(
        asked -> {
          if (asked < 1 || asked > COPIES_MAX) {
            throw new ParameterException(
                spec.commandLine(), "--replication is 1 to " + COPIES_MAX + ", not " + asked);
          }
        });
    return copies;
  }
}

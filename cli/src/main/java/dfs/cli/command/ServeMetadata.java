package dfs.cli.command;

import dfs.cli.daemon.Daemon;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dfs metadata}: the metadata server, as a process of its own. */
@Command(
    name = "metadata",
    mixinStandardHelpOptions = true,
    description = "Starts the metadata server alone.")
final class ServeMetadata implements Callable<Integer> {
  @Mixin private final DataOption data = new DataOption();

  @Option(names = "--foreground", description = "do not go into the background")
  private boolean foreground;

  @Option(names = "--port", description = "listen on this port of the loopback interface, too")
  private Optional<Integer> port = Optional.empty();

  @Mixin private final ReplicationOption replication = new ReplicationOption();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    Daemon.Config config = Daemon.Config.metadata(data.directory(), port, replication.asked());
    PrintWriter out = spec.commandLine().getOut();
    return new Start(config, "metadata", out, spec.commandLine().getErr())
        .run(
            foreground,
            record -> {
              out.println("data   " + config.data().root());
              out.println("log    " + config.log());
            });
  }
}

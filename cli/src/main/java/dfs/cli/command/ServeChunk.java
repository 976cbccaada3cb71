package dfs.cli.command;

import dfs.cli.daemon.Daemon;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dfs chunk}: the chunk server, as a process of its own. */
@Command(
    name = "chunk",
    mixinStandardHelpOptions = true,
    description = "Starts the chunk server alone.")
final class ServeChunk implements Callable<Integer> {
  @Mixin private final DataOption data = new DataOption();

  @Option(names = "--foreground", description = "do not go into the background")
  private boolean foreground;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--number",
      paramLabel = "N",
      defaultValue = "1",
      description = "which of the chunk servers, from 1 on (default: ${DEFAULT-VALUE})")
  private int number;

  @Mixin private final ScrubOption scrub = new ScrubOption();

  @Override
  public Integer call() throws Exception {
    ChunkServersOption.check(spec.commandLine(), "--number", number);
    Daemon.Config config = Daemon.Config.chunk(data.directory(), number, scrub.asked());
    PrintWriter out = spec.commandLine().getOut();
    return new Start(config, "chunk", out, spec.commandLine().getErr())
        .run(
            foreground,
            record -> {
              out.println("data   " + config.data().root());
              out.println("log    " + config.log());
            });
  }
}

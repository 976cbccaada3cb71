package dfs.cli.command;

import dfs.cli.volume.Volume;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dfs forget-server}: a chunk server will not come back. */
@Command(
    name = "forget-server",
    mixinStandardHelpOptions = true,
    description =
        "Forgets a chunk server that will not come back; refused while it has a last copy.")
final class ForgetServer implements Callable<Integer> {
  @Parameters(paramLabel = "SERVER", description = "its id: see dfs status")
  private long server;

  @Mixin private final DataOption data = new DataOption();
  @Mixin private final TimeoutOption timeout = new TimeoutOption();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    try (Volume volume = Volume.open(data.asked(), timeout.limit())) {
      volume.forgetServer(server);
    }
    spec.commandLine().getOut().println("chunk server " + server + " is forgotten");
    return Commands.DONE;
  }
}

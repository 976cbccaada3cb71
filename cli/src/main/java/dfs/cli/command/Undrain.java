package dfs.cli.command;

import dfs.cli.volume.Volume;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code dfs undrain}: a chunk server takes blocks again. */
@Command(
    name = "undrain",
    mixinStandardHelpOptions = true,
    description = "Lets a chunk server that was drained take blocks again.")
final class Undrain implements Callable<Integer> {
  @Mixin private final ServersArgument servers = new ServersArgument();
  @Mixin private final DataOption data = new DataOption();
  @Mixin private final TimeoutOption timeout = new TimeoutOption();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    try (Volume volume = Volume.open(data.asked(), timeout.limit())) {
      for (long server : servers.ids(Report.parse(volume.report("status")))) {
        volume.drain(server, false);
        spec.commandLine().getOut().println("chunk server " + server + " takes blocks again");
      }
    }
    return Commands.DONE;
  }
}

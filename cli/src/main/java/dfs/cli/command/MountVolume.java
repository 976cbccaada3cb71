package dfs.cli.command;

import dfs.cli.daemon.Daemon;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dfs mount}: a further mount of the volume, as a process of its own. */
@Command(
    name = "mount",
    mixinStandardHelpOptions = true,
    description = "Mounts a volume that is up, as a process of its own.")
final class MountVolume implements Callable<Integer> {
  @Parameters(paramLabel = "MOUNTPOINT", description = "where to mount")
  private Path mountPoint = Path.of("");

  @Mixin private final DataOption data = new DataOption();

  @Option(names = "--foreground", description = "do not go into the background")
  private boolean foreground;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    Path where = mountPoint.toAbsolutePath().normalize();
    Daemon.Config config = Daemon.Config.mount(data.directory(), where);
    PrintWriter out = spec.commandLine().getOut();
    return new Start(config, "mount", out, spec.commandLine().getErr())
        .run(
            foreground,
            record -> {
              out.println("mount  " + where);
              out.println("data   " + config.data().root());
              out.println("log    " + config.log());
            });
  }
}

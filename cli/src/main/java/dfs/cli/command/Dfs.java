package dfs.cli.command;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code dfs}; everything is done by its subcommands and by the file verbs. */
@Command(
    name = "dfs",
    mixinStandardHelpOptions = true,
    version = "dfs 0.1.0",
    description = "A distributed file system that is mounted like a local disk.",
    subcommands = {
      Up.class,
      Down.class,
      Status.class,
      Fsck.class,
      MountVolume.class,
      Umount.class,
      ServeMetadata.class,
      ServeChunk.class,
      Replicate.class,
      Drain.class,
      Undrain.class,
      ForgetServer.class
    })
public final class Dfs implements Runnable {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}

package dfs.cli.command;

import dfs.cli.volume.Volume;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code dfs rm}: removes files and directories of the volume. */
@Command(
    name = "rm",
    mixinStandardHelpOptions = true,
    description = "Removes files, and empty directories, of the volume.")
final class Rm implements Callable<Integer> {
  @Parameters(arity = "1..*", paramLabel = "PATH", description = "path inside the volume")
  private List<String> paths = List.of();

  @Mixin private final DataOption data = new DataOption();

  @Option(names = "-r", description = "directories with everything in them")
  private boolean recursive;

  @Override
  public Integer call() throws Exception {
    try (Volume volume = Volume.open(data.directory())) {
      for (String path : paths) {
        volume.tree().remove(path, recursive);
      }
    }
    return Commands.DONE;
  }
}

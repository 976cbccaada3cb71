package dfs.cli.command;

import dfs.cli.volume.Volume;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code dfs mkdir}: makes directories in the volume. */
@Command(
    name = "mkdir",
    mixinStandardHelpOptions = true,
    description = "Makes directories in the volume.")
final class Mkdir implements Callable<Integer> {
  private static final int MODE = 0777;

  @Parameters(arity = "1..*", paramLabel = "PATH", description = "path inside the volume")
  private List<String> paths = List.of();

  @Mixin private final DataOption data = new DataOption();

  @Option(names = "-p", description = "missing parents, too; existing directories are fine")
  private boolean parents;

  @Override
  public Integer call() throws Exception {
    try (Volume volume = Volume.open(data.directory())) {
      for (String path : paths) {
        volume.tree().makeDirectory(path, MODE, parents);
      }
    }
    return Commands.DONE;
  }
}

package dfs.cli.command;

import dfs.cli.volume.Volume;
import dfs.protocol.metadata.Query;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dfs fsck}: how each block is, and whether what is recorded fits; changes nothing. */
@Command(
    name = "fsck",
    mixinStandardHelpOptions = true,
    description =
        "Says how the blocks of files are, while the volume is up; exit status 1 if something is"
            + " wrong.")
final class Fsck implements Callable<Integer> {
  @Parameters(
      arity = "0..*",
      paramLabel = "PATH",
      description = "only what is at and below these paths inside the volume (default: everything)")
  private List<String> paths = List.of();

  @Mixin private final DataOption data = new DataOption();

  @Option(names = "--json", description = "as JSON")
  private boolean json;

  @Option(names = "--blocks", description = "names the blocks that are well, too")
  private boolean blocks;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    if (paths.size() > Query.GetReport.PLACES_MAX) {
      throw new ParameterException(
          spec.commandLine(),
          "at most %d paths, not %d".formatted(Query.GetReport.PLACES_MAX, paths.size()));
    }
    PrintWriter out = spec.commandLine().getOut();
    try (Volume volume = Volume.open(data.directory())) {
      List<Query.Place> places = new ArrayList<>();
      for (String path : paths) {
        places.add(new Query.Place(volume.tree().find(path).ino(), path));
      }
      Report report = Report.parse(volume.check(places, blocks));
      if (json) {
        out.println(report.asJson());
      } else {
        FsckText.print(report, blocks, out);
      }
      return report.isHealthy() ? Commands.DONE : Commands.FAILED;
    }
  }
}

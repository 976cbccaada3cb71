package dfs.cli.command;

import dfs.cli.volume.Volume;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code dfs fsck}: checks that everything recorded fits together; changes nothing. */
@Command(
    name = "fsck",
    mixinStandardHelpOptions = true,
    description = "Checks the volume while it is up; exit status 1 if problems were found.")
final class Fsck implements Callable<Integer> {
  @Mixin private final DataOption data = new DataOption();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    try (Volume volume = Volume.open(data.directory())) {
      List<String> problems = Report.parse(volume.report("fsck")).problems();
      problems.forEach(out::println);
      out.println(problems.isEmpty() ? "no problems found" : problems.size() + " problems found");
      return problems.isEmpty() ? Commands.DONE : Commands.FAILED;
    }
  }
}

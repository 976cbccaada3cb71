package dfs.cli.command;

import dfs.cli.verb.Quoted;
import dfs.cli.volume.Volume;
import dfs.protocol.metadata.Query;
import java.io.Console;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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
  /** A process that is to end says what it has found when what is under way is done, or by then. */
  private static final long ENDING_SECONDS = 5;

  @Parameters(
      arity = "0..*",
      paramLabel = "PATH",
      description = "only what is at and below these paths inside the volume (default: everything)")
  private List<String> paths = List.of();

  @Mixin private final DataOption data = new DataOption();
  @Mixin private final TimeoutOption timeout = new TimeoutOption();

  @Option(names = "--json", description = "as JSON")
  private boolean json;

  @Option(names = "--blocks", description = "names the blocks that are well, too")
  private boolean blocks;

  @Option(
      names = "--read-data",
      description = "lets each chunk server read its copies whole, and compares them")
  private boolean reading;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  private final CompletableFuture<Void> said = new CompletableFuture<>();

  @Override
  public Integer call() throws Exception {
    if (paths.size() > Query.GetReport.PLACES_MAX) {
      throw new ParameterException(
          spec.commandLine(),
          "at most %d paths, not %d".formatted(Query.GetReport.PLACES_MAX, paths.size()));
    }
    try (Volume volume = Volume.open(data.asked(), timeout.limit())) {
      Report report = check(volume);
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(report.asJson());
      } else {
        FsckText.print(report, blocks, out);
      }
      out.flush();
      return report.isHealthy() ? Commands.DONE : Commands.FAILED;
    } finally {
      said.complete(null);
    }
  }

  private Report check(Volume volume) throws Exception {
    List<Query.Place> places = new ArrayList<>();
    for (String path : paths) {
      places.add(new Query.Place(Paths.find(volume, path).ino(), Quoted.inMessage(path)));
    }
    Report report = Report.parse(volume.check(places, blocks, timeout.said()));
    if (reading) {
      readData(volume, places, report);
    }
    return report;
  }

  /** Until all is read, or the process is told to end: then with what was found by then. */
  private void readData(Volume volume, List<Query.Place> places, Report report) throws Exception {
    ReadProgress progress = new ReadProgress(spec.commandLine().getErr(), isTerminal());
    CopyReading copies = new CopyReading(volume, progress);
    Thread ending = Thread.ofPlatform().unstarted(() -> end(copies));
    Runtime.getRuntime().addShutdownHook(ending);
    try {
      copies.read(places);
    } finally {
      progress.end();
      forget(ending);
    }
    report.addRead(copies.sums(), copies.wrong());
    if (copies.isStopped()) {
      report.add("stopped before all was read");
    }
  }

  @SuppressWarnings("SystemConsoleNull") // JDK 25 gives null again where nobody looks on
  private static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  private void end(CopyReading copies) {
    copies.stop();
    var _ = said.copy().completeOnTimeout(null, ENDING_SECONDS, TimeUnit.SECONDS).join();
  }

  private static void forget(Thread hook) {
    try {
      var _ = Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending: the hook runs already.
    }
  }
}

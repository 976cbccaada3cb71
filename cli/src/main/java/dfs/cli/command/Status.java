package dfs.cli.command;

import dfs.cli.data.DataDirectory;
import dfs.cli.data.ProcessRecord;
import dfs.cli.data.ProcessRecord.Found;
import dfs.cli.data.ProcessRecord.Kind;
import dfs.cli.preflight.MountTable;
import dfs.cli.preflight.MountTable.Mount;
import dfs.cli.volume.Volume;
import dfs.client.volume.NotUpException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dfs status}: how everything is; 1 when it is not as it should be. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Says how dfs is; exit status 1 if something is wrong or it is not up.")
final class Status implements Callable<Integer> {
  @Mixin private final DataOption data = new DataOption();
  @Mixin private final TimeoutOption timeout = new TimeoutOption();

  @Option(names = "--json", description = "as JSON")
  private boolean json;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    Report report = of(data.asked(), timeout.limit());
    addProcesses(report);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(report.asJson());
    } else {
      out.println(report.isHealthy() ? "dfs is up and well" : "dfs is not well");
      report.problems().forEach(problem -> out.println("  problem: " + problem));
      report.print(out);
    }
    return report.isHealthy() ? Commands.DONE : Commands.FAILED;
  }

  /** A server that does not answer is a finding, not something to wait for. */
  static Report of(DataDirectory directory, Duration limit) {
    try (Volume volume = Volume.open(directory, limit)) {
      return Report.parse(volume.report("status"));
    } catch (NotUpException e) {
      return Report.of("dfs is not up: start it with: " + Launcher.line("up", directory));
    } catch (IOException e) {
      return Report.of("the metadata server cannot be reached: " + Reasons.of(e));
    }
  }

  private void addProcesses(Report report) throws IOException {
    DataDirectory directory = data.asked();
    report.put("data", directory.root().toString());
    MountTable table = MountTable.read(MountTable.SELF);
    for (Found found : ProcessRecord.all(directory)) {
      ProcessRecord record = found.record();
      report.put("process " + record.pid(), record.state().toString().toLowerCase(Locale.ROOT));
      if (record.mountPoint().isEmpty() && !record.problem().isEmpty()) {
        report.add("process %d: %s".formatted(record.pid(), record.problem()));
      }
      if (record.mountPoint().isPresent()) {
        Path mountPoint = record.mountPoint().get();
        Optional<Mount> mounted = table.at(mountPoint).filter(Mount::isDfs);
        report.put("mount", mountPoint.toString());
        if (mounted.isEmpty() && record.state() == ProcessRecord.State.READY) {
          report.add(
              "%s is not mounted any more: %s and then %s mount it again"
                  .formatted(
                      mountPoint,
                      Launcher.line("down", directory),
                      Launcher.line("up", directory)));
        }
        if (!record.problem().isEmpty()) {
          report.add(unwell(found, mountPoint));
        }
      }
    }
  }

  /** A mount that cannot work at present, and what to do if that lasts. */
  private String unwell(Found found, Path mountPoint) {
    DataDirectory directory = data.asked();
    Path alone = Kind.MOUNT.file(directory, Optional.of(mountPoint));
    boolean isAlone = found.file().toAbsolutePath().equals(alone.toAbsolutePath());
    String named = " " + mountPoint;
    return "%s does not work: %s; it goes on by itself; if not, %s and then %s mount it again"
        .formatted(
            mountPoint,
            found.record().problem(),
            isAlone
                ? Launcher.line("umount", directory) + " --force" + named
                : Launcher.line("down", directory) + " --force",
            isAlone ? Launcher.line("mount", directory) + named : Launcher.line("up", directory));
  }
}

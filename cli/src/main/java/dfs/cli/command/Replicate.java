package dfs.cli.command;

import dfs.cli.verb.Quoted;
import dfs.cli.volume.Volume;
import dfs.client.path.VolumeTree;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dfs replication}: how many copies are kept of a file or a directory's files. */
@Command(
    name = "replication",
    mixinStandardHelpOptions = true,
    description =
        "Says, or sets, how many copies are kept of a file, or of a directory's new files.")
final class Replicate implements Callable<Integer> {
  private static final String VOLUMES = "default";

  @Parameters(
      arity = "1..2",
      paramLabel = "[COPIES] PATH",
      description = "1 to 8, or \"default\" for what the volume says; path inside the volume")
  private List<String> words = List.of();

  @Mixin private final DataOption data = new DataOption();
  @Mixin private final TimeoutOption timeout = new TimeoutOption();

  @Option(names = "-R", description = "of all that lies below a directory, too")
  private boolean recursive;

  @Option(
      names = "--min",
      paramLabel = "M",
      description =
          "with fewer copies than this writing waits, then fails; \"default\": 2, or 1 of one copy")
  private @Nullable String least;

  @Option(names = "--json", description = "as JSON")
  private boolean json;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    String path = words.getLast();
    boolean keeps = words.size() == 1;
    int kept = keeps ? Change.SetReplication.KEEP : number(words.getFirst(), "copies are");
    int min = least == null ? 0 : number(least, "--min is");
    if (kept > 0 && min > kept) {
      throw new ParameterException(
          spec.commandLine(), "--min %d is more than the %d copies".formatted(min, kept));
    }
    try (Volume volume = Volume.open(data.asked(), timeout.limit())) {
      Attributes _ = Paths.find(volume, path);
      if (!keeps || least != null) {
        long leftOut =
            volume.tree().setReplication(path, new VolumeTree.Copies(kept, min), recursive);
        if (leftOut > 0) {
          throw new FailedException(
              Quoted.inMessage(path),
              "%d files and directories below it keep fewer copies than %d and were left as they are"
                  .formatted(leftOut, min));
        }
      }
      say(Quoted.inMessage(path), Paths.find(volume, path), volume);
    }
    return Commands.DONE;
  }

  private void say(String path, Attributes found, Volume volume) throws IOException {
    boolean own = found.copies() > 0;
    Report status = Report.parse(volume.report("status"));
    int copies = own ? found.copies() : status.number("volume", "copies").orElse(0);
    int min = found.copiesMin() > 0 ? found.copiesMin() : Attributes.usualMin(copies);
    if (json) {
      Report report = Report.empty();
      report.put("path", path);
      report.put("copies", copies);
      report.put("copiesOwn", own);
      report.put("min", min);
      report.put("minOwn", found.copiesMin() > 0);
      report.put("warnings", warnings(path, copies, min, status));
      spec.commandLine().getOut().println(report.asJson());
    } else {
      spec.commandLine()
          .getOut()
          .println(
              "%s: %d%s%s"
                  .formatted(
                      path,
                      copies,
                      own ? "" : ", as the volume",
                      found.copiesMin() > 0 ? ", writing needs " + min : ""));
      for (String warning : warnings(path, copies, min, status)) {
        spec.commandLine().getOut().println("warning: " + warning);
      }
    }
  }

  /** What stops writing here, or would, and what is lost with a disk. */
  private List<String> warnings(String path, int copies, int min, Report status) {
    int servers = status.number("volume", "serversForNewBlocks").orElse(0);
    String remedy =
        "start more, or, where a lost disk may lose what is written meanwhile, let one copy do: "
            + Launcher.line("replication", data.asked())
            + " -R --min 1 "
            + path;
    List<String> warnings = new ArrayList<>();
    if (servers < min) {
      warnings.add(
          "too few chunk servers take new blocks, %d of %d that are needed: writing waits, then fails; "
                  .formatted(servers, min)
              + (min > 1 ? remedy : "start one"));
    } else if (servers == min && min > 1) {
      warnings.add(
          "no chunk server is to spare: when one of %d goes, writing waits, then fails; "
                  .formatted(servers)
              + remedy);
    }
    if (servers >= min && servers < copies) {
      warnings.add(
          "%d chunk servers take new blocks: what is written has %d of %d copies until there are more"
              .formatted(servers, servers, copies));
    }
    if (copies == 1) {
      warnings.add("1 copy: a lost disk loses data");
    } else {
      status.text("volume", "sharedDisks").ifPresent(warnings::add);
    }
    status.metadataWarning().ifPresent(warnings::add);
    return warnings;
  }

  private int number(String word, String what) {
    if (word.equals(VOLUMES)) {
      return 0;
    }
    try {
      int copies = Integer.parseInt(word);
      if (copies >= 1 && copies <= Attributes.COPIES_MAX) {
        return copies;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new ParameterException(
        spec.commandLine(),
        "%s 1 to %d or \"%s\", not %s".formatted(what, Attributes.COPIES_MAX, VOLUMES, word));
  }
}

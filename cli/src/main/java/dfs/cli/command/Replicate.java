package dfs.cli.command;

import dfs.cli.volume.Volume;
import dfs.protocol.metadata.Attributes;
import java.util.List;
import java.util.concurrent.Callable;
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

  @Option(names = "-R", description = "of all that lies below a directory, too")
  private boolean recursive;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    String path = words.getLast();
    try (Volume volume = Volume.open(data.directory())) {
      if (words.size() > 1) {
        volume.tree().setReplication(path, copies(words.getFirst()), recursive);
      }
      int copies = volume.tree().find(path).copies();
      String said =
          copies > 0
              ? String.valueOf(copies)
              : Report.parse(volume.report("status"))
                      .number("volume", "copies")
                      .map(String::valueOf)
                      .orElse("?")
                  + ", as the volume";
      spec.commandLine().getOut().println(path + ": " + said);
    }
    return Commands.DONE;
  }

  private int copies(String word) {
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
        "copies are 1 to %d or \"%s\", not %s".formatted(Attributes.COPIES_MAX, VOLUMES, word));
  }
}

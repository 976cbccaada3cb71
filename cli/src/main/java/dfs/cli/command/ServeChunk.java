package dfs.cli.command;

import dfs.cli.config.ChunkConfig;
import dfs.cli.config.ConfigException;
import dfs.cli.daemon.Daemon;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dfs chunk}: one chunk server, or those that a file names, as a process of its own. */
@Command(
    name = "chunk",
    mixinStandardHelpOptions = true,
    description = "Starts one chunk server alone, or those that a file names.")
final class ServeChunk implements Callable<Integer> {
  @Mixin private final DataOption data = new DataOption();

  @Option(names = "--foreground", description = "do not go into the background")
  private boolean foreground;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--number",
      paramLabel = "N",
      description = "which of the chunk servers of the data directory, from 1 on (default: 1)")
  private Optional<Integer> number = Optional.empty();

  @Mixin private final BackgroundOption background = new BackgroundOption();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "start the chunk servers of all data directories that this file names")
  private Optional<Path> file = Optional.empty();

  @Option(
      names = "--new",
      paramLabel = "DIR",
      description = "with --config: what was in this directory is gone for good, take it as new")
  private List<Path> fresh = List.of();

  @Option(names = "--example", description = "print a file for --config, with all keys explained")
  private boolean example;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    if (example) {
      out.print(ChunkConfig.example());
      out.flush();
      return Commands.DONE;
    }
    Daemon.Config config;
    try {
      config = file.isPresent() ? named(file.get()) : numbered();
    } catch (ConfigException e) {
      Start.print(e.problems(), spec.commandLine().getErr());
      return Commands.NOTHING_STARTED;
    }
    return new Start(config, "chunk", out, spec.commandLine().getErr())
        .run(
            foreground,
            record -> {
              out.println("data   " + config.data().root());
              out.println("log    " + config.log());
            });
  }

  private Daemon.Config numbered() {
    if (!fresh.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "--new: goes with --config");
    }
    int which = number.orElse(1);
    ChunkServersOption.check(spec.commandLine(), "--number", which);
    return Daemon.Config.chunk(data.directory(), which, background.asked());
  }

  private Daemon.Config named(Path path) throws IOException, ConfigException {
    if (data.isGiven() || number.isPresent() || background.isGiven()) {
      throw new ParameterException(
          spec.commandLine(),
          "--config: the file says everything; --data, --number, --scrub-... and --copy-rate do not"
              + " go with it");
    }
    ChunkConfig named = ChunkConfig.read(path, data.directory());
    List<Path> isNew = fresh.stream().map(one -> one.toAbsolutePath().normalize()).toList();
    for (Path one : isNew) {
      if (named.directories().stream().noneMatch(directory -> directory.path().equals(one))) {
        throw new ParameterException(
            spec.commandLine(), "--new: %s names no directory %s".formatted(path, one));
      }
    }
    return Daemon.Config.server(named, isNew);
  }
}

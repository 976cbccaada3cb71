package dfs.cli.command;

import dfs.cli.daemon.Daemon;
import dfs.cli.data.DataDirectory;
import dfs.cli.data.ProcessRecord;
import dfs.cli.data.ProcessRecord.Kind;
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
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dfs up}: a mounted file system on this machine, in one process. */
@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    description = "Starts dfs on this machine and mounts it.")
final class Up implements Callable<Integer> {
  @Parameters(
      arity = "0..1",
      paramLabel = "MOUNTPOINT",
      description = "where to mount (default: /mnt/dfs for root, ~/dfs otherwise)")
  private Optional<Path> mountPoint = Optional.empty();

  @Mixin private final DataOption data = new DataOption();

  @Option(names = "--foreground", description = "do not go into the background")
  private boolean foreground;

  @Option(names = "--no-mount", description = "serve only")
  private boolean noMount;

  @Option(
      names = "--port",
      description = "let the metadata server listen on this port of the loopback interface, too")
  private Optional<Integer> port = Optional.empty();

  @Mixin private final ChunkServersOption chunkServers = new ChunkServersOption();
  @Mixin private final ReplicationOption replication = new ReplicationOption();
  @Mixin private final BackgroundOption background = new BackgroundOption();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    Optional<Path> named =
        noMount ? Optional.empty() : mountPoint.map(path -> path.toAbsolutePath().normalize());
    Optional<Path> where =
        noMount
            ? Optional.empty()
            : Optional.of(named.orElseGet(Places::mountPoint).toAbsolutePath().normalize());
    List<Integer> numbers = chunkServers.numbers(data.directory());
    Optional<Integer> copies = replication.asked().copies();
    if (copies.isPresent() && copies.get() > numbers.size()) {
      throw new ParameterException(
          spec.commandLine(),
          "%d copies need as many chunk servers, not %d: add --chunk-servers %d"
              .formatted(copies.get(), numbers.size(), copies.get()));
    }
    Daemon.Config config =
        new Daemon.Config(
            Kind.ALL,
            data.directory(),
            where,
            port,
            numbers,
            replication.asked(),
            background.asked());
    PrintWriter out = spec.commandLine().getOut();
    return new Start(config, "up", out, spec.commandLine().getErr())
        .run(foreground, named, record -> announce(config, record, out));
  }

  private void announce(Daemon.Config config, ProcessRecord record, PrintWriter out) {
    // Before anything is said: who hears that it serves finds nobody else looking at it.
    List<String> warnings = Status.of(data.directory(), TimeoutOption.USUAL).warnings();
    Optional<Path> mounted = record.mountPoint();
    out.println("mount  " + mounted.map(Path::toString).orElse("none"));
    out.println("data   " + config.data().root());
    out.println("log    " + config.log());
    warnings.forEach(warning -> out.println("warning: " + warning));
    out.println("Try:");
    DataDirectory about = data.directory();
    out.println(
        mounted.isPresent()
            ? "  echo hello > " + mounted.get().resolve("hello")
            : "  " + Launcher.line("put", about) + " /etc/hostname /hello");
    out.println("  " + Launcher.line("ls", about) + " -l /");
    out.println("  " + Launcher.line("status", about));
  }
}

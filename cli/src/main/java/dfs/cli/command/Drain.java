package dfs.cli.command;

import dfs.cli.volume.Volume;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dfs drain}: takes everything away from chunk servers. */
@Command(
    name = "drain",
    mixinStandardHelpOptions = true,
    description =
        "Moves everything from a chunk server, or all of a host, to others; says when it can be"
            + " taken away.")
final class Drain implements Callable<Integer> {
  private static final long LOOK_MILLIS = 1000;
  private static final int LOOKS_UNTIL_HINT = 30;

  @Mixin private final ServersArgument servers = new ServersArgument();
  @Mixin private final DataOption data = new DataOption();
  @Mixin private final TimeoutOption timeout = new TimeoutOption();

  @Option(names = "--no-wait", description = "return at once; dfs status tells how far it is")
  private boolean noWait;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    try (Volume volume = Volume.open(data.asked(), timeout.limit())) {
      List<Long> left = new ArrayList<>(servers.ids(Report.parse(volume.report("status"))));
      for (long server : left) {
        volume.drain(server, true);
      }
      Map<Long, Long> shown = new HashMap<>();
      int looks = 0;
      while (true) {
        Report status = Report.parse(volume.report("status"));
        if (left.removeIf(server -> isEmpty(server, status, out))) {
          looks = 0;
        }
        if (left.isEmpty()) {
          return Commands.DONE;
        }
        for (long server : left) {
          looks = show(server, status.blocksOn(server), shown, out) ? 0 : looks;
        }
        if (++looks == LOOKS_UNTIL_HINT) {
          hint(left, out);
        }
        out.flush();
        if (noWait) {
          return Commands.DONE;
        }
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
    }
  }

  /** Whether one can be taken away, which is said. */
  private boolean isEmpty(long server, Report status, PrintWriter out) {
    if (!status.blocksOn(server).equals(Optional.of(0L))) {
      return false;
    }
    out.println(
        "chunk server %d has nothing that is needed: take it away, then: %s %d"
            .formatted(server, Launcher.line("forget-server", data.asked()), server));
    return true;
  }

  /** Says how many blocks are left if they are others than before; whether they are. */
  private static boolean show(
      long server, Optional<Long> blocks, Map<Long, Long> shown, PrintWriter out) {
    if (blocks.isEmpty() || blocks.get().equals(shown.put(server, blocks.get()))) {
      return false;
    }
    out.println("chunk server %d is draining: %d blocks are left".formatted(server, blocks.get()));
    return true;
  }

  private void hint(List<Long> left, PrintWriter out) {
    out.println(
        "nothing moves: others need space for it, or there are too few of them: start more"
            + " chunk servers, or let it be with:");
    left.forEach(
        server -> out.println("  " + Launcher.line("undrain", data.asked()) + " " + server));
  }
}

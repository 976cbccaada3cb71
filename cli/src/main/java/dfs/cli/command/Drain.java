package dfs.cli.command;

import dfs.cli.volume.Volume;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dfs drain}: takes everything away from a chunk server. */
@Command(
    name = "drain",
    mixinStandardHelpOptions = true,
    description = "Moves everything from a chunk server to others; says when it can be taken away.")
final class Drain implements Callable<Integer> {
  private static final long LOOK_MILLIS = 1000;
  private static final int LOOKS_UNTIL_HINT = 30;

  @Parameters(paramLabel = "SERVER", description = "its id: see dfs status")
  private long server;

  @Mixin private final DataOption data = new DataOption();

  @Option(names = "--no-wait", description = "return at once; dfs status tells how far it is")
  private boolean noWait;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    try (Volume volume = Volume.open(data.directory())) {
      volume.drain(server, true);
      long shown = -1;
      int looks = 0;
      while (true) {
        Optional<Long> left = Report.parse(volume.report("status")).blocksOn(server);
        if (left.isPresent() && left.get() == 0) {
          out.println(
              "chunk server "
                  + server
                  + " has nothing that is needed: take it away, then: "
                  + Launcher.line("forget-server", data.directory())
                  + " "
                  + server);
          return Commands.DONE;
        }
        if (left.isPresent() && left.get() != shown) {
          shown = left.get();
          looks = 0;
          out.println("chunk server " + server + " is draining: " + shown + " blocks are left");
          out.flush();
        }
        if (++looks == LOOKS_UNTIL_HINT) {
          out.println(
              "nothing moves: others need space for it, or there are too few of them: start more"
                  + " chunk servers, or let it be with: "
                  + Launcher.line("undrain", data.directory())
                  + " "
                  + server);
          out.flush();
        }
        if (noWait) {
          return Commands.DONE;
        }
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
    }
  }
}

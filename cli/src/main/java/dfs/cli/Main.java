package dfs.cli;

import dfs.cli.command.Commands;
import dfs.cli.verb.Arguments;
import dfs.cli.verb.Interruption;
import dfs.cli.verb.Streams;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** Where the JVM starts; {@code scripts/dfs} starts the JVM. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    Interruption interruption = new Interruption();
    // After it the status is 128 and the number of the signal.
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(interruption::end));
    int status =
        Commands.run(Streams.ofThisProcess(), interruption, out, err, Arguments.raw(arguments));
    out.flush();
    // threads of libraries do not keep the process
    System.exit(status);
  }
}

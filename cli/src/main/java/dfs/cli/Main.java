package dfs.cli;

import dfs.cli.command.Commands;
import dfs.cli.verb.Arguments;
import dfs.cli.verb.Streams;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** Where the JVM starts; {@code scripts/dfs} starts the JVM. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int status = Commands.run(Streams.ofThisProcess(), out, err, Arguments.raw(arguments));
    out.flush();
    // threads of libraries do not keep the process
    System.exit(status);
  }
}

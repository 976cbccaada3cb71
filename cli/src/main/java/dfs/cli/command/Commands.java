package dfs.cli.command;

import dfs.cli.daemon.LogFile;
import dfs.cli.data.DataDirectory;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** Runs a command line: 0 done, 1 failed, 2 not understood, or nothing was started. */
public final class Commands {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int NOTHING_STARTED = 2;

  private Commands() {}

  /** Runs the command that the arguments say, and returns the exit status. */
  public static int run(PrintWriter out, PrintWriter err, String... arguments) {
    CommandLine line = new CommandLine(new Dfs());
    line.setOut(out);
    line.setErr(err);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler(
        (e, given) -> {
          err.println("dfs: " + e.getMessage());
          err.println("Try: " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
          return NOTHING_STARTED;
        });
    line.setExecutionExceptionHandler((e, command, parsed) -> failed(e, err, command));
    return line.execute(arguments);
  }

  private static int failed(Exception e, PrintWriter err, CommandLine command) {
    if (Reasons.isExpected(e)) {
      err.println("dfs: " + Reasons.of(e));
    } else {
      err.println("dfs: internal error: " + e + logged(e, command));
    }
    return FAILED;
  }

  /** The trace is for the log, if there is one; says where. */
  private static String logged(Exception e, CommandLine command) {
    Object data =
        command.getCommandSpec().mixins().values().stream()
            .map(mixin -> mixin.userObject())
            .filter(DataOption.class::isInstance)
            .findFirst()
            .orElse(null);
    if (!(data instanceof DataOption option)) {
      return "";
    }
    DataDirectory directory = option.directory();
    Path file = directory.log().resolve("command.log");
    if (!Files.isWritable(directory.log())) {
      return "";
    }
    LogFile.open(file);
    LoggerFactory.getLogger(Commands.class).error("dfs {} failed", command.getCommandName(), e);
    return " (see " + file + ")";
  }
}

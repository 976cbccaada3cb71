package dfs.cli.command;

import dfs.cli.daemon.LogFile;
import dfs.cli.data.DataDirectory;
import dfs.cli.verb.DashLine;
import dfs.cli.verb.Interruption;
import dfs.cli.verb.RecordSchema;
import dfs.cli.verb.Streams;
import dfs.cli.verb.VerbLine;
import dfs.cli.verb.Verbs;
import dfs.client.volume.NotUpException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Runs a command line: 0 done, 1 failed, 2 not understood, or nothing was started. */
public final class Commands {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int NOTHING_STARTED = 2;

  private static final String SCHEMA = "--schema";
  private static final String MAN = "--man";

  /** What help writes for others than people at a terminal. */
  private static final List<String> WRITTEN = List.of(MAN, SCHEMA, "--completion");

  private static final List<String> HELP = List.of("help", "--help", "-h");

  private Commands() {}

  /** Runs the command that the arguments say, with text for output; returns the exit status. */
  public static int run(PrintWriter out, PrintWriter err, String... arguments) {
    return run(Streams.of(out, err), out, err, arguments);
  }

  /**
   * Runs the command that the arguments say in a process that no signal ends, and returns the exit
   * status.
   *
   * @param streams what the file verbs read and write
   */
  public static int run(Streams streams, PrintWriter out, PrintWriter err, String... arguments) {
    return run(streams, new Interruption(), out, err, arguments);
  }

  /**
   * Runs the command that the arguments say, and returns the exit status.
   *
   * @param streams what the file verbs read and write
   * @param interruption how a signal ends them
   * @param arguments bytes that are no part of UTF-8 as surrogates (PEP 383)
   */
  public static int run(
      Streams streams,
      Interruption interruption,
      PrintWriter out,
      PrintWriter err,
      String... arguments) {
    if (arguments.length > 0 && Verbs.NAMES.contains(arguments[0])) {
      return new VerbLine(streams, Places.here(interruption)).run(arguments);
    }
    if (arguments.length > 0 && DashLine.begins(arguments[0])) {
      return new DashLine(streams, Places.here(interruption)).run(arguments);
    }
    CommandLine line = new CommandLine(new Dfs());
    boolean help = arguments.length > 0 && HELP.contains(arguments[0]);
    if (help && arguments.length == 2 && WRITTEN.contains(arguments[1])) {
      out.print(
          switch (arguments[1]) {
            case MAN -> Manual.text();
            case SCHEMA -> RecordSchema.text();
            default -> Completion.script();
          });
      out.flush();
      return DONE;
    }
    if (help && arguments.length > 1) {
      String asked = arguments[1];
      boolean known = Verbs.NAMES.contains(asked) || line.getSubcommands().containsKey(asked);
      return known
          ? run(streams, out, err, asked, "--help")
          : run(
              streams,
              out,
              err,
              DashLine.begins(asked) ? new String[] {"-help", asked} : new String[] {asked});
    }
    if (help) {
      for (String name : Verbs.NAMES) {
        CommandSpec command = CommandSpec.create().name(name);
        // A percent sign begins a format there.
        String summary = Verbs.spec(name).orElseThrow().summary().replace("%", "%%");
        command.usageMessage().description(summary);
        line.addSubcommand(name, command);
      }
      line.usage(out);
      return DONE;
    }
    line.setOut(out);
    line.setErr(err);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler(
        (e, given) -> {
          err.println("dfs: " + misunderstood(e));
          err.println("Try: " + Launcher.line(help(e.getCommandLine().getCommandSpec())));
          return NOTHING_STARTED;
        });
    line.setExecutionExceptionHandler((e, command, parsed) -> failed(e, err, command));
    return line.execute(arguments);
  }

  /** The first thing that was not understood; what else is wrong shows when this is put right. */
  private static String misunderstood(ParameterException e) {
    if (!(e instanceof UnmatchedArgumentException unmatched)
        || unmatched.getUnmatched().isEmpty()) {
      return String.valueOf(e.getMessage());
    }
    String first = unmatched.getUnmatched().getFirst();
    boolean noCommand = e.getCommandLine().getCommandSpec().parent() == null;
    if (first.startsWith("-")) {
      return first
          + ": there is no such option"
          + (noCommand ? " before a command; put it behind" : "");
    }
    return first + (noCommand ? ": there is no such command" : ": is one argument too many");
  }

  private static String help(CommandSpec command) {
    return (command.parent() == null ? "" : command.name() + " ") + "--help";
  }

  private static int failed(Exception e, PrintWriter err, CommandLine command) {
    if (Reasons.isExpected(e)) {
      err.println("dfs: " + Reasons.of(e));
      if (e instanceof NotUpException notUp) {
        err.println("    start it with: " + Launcher.line("up", new DataDirectory(notUp.data())));
      }
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

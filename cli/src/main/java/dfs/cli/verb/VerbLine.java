package dfs.cli.verb;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * A command line that begins with a verb: reads it, does it, and says with which status it ends.
 */
public final class VerbLine {
  /** Status: all was done. */
  public static final int DONE = 0;

  /** Status: something failed, and was said. */
  public static final int FAILED = 1;

  /** Status: the command line means nothing, and nothing was done. */
  public static final int MISUSED = 2;

  /** Status of who writes where nobody reads, as a shell sees SIGPIPE. */
  private static final int BROKEN_PIPE = 128 + 13;

  private static final int TIMEOUT_SECONDS = 10;

  /** Their last call waits until all that was written is on the disks. */
  private static final int TIMEOUT_OF_WRITERS_SECONDS = 60;

  private static final List<String> WRITERS = List.of("put", "cp", "mv", "appendToFile");
  private static final int TIMEOUT_SECONDS_MAX = 86_400;

  private final Streams streams;
  private final Defaults defaults;
  private final Clusters.Opening opening;

  public VerbLine(Streams streams, Defaults defaults) {
    this(streams, defaults, Clusters::connect);
  }

  /**
   * @param opening how a cluster is reached
   */
  VerbLine(Streams streams, Defaults defaults, Clusters.Opening opening) {
    this.opening = opening;
    this.streams = streams;
    this.defaults = defaults;
  }

  /** How a verb is parsed, and its help. */
  public static CommandSpec commandOf(VerbSpec spec) {
    CommandSpec command = CommandSpec.create().name(spec.name());
    command.usageMessage().description(escaped(spec.summary()));
    command.usageMessage().customSynopsis("dfs " + spec.name() + " [OPTION...] " + spec.operands());
    for (VerbSpec.Flag flag : spec.flags()) {
      command.addOption(option(flag));
    }
    command.addOption(
        option(
            VerbSpec.valued(
                "--data", "DIR", "the data directory of the cluster (default: see dfs help)")));
    command.addOption(
        option(
            VerbSpec.valued(
                "--timeout",
                "SECONDS",
                "how long a server is waited for (default: 10, or 60 to write contents)")));
    command.addOption(
        OptionSpec.builder("--help").usageHelp(true).description("show this help").build());
    if (spec.operandsMax() > 0) {
      command.addPositional(
          PositionalParamSpec.builder()
              .paramLabel(spec.operands())
              .arity("0..*")
              .type(String[].class)
              .auxiliaryTypes(String.class)
              .hidden(true)
              .build());
    }
    return command;
  }

  private static OptionSpec option(VerbSpec.Flag flag) {
    OptionSpec.Builder option =
        OptionSpec.builder(flag.names().toArray(String[]::new))
            .description(escaped(flag.summary()));
    return flag.label().isEmpty()
        ? option.type(boolean.class).arity("0").build()
        : option.type(String.class).arity("1").paramLabel(flag.label()).build();
  }

  /** A percent sign begins a format there. */
  private static String escaped(String text) {
    return text.replace("%", "%%");
  }

  /**
   * Does what a command line says.
   *
   * @param arguments the first is the name of a verb
   * @return the exit status
   */
  public int run(String... arguments) {
    try {
      Verb verb = Verbs.named(arguments[0]).orElseThrow();
      return run(verb, Arrays.copyOfRange(arguments, 1, arguments.length));
    } catch (IOException e) {
      // There is nobody left who could be told.
      return FAILED;
    }
  }

  private int run(Verb verb, String[] words) throws IOException {
    VerbSpec spec = verb.spec();
    CommandLine line = new CommandLine(commandOf(spec));
    line.setExpandAtFiles(false);
    line.setTrimQuotes(false);
    line.setOverwrittenOptionsAllowed(true);
    try {
      ParseResult parsed = line.parseArgs(words);
      if (parsed.isUsageHelpRequested()) {
        StringWriter help = new StringWriter();
        line.usage(new PrintWriter(help, true));
        streams.out().write(help.toString().getBytes(StandardCharsets.UTF_8));
        streams.out().flush();
        return DONE;
      }
      count(spec, parsed);
      return run(verb, parsed);
    } catch (ParameterException e) {
      return misused(spec, misunderstood(e));
    } catch (UsageException e) {
      return misused(spec, String.valueOf(e.getMessage()));
    } catch (InvalidPathException e) {
      return misused(spec, Quoted.inMessage(e.getInput()) + ": " + e.getReason());
    }
  }

  private static void count(VerbSpec spec, ParseResult parsed) {
    int given = 0;
    if (!parsed.matchedPositionals().isEmpty()) {
      given = parsed.matchedPositional(0).<String[]>getValue().length;
    }
    if (given < spec.operandsMin()) {
      throw new UsageException("an operand is missing: " + spec.operands());
    }
    if (given > spec.operandsMax()) {
      String[] all = parsed.matchedPositional(0).getValue();
      throw new UsageException(
          Quoted.inMessage(all[spec.operandsMax()]) + ": is one argument too many");
    }
  }

  private int run(Verb verb, ParseResult parsed) throws IOException {
    int usual = WRITERS.contains(verb.spec().name()) ? TIMEOUT_OF_WRITERS_SECONDS : TIMEOUT_SECONDS;
    Duration timeout =
        timeout(Optional.ofNullable(parsed.matchedOptionValue("--timeout", null)), usual);
    try (Call call = new Call(verb.spec(), parsed, streams, defaults, timeout, opening)) {
      try {
        verb.run(call);
        call.out().flush();
      } catch (Output.ClosedException e) {
        if (e.isBrokenPipe()) {
          return BROKEN_PIPE;
        }
        throw e;
      }
      return call.hasFailed() ? FAILED : DONE;
    } catch (NoClusterException e) {
      String start = defaults.data().getFirst().equals(e.data()) ? "up" : "up --data " + e.data();
      say(e.getMessage() + "\n    start it with: " + defaults.line().apply(start));
      return FAILED;
    } catch (FileSystemException e) {
      String file = e.getFile() == null ? "" : Quoted.inMessage(e.getFile()) + ": ";
      say(file + Reasons.of(e));
      return FAILED;
    } catch (DirectoryIteratorException e) {
      say(Reasons.of(Reasons.causeOf(e)));
      return FAILED;
    } catch (IOException e) {
      say(Reasons.of(e));
      return FAILED;
    }
  }

  private static Duration timeout(Optional<String> text, int usual) {
    long seconds = text.isEmpty() ? usual : Sizes.number("--timeout", text.get());
    if (seconds < 1 || seconds > TIMEOUT_SECONDS_MAX) {
      throw new UsageException(
          "--timeout is 1 to " + TIMEOUT_SECONDS_MAX + " seconds, not " + seconds);
    }
    return Duration.ofSeconds(seconds);
  }

  private static String misunderstood(ParameterException e) {
    if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
      String first = Quoted.inMessage(unmatched.getUnmatched().getFirst());
      return first.startsWith("-")
          ? first + ": there is no such option"
          : first + ": is one argument too many";
    }
    return ByteText.readable(String.valueOf(e.getMessage()));
  }

  private int misused(VerbSpec spec, String why) throws IOException {
    say(why + "\nTry: " + defaults.line().apply(spec.name() + " --help"));
    return MISUSED;
  }

  private void say(String text) throws IOException {
    streams.err().write(ByteText.bytes("dfs: " + text + "\n"));
    streams.err().flush();
  }
}

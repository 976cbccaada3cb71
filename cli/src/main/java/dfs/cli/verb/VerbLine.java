package dfs.cli.verb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.ProviderMismatchException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

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

  /**
   * Status of who was told to end, as a shell sees SIGINT; for other signals the JVM has others.
   */
  private static final int INTERRUPTED = 128 + 2;

  private static final int TIMEOUT_SECONDS = 10;

  /** Their last call waits until all that was written is on the disks. */
  private static final int TIMEOUT_OF_WRITERS_SECONDS = 60;

  private static final List<String> WRITERS =
      List.of("put", "cp", "mv", "appendToFile", "snapshot", "restore", "undelete");
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
    try {
      Given given = Given.parse(spec, List.of(words));
      if (given.has("--help")) {
        streams.out().write(Help.of(spec).getBytes(StandardCharsets.UTF_8));
        streams.out().flush();
        return DONE;
      }
      count(spec, given.operands());
      return run(verb, given);
    } catch (UsageException e) {
      return misused(spec, String.valueOf(e.getMessage()));
    } catch (InvalidPathException e) {
      return misused(spec, Quoted.inMessage(e.getInput()) + ": " + e.getReason());
    }
  }

  private static void count(VerbSpec spec, List<String> operands) {
    if (operands.size() < spec.operandsMin()) {
      throw new UsageException("an operand is missing: " + spec.operands());
    }
    if (operands.size() > spec.operandsMax()) {
      throw new UsageException(
          Quoted.inMessage(operands.get(spec.operandsMax())) + ": is one argument too many");
    }
  }

  private int run(Verb verb, Given given) throws IOException {
    return run(verb, given, Manners.USUAL, WRITERS.contains(verb.spec().name()));
  }

  /**
   * Does what was understood.
   *
   * @param writes whether it writes contents, which may take longer
   */
  int run(Verb verb, Given given, Manners manners, boolean writes) throws IOException {
    Interruption interruption = defaults.interruption();
    interruption.begin();
    try {
      return done(verb, given, manners, writes);
    } catch (IOException | RuntimeException e) {
      if (interruption.isAsked()) {
        // What fails now fails because it was ended.
        return INTERRUPTED;
      }
      throw e;
    }
  }

  private int done(Verb verb, Given given, Manners manners, boolean writes) throws IOException {
    int usual = writes ? TIMEOUT_OF_WRITERS_SECONDS : TIMEOUT_SECONDS;
    Duration timeout = timeout(given.value("--timeout"), usual);
    try (Call call = new Call(given, manners, streams, defaults, timeout, opening)) {
      try {
        verb.run(call);
        call.out().flush();
      } catch (Output.ClosedException e) {
        if (e.isBrokenPipe()) {
          return BROKEN_PIPE;
        }
        throw e;
      } catch (FileSystemException e) {
        if (e.getFile() == null) {
          throw e;
        }
        say(manners, manners.failure(call.said(e.getFile()), e));
        return verb.failedStatus();
      }
      return call.hasFailed() ? verb.failedStatus() : call.status();
    } catch (NoClusterException e) {
      String start = defaults.data().getFirst().equals(e.data()) ? "up" : "up --data " + e.data();
      say(manners, e.getMessage() + "\n    start it with: " + defaults.line().apply(start));
      return verb.failedStatus();
    } catch (Call.EndedException e) {
      return verb.failedStatus();
    } catch (FileSystemException e) {
      say(
          manners,
          e.getFile() == null ? Reasons.of(e) : manners.failure(String.valueOf(e.getFile()), e));
      return verb.failedStatus();
    } catch (ProviderMismatchException e) {
      say(manners, "the paths are of two file systems, and this works within one alone");
      return FAILED;
    } catch (DirectoryIteratorException e) {
      say(manners, Reasons.of(Reasons.causeOf(e)));
      return verb.failedStatus();
    } catch (UncheckedIOException e) {
      // A temporary file cannot be read.
      say(manners, Reasons.of(Objects.requireNonNull(e.getCause())));
      return verb.failedStatus();
    } catch (IOException e) {
      say(manners, Reasons.of(e));
      return verb.failedStatus();
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

  private int misused(VerbSpec spec, String why) throws IOException {
    say(Manners.USUAL, why + "\nTry: " + defaults.line().apply(spec.name() + " --help"));
    return MISUSED;
  }

  private void say(Manners manners, String text) throws IOException {
    defaults.interruption().check();
    streams.err().write(ByteText.bytes(manners.prefix() + text + "\n"));
    streams.err().flush();
  }
}

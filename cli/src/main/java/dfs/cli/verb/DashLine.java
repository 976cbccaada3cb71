package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A command line that begins with a verb behind a dash: the tradition of Hadoop's {@code hdfs dfs},
 * whose options, output, messages and status it has.
 */
public final class DashLine {
  /** Status: the command line means nothing, and nothing was done; -1 as a shell sees it. */
  public static final int MISUSED = 255;

  private static final List<String> COPIES =
      List.of("put", "get", "cp", "copyFromLocal", "copyToLocal", "moveFromLocal", "appendToFile");

  private final Streams streams;
  private final VerbLine line;

  public DashLine(Streams streams, Defaults defaults) {
    this(streams, new VerbLine(streams, defaults));
  }

  /**
   * @param line what does it
   */
  DashLine(Streams streams, VerbLine line) {
    this.streams = streams;
    this.line = line;
  }

  /** Whether a command line that begins with this word is of this tradition. */
  public static boolean begins(String word) {
    return word.length() > 2 && word.charAt(0) == '-' && Character.isLetter(word.charAt(1));
  }

  /** What verbs there are, without their dashes; their operands are all that they take. */
  public static List<VerbSpec> specs() {
    return DashVerbs.NAMES.stream()
        .map(name -> DashVerbs.named(name).orElseThrow().spec())
        .toList();
  }

  /**
   * Does what a command line says.
   *
   * @param arguments the first is a dash and the name of a verb
   * @return the exit status
   */
  public int run(String... arguments) {
    try {
      String name = arguments[0].substring(1);
      List<String> words = Arrays.asList(arguments).subList(1, arguments.length);
      if (name.equals("help") || name.equals("usage")) {
        return help(words, name.equals("help"));
      }
      Optional<DashVerb> verb = DashVerbs.named(name);
      if (verb.isEmpty()) {
        return misused("-" + name + ": Unknown command\n" + DashVerbs.usage());
      }
      return run(verb.get(), words);
    } catch (IOException e) {
      // There is nobody left who could be told.
      return VerbLine.FAILED;
    }
  }

  private int run(DashVerb verb, List<String> words) throws IOException {
    VerbSpec spec = verb.spec();
    try {
      Given given = verb.understood(words);
      if (given.has("--help")) {
        return help(List.of(spec.name()), true);
      }
      int count = given.operands().size();
      if (count < spec.operandsMin()) {
        throw new UsageException(
            "Not enough arguments: expected %d but got %d".formatted(spec.operandsMin(), count));
      }
      if (count > spec.operandsMax()) {
        throw new UsageException(
            "Too many arguments: expected %d but got %d".formatted(spec.operandsMax(), count));
      }
      return line.run(verb, given, new DashManners(spec.name()), COPIES.contains(spec.name()));
    } catch (UsageException e) {
      return misused("-" + spec.name() + ": " + e.getMessage() + "\n" + verb.usage());
    } catch (InvalidPathException e) {
      return misused("-" + spec.name() + ": " + Quoted.inMessage(e.getInput()) + " is no path");
    }
  }

  private int help(List<String> names, boolean whole) throws IOException {
    if (names.isEmpty()) {
      print(DashVerbs.usage());
      return VerbLine.DONE;
    }
    for (String name : names) {
      String plain = name.startsWith("-") ? name.substring(1) : name;
      Optional<DashVerb> verb = DashVerbs.named(plain);
      if (verb.isEmpty()) {
        return misused((whole ? "-help: `" : "-usage: `") + name + "': Unknown command");
      }
      print(verb.get().usage() + (whole ? "\n  " + verb.get().spec().summary() : ""));
    }
    return VerbLine.DONE;
  }

  private void print(String text) throws IOException {
    streams.out().write(ByteText.bytes(text + "\n"));
    streams.out().flush();
  }

  private int misused(String text) throws IOException {
    streams.err().write(ByteText.bytes(text + "\n"));
    streams.err().flush();
    return MISUSED;
  }
}

package dfs.cli.command;

import dfs.cli.verb.DashLine;
import dfs.cli.verb.VerbSpec;
import dfs.cli.verb.Verbs;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * What a person reads of one command, whichever way it is written down: in the help, in the manual,
 * and what completion offers.
 *
 * @param operands as they are written behind the options
 */
record Page(String name, String operands, String summary, List<Option> options) {
  /**
   * An option.
   *
   * @param names each with its dashes
   * @param label of its value; empty: it has none
   */
  record Option(List<String> names, String label, String summary) {}

  /** Of all verbs and commands, in the order of help. */
  static List<Page> all() {
    List<Page> pages = new ArrayList<>();
    new CommandLine(new Dfs())
        .getSubcommands()
        .forEach((name, line) -> pages.add(of(line.getCommandSpec())));
    for (String name : Verbs.NAMES) {
      pages.add(of("", Verbs.spec(name).orElseThrow()));
    }
    for (VerbSpec spec : DashLine.specs()) {
      pages.add(of("-", spec));
    }
    return pages;
  }

  /**
   * @param dash what its name is written behind
   */
  private static Page of(String dash, VerbSpec spec) {
    List<Option> options = new ArrayList<>();
    for (VerbSpec.Flag flag : spec.allFlags()) {
      options.add(new Option(flag.names(), flag.label(), flag.summary()));
    }
    return new Page(dash + spec.name(), spec.operands(), spec.summary(), options);
  }

  private static Page of(CommandSpec spec) {
    List<String> operands = new ArrayList<>();
    for (PositionalParamSpec operand : spec.positionalParameters()) {
      operands.add(operand.paramLabel());
    }
    List<Option> options = new ArrayList<>();
    for (OptionSpec option : spec.options()) {
      options.add(
          new Option(
              List.of(option.names()),
              option.arity().max() == 0 ? "" : option.paramLabel(),
              text(option.description())));
    }
    return new Page(
        spec.name(), String.join(" ", operands), text(spec.usageMessage().description()), options);
  }

  /** A percent sign begins a format there. */
  private static String text(String[] lines) {
    return String.join(" ", lines).replace("%%", "%").replace("%n", " ");
  }
}

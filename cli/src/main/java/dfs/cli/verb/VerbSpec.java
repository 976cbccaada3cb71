package dfs.cli.verb;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a verb is called and takes: the one source of its help and of what is tested.
 *
 * @param operands as help shows them
 * @param operandsMin so many at least
 * @param operandsMax so many at most
 * @param summary a sentence
 */
public record VerbSpec(
    String name,
    Kind kind,
    String operands,
    int operandsMin,
    int operandsMax,
    String summary,
    List<Flag> flags) {
  static final int ANY = Integer.MAX_VALUE;

  /** What every verb takes. */
  static final List<Flag> COMMON =
      List.of(
          valued("--data", "DIR", "the data directory of the cluster (default: see dfs help)"),
          valued(
              "--timeout",
              "SECONDS",
              "how long a server is waited for (default: 10, or 60 to write contents)"),
          flag("--help", "show this help"));

  static final String AS_OF = "--as-of";

  /** These take what they copy from the past. */
  private static final List<String> PAST_SOURCES = List.of("cp", "get");

  /** These are about times already. */
  private static final List<String> OF_ALL_TIMES = List.of("history", "diff");

  /** What a verb does to the volume. */
  public enum Kind {
    READS,
    CHANGES,
    DESTROYS
  }

  /**
   * An option.
   *
   * @param names each with its dashes
   * @param label of its value; empty: it has none
   */
  public record Flag(List<String> names, String label, String summary) {}

  static VerbSpec of(
      String name, Kind kind, String operands, int min, int max, String summary, Flag... flags) {
    List<Flag> all = new ArrayList<>(List.of(flags));
    if ((kind == Kind.READS && !OF_ALL_TIMES.contains(name)) || PAST_SOURCES.contains(name)) {
      all.add(asOf());
    }
    if (kind == Kind.DESTROYS) {
      all.add(flag("-n --dry-run", "say what would be done, and do nothing"));
    }
    return new VerbSpec(name, kind, operands, min, max, summary, List.copyOf(all));
  }

  /** The option that says a time. */
  static Flag asOf() {
    return valued(
        AS_OF,
        "TIME",
        "what was then: 2026-11-22T10:00, 2026-11-22T10:00:00Z, 10:00, \"yesterday 10:00\","
            + " 30s, 5m, 2h, 3d ago, or @NAME of a snapshot");
  }

  /**
   * An option without a value.
   *
   * @param names with a blank between two
   */
  static Flag flag(String names, String summary) {
    return valued(names, "", summary);
  }

  /** An option with a value. */
  static Flag valued(String names, String label, String summary) {
    return new Flag(words(names), label, summary);
  }

  /** The option of who prints records. */
  static Flag json() {
    return flag("--json", "an object of JSON for each, on a line of its own");
  }

  /** Whether it has this option. */
  public boolean has(String option) {
    return flags.stream().anyMatch(flag -> flag.names().contains(option));
  }

  /** Its own options, and those that every verb has. */
  public List<Flag> allFlags() {
    List<Flag> all = new ArrayList<>(flags);
    all.addAll(COMMON);
    return all;
  }

  /** The option of this name. */
  Optional<Flag> flag(String name) {
    for (Flag flag : allFlags()) {
      if (flag.names().contains(name)) {
        return Optional.of(flag);
      }
    }
    return Optional.empty();
  }

  private static List<String> words(String names) {
    int blank = names.indexOf(' ');
    return blank < 0
        ? List.of(names)
        : List.of(names.substring(0, blank), names.substring(blank + 1));
  }
}

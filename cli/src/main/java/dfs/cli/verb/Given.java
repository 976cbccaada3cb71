package dfs.cli.verb;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The words behind a verb, read as getopt_long(3) does: options before and behind operands, letters
 * together ({@code -lh}), a value in the same word or in the next one, and operands alone behind
 * {@code --}. An option that is given twice has its last value.
 */
final class Given {
  private static final String END_OF_OPTIONS = "--";

  private final VerbSpec spec;

  /** Values by each name of an option; empty: it has none. */
  private final Map<String, String> options = new LinkedHashMap<>();

  private final List<String> operands = new ArrayList<>();
  private final List<String> words;
  private int next;

  private Given(VerbSpec spec, List<String> words) {
    this.spec = spec;
    this.words = words;
  }

  /**
   * Reads words.
   *
   * @throws UsageException if there is no such option, or its value is missing
   */
  static Given parse(VerbSpec spec, List<String> words) {
    Given given = new Given(spec, words);
    given.read();
    return given;
  }

  /**
   * Reads words as Hadoop's shell does: each option is a word of its own, and the first word that
   * is none begins the operands.
   *
   * @throws UsageException if there is no such option
   */
  static Given leading(VerbSpec spec, List<String> words) {
    Given given = new Given(spec, words);
    given.readLeading();
    return given;
  }

  private void readLeading() {
    while (next < words.size()) {
      String word = words.get(next);
      if (!word.startsWith("-") || word.length() == 1) {
        break;
      }
      next++;
      if (word.equals(END_OF_OPTIONS)) {
        break;
      }
      VerbSpec.Flag flag =
          spec.flag(word).orElseThrow(() -> new UsageException("Illegal option " + word));
      put(flag, word, Optional.empty());
    }
    operands.addAll(words.subList(next, words.size()));
  }

  private void read() {
    while (next < words.size()) {
      String word = words.get(next++);
      if (word.equals(END_OF_OPTIONS)) {
        operands.addAll(words.subList(next, words.size()));
        return;
      }
      if (!word.startsWith("-") || word.length() == 1) {
        operands.add(word);
      } else if (!isWhole(word)) {
        letters(word);
      }
    }
  }

  /** Reads an option that is a word of its own: {@code --json}, {@code -name}. */
  private boolean isWhole(String word) {
    int equal = word.indexOf('=');
    String name = equal < 0 ? word : word.substring(0, equal);
    Optional<VerbSpec.Flag> flag = spec.flag(name);
    if (flag.isEmpty()) {
      if (word.startsWith(END_OF_OPTIONS)) {
        throw unknown(word);
      }
      return false;
    }
    boolean valued = !flag.get().label().isEmpty();
    if (equal >= 0 && !valued) {
      throw new UsageException(name + " takes no value");
    }
    put(flag.get(), name, equal < 0 ? Optional.empty() : Optional.of(word.substring(equal + 1)));
    return true;
  }

  /** Reads letters behind one dash; what follows a letter that takes a value is the value. */
  private void letters(String word) {
    for (int i = 1; i < word.length(); i++) {
      String name = "-" + word.charAt(i);
      VerbSpec.Flag flag = spec.flag(name).orElseThrow(() -> unknown(word));
      boolean isLast = i + 1 == word.length();
      if (!flag.label().isEmpty()) {
        put(flag, name, isLast ? Optional.empty() : Optional.of(word.substring(i + 1)));
        return;
      }
      put(flag, name, Optional.empty());
    }
  }

  private void put(VerbSpec.Flag flag, String name, Optional<String> value) {
    String text;
    if (flag.label().isEmpty()) {
      text = "";
    } else if (value.isPresent()) {
      text = value.get();
    } else if (next < words.size()) {
      text = words.get(next++);
    } else {
      throw new UsageException("a value is missing: " + name + " " + flag.label());
    }
    for (String each : flag.names()) {
      options.remove(each);
      options.put(each, text);
    }
  }

  /** The same with an option that was not written. */
  Given with(String option, String value) {
    Given more = new Given(spec, words);
    more.options.putAll(options);
    more.options.put(option, value);
    more.operands.addAll(operands);
    return more;
  }

  private static UsageException unknown(String word) {
    return new UsageException(Quoted.inMessage(word) + ": there is no such option");
  }

  /** Whether an option is there, under any of its names. */
  boolean has(String option) {
    return options.containsKey(option);
  }

  /** The one of these that was said last; empty: none was. */
  String last(String... some) {
    String last = "";
    for (String option : options.keySet()) {
      last = List.of(some).contains(option) ? option : last;
    }
    return last;
  }

  /** The value of an option; empty: it is not there. */
  Optional<String> value(String option) {
    return Optional.ofNullable(options.get(option));
  }

  List<String> operands() {
    return List.copyOf(operands);
  }
}

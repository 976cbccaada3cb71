package dfs.cli.verb;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** What {@code dfs VERB --help} prints. */
final class Help {
  private static final int WIDTH = 100;

  /** Names longer than this have their explanation on the next line. */
  private static final int NAMES_MAX = 24;

  private Help() {}

  static String of(VerbSpec spec) {
    StringBuilder text = new StringBuilder();
    text.append("Usage: dfs ").append(spec.name()).append(" [OPTION...]");
    text.append(spec.operands().isEmpty() ? "" : " " + spec.operands()).append('\n');
    paragraph(text, spec.summary(), 0);
    List<VerbSpec.Flag> flags = spec.allFlags();
    flags.sort(Comparator.comparing(Help::key));
    int width = 0;
    for (VerbSpec.Flag flag : flags) {
      int length = names(flag).length();
      width = length <= NAMES_MAX ? Math.max(width, length) : width;
    }
    for (VerbSpec.Flag flag : flags) {
      String names = names(flag);
      text.append("  ").append(names);
      if (names.length() > width) {
        text.append('\n').append(" ".repeat(width + 4));
      } else {
        text.append(" ".repeat(width - names.length() + 2));
      }
      paragraph(text, flag.summary(), width + 4);
    }
    return text.toString();
  }

  /** Options are sorted by their letters, whatever the case. */
  private static String key(VerbSpec.Flag flag) {
    String first = flag.names().getFirst();
    int dashes = first.startsWith("--") ? 2 : 1;
    return first.substring(dashes).toLowerCase(Locale.ROOT) + first;
  }

  /** As they are written: {@code -a, --all}, or {@code --data DIR}; long ones below long ones. */
  private static String names(VerbSpec.Flag flag) {
    boolean isLong = flag.names().getFirst().startsWith("--");
    String label = flag.label().isEmpty() ? "" : " " + flag.label();
    return (isLong ? "    " : "") + String.join(", ", flag.names()) + label;
  }

  /** Text that begins where the line is, and goes on at this column. */
  private static void paragraph(StringBuilder text, String words, int column) {
    int at = column;
    boolean first = true;
    for (String word : List.of(words.split(" ", -1))) {
      if (!first && at + 1 + word.length() > WIDTH) {
        text.append('\n').append(" ".repeat(column));
        at = column;
      } else if (!first) {
        text.append(' ');
        at++;
      }
      text.append(word);
      at += word.length();
      first = false;
    }
    text.append('\n');
  }
}

package dfs.cli.verb;

/**
 * Names for people, as the shell reads them again: the style {@code shell-escape} of coreutils.
 * What needs no quotes has none, what cannot be shown stands in {@code $'...'}.
 */
public final class Quoted {
  private static final String SPECIAL = " !\"$&'()*;<=>?[\\`|^";

  /** Special as all of a word. */
  private static final String BRACES = "{}";

  /** Special where a word begins. */
  private static final String AT_BEGIN = "~#";

  /** A name with one of these is not put in double quotes, needed or not. */
  private static final String NOT_IN_DOUBLE_QUOTES = "!\"$&()*;<=>?[\\`|^" + BRACES;

  private Quoted() {}

  /** A name in a listing on a terminal. */
  static String of(String text) {
    boolean plain =
        !text.isEmpty()
            && AT_BEGIN.indexOf(text.charAt(0)) < 0
            && !text.equals("{")
            && !text.equals("}");
    boolean shown = true;
    boolean inDoubleQuotes = text.indexOf('\'') >= 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      shown &= !isHidden(text, i);
      plain &= SPECIAL.indexOf(c) < 0;
      inDoubleQuotes &= NOT_IN_DOUBLE_QUOTES.indexOf(c) < 0 && (i == 0 || AT_BEGIN.indexOf(c) < 0);
    }
    if (!shown) {
      return escaped(text);
    }
    if (plain) {
      return text;
    }
    return inDoubleQuotes ? '"' + text + '"' : '\'' + text.replace("'", "'\\''") + '\'';
  }

  /** A name in a message: as it is if that is one line of text. */
  public static String inMessage(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (isHidden(text, i)) {
        return escaped(text);
      }
    }
    return text;
  }

  private static boolean isHidden(String text, int index) {
    return Character.isISOControl(text.charAt(index)) || ByteText.isEscape(text, index);
  }

  private static String escaped(String text) {
    StringBuilder out = new StringBuilder("'");
    int i = 0;
    while (i < text.length()) {
      if (!isHidden(text, i)) {
        char c = text.charAt(i++);
        out.append(c == '\'' ? "'\\''" : String.valueOf(c));
        continue;
      }
      out.append("'$'");
      for (; i < text.length() && isHidden(text, i); i++) {
        for (byte b : ByteText.bytes(text.substring(i, i + 1))) {
          out.append(escape(b & 0xff));
        }
      }
      // A quote ends the escapes by itself.
      out.append(i < text.length() && text.charAt(i) == '\'' ? "" : "''");
    }
    out.append('\'');
    String quoted = out.toString();
    // Nothing stands between the last pair of quotes when what cannot be shown comes last.
    return quoted.endsWith("'''") && isHidden(text, text.length() - 1)
        ? quoted.substring(0, quoted.length() - 2)
        : quoted;
  }

  private static String escape(int b) {
    return switch (b) {
      case 7 -> "\\a";
      case 8 -> "\\b";
      case 9 -> "\\t";
      case 10 -> "\\n";
      case 11 -> "\\v";
      case 12 -> "\\f";
      case 13 -> "\\r";
      default ->
          "\\" + (char) ('0' + (b >> 6)) + (char) ('0' + (b >> 3 & 7)) + (char) ('0' + (b & 7));
    };
  }
}

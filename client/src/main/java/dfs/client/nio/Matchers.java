package dfs.client.nio;

import java.nio.file.PathMatcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Path matchers, as {@link java.nio.file.FileSystem#getPathMatcher} documents them. */
final class Matchers {
  private static final String SPECIAL = "\\^$.|?+*{}()[]";

  private Matchers() {}

  static PathMatcher of(String syntaxAndPattern) {
    int colon = syntaxAndPattern.indexOf(':');
    if (colon <= 0) {
      throw new IllegalArgumentException("neither glob: nor regex: in " + syntaxAndPattern);
    }
    String pattern = syntaxAndPattern.substring(colon + 1);
    String syntax = syntaxAndPattern.substring(0, colon);
    String regex;
    if (syntax.equalsIgnoreCase("glob")) {
      regex = new Glob(pattern).regex();
    } else if (syntax.equalsIgnoreCase("regex")) {
      regex = pattern;
    } else {
      throw new UnsupportedOperationException("Syntax '" + syntax + "' not recognized");
    }
    Pattern compiled = Pattern.compile(regex, Pattern.DOTALL);
    return path -> compiled.matcher(path.toString()).matches();
  }

  /** A glob on its way to a regular expression; used once. */
  private static final class Glob {
    private final String glob;
    private final StringBuilder regex = new StringBuilder();
    private int at;
    private boolean inGroup;

    Glob(String glob) {
      this.glob = glob;
    }

    String regex() {
      while (at < glob.length()) {
        next(glob.charAt(at++));
      }
      if (inGroup) {
        throw wrong("Missing '}'");
      }
      return regex.toString();
    }

    private PatternSyntaxException wrong(String what) {
      return new PatternSyntaxException(what, glob, at - 1);
    }

    private void next(char c) {
      switch (c) {
        case '\\' -> {
          if (at == glob.length()) {
            throw wrong("No character to escape");
          }
          literal(glob.charAt(at++));
        }
        case '*' -> {
          boolean crosses = at < glob.length() && glob.charAt(at) == '*';
          at += crosses ? 1 : 0;
          regex.append(crosses ? ".*" : "[^/]*");
        }
        case '?' -> regex.append("[^/]");
        case '[' -> bracket();
        case '{' -> {
          if (inGroup) {
            throw wrong("Cannot nest groups");
          }
          regex.append("(?:(?:");
          inGroup = true;
        }
        case '}' -> {
          regex.append(inGroup ? "))" : "\\}");
          inGroup = false;
        }
        case ',' -> regex.append(inGroup ? ")|(?:" : ",");
        default -> literal(c);
      }
    }

    private void literal(char c) {
      if (SPECIAL.indexOf(c) >= 0) {
        regex.append('\\');
      }
      regex.append(c);
    }

    /** One character of a set, which never is a slash. */
    private void bracket() {
      regex.append("[[^/]&&[");
      if (at < glob.length() && glob.charAt(at) == '!') {
        regex.append('^');
        at++;
      } else if (at < glob.length() && glob.charAt(at) == '^') {
        regex.append("\\^");
        at++;
      }
      if (at < glob.length() && glob.charAt(at) == '-') {
        regex.append("\\-");
        at++;
      }
      char last = 0;
      boolean ranges = false;
      while (at < glob.length()) {
        char c = glob.charAt(at++);
        if (c == ']') {
          regex.append("]]");
          return;
        }
        if (c == '/') {
          throw wrong("Explicit 'name separator' in class");
        }
        if (c == '-' && last != 0 && at < glob.length() && glob.charAt(at) != ']') {
          char end = glob.charAt(at++);
          if (end < last || ranges) {
            throw wrong("Invalid range");
          }
          regex.append('-').append("\\[]&^-".indexOf(end) >= 0 ? "\\" : "").append(end);
          ranges = true;
          last = end;
          continue;
        }
        regex.append("\\[]&^-".indexOf(c) >= 0 ? "\\" : "").append(c);
        ranges = false;
        last = c;
      }
      throw wrong("Missing ']'");
    }
  }
}

package dfs.cli.config;

import dfs.cli.preflight.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A file of lines {@code key = value}, of empty lines and of comments, which begin with {@code #}.
 * The form is that of {@code java.util.Properties} without its escapes, which would change paths;
 * that class knows neither lines nor keys that are there twice. Used by {@link ChunkConfig}, in one
 * thread.
 */
final class ConfigLines {
  private static final int LINES_MAX = 10_000;

  private final Path file;
  private final Map<String, Line> lines = new LinkedHashMap<>();
  private final List<Problem> problems = new ArrayList<>();

  /**
   * One line.
   *
   * @param number from 1 on
   */
  record Line(int number, String key, String value) {
    String text() {
      return key + " = " + value;
    }
  }

  /** Reads the file; what is no line of it is a problem. */
  ConfigLines(Path file) throws IOException {
    this.file = file;
    List<String> texts = Files.readAllLines(file);
    if (texts.size() > LINES_MAX) {
      throw new IOException(file + " has more than " + LINES_MAX + " lines");
    }
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i).strip();
      if (!text.isEmpty() && !text.startsWith("#")) {
        add(i + 1, text);
      }
    }
  }

  private void add(int number, String text) {
    int equals = text.indexOf('=');
    String key = text.substring(0, Math.max(0, equals)).strip();
    Line line = new Line(number, key, text.substring(equals + 1).strip());
    if (key.isEmpty() || line.value().isEmpty()) {
      problem(
          new Line(number, "", text), text, "is not of the form: key = value", "write it so, or #");
      return;
    }
    Line before = lines.putIfAbsent(key, line);
    if (before != null) {
      problem(
          line,
          line.text(),
          "is said a second time, after line " + before.number(),
          "keep one of the two");
    }
  }

  /** All lines, in order. */
  List<Line> all() {
    return List.copyOf(lines.values());
  }

  Optional<Line> line(String key) {
    return Optional.ofNullable(lines.get(key));
  }

  /** The value of a key that need not be there. */
  Optional<String> value(String key) {
    return line(key).map(Line::value);
  }

  /** Something is wrong with a line. */
  void wrong(Line line, String reason, String remedy) {
    problem(line, line.text(), reason, remedy);
  }

  /** Something is missing. */
  void missing(String what, String remedy) {
    problems.add(new Problem(file.toString(), what, remedy));
  }

  private void problem(Line line, String text, String reason, String remedy) {
    problems.add(
        new Problem("%s, line %d".formatted(file, line.number()), text + ": " + reason, remedy));
  }

  /** Keys other than these, and those that begin with {@code numbered}, are problems. */
  void checkKeys(Set<String> known, String numbered, String remedy) {
    for (Line line : all()) {
      if (!known.contains(line.key()) && !line.key().startsWith(numbered)) {
        wrong(line, "there is no such key", remedy);
      }
    }
  }

  List<Problem> problems() {
    return List.copyOf(problems);
  }
}

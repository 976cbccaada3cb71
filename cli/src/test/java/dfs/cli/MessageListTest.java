package dfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * All that a person may read when something is wrong, of the command, the mount and the Java API,
 * is in the file {@code messages.list} beside this class, as the sources have it: a message that is
 * new, changed or gone shows there. A line is
 *
 * <pre>
 *   SOURCE | words                   a test provokes it, or expects these words
 *   SOURCE | words | not provoked    none does
 * </pre>
 *
 * <p>What came of the sources is left in {@code target/messages.actual}.
 */
class MessageListTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path LIST = Path.of("src/test/resources/dfs/cli/messages.list");
  private static final Path ACTUAL = Path.of("target", "messages.actual");
  private static final String NOT_PROVOKED = " | not provoked";

  /** There are not to be more. */
  private static final int NOT_PROVOKED_MAX = 384;

  private static final List<String> TALKING = List.of("cli", "client", "fuse-client");
  private static final List<String> TESTED =
      List.of("cli", "client", "fuse-client", "metadata-server", "system-tests");

  /** Shorter ones tell nothing apart. */
  private static final int PART_CHARS_MIN = 8;

  private static final List<String> LINES = new ArrayList<>();

  @BeforeAll
  static void read() throws IOException {
    List<Messages.Message> messages = new ArrayList<>();
    for (String module : TALKING) {
      messages.addAll(Messages.in(sources(module, "main"), Messages.Kind.ALL));
    }
    messages.addAll(Messages.in(sources("metadata-server", "main"), Messages.Kind.REFUSALS));
    messages.addAll(Messages.inScript(ROOT.resolve("scripts/dfs")));
    String expected = expected();
    for (Messages.Message message : messages) {
      String part = message.longestPart();
      boolean provoked = part.length() >= PART_CHARS_MIN && expected.contains(part);
      LINES.add(message.file() + " | " + message.words() + (provoked ? "" : NOT_PROVOKED));
    }
    Files.write(ACTUAL, LINES);
  }

  private static Path sources(String module, String which) {
    return ROOT.resolve(module).resolve("src").resolve(which);
  }

  /** What tests expect: the text of all of them, and of the files that they compare with. */
  private static String expected() throws IOException {
    StringBuilder all = new StringBuilder();
    for (String module : TESTED) {
      List<Path> files;
      try (Stream<Path> tests = Files.walk(sources(module, "test"))) {
        files = tests.filter(file -> file.toString().matches(".*\\.(java|golden)")).toList();
      }
      for (Path file : files) {
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        // A text that goes on in the next line is one.
        all.append(text.replaceAll("\"\\s*\\+\\s*\"", "").replace("\\\"", "\"")).append('\n');
      }
    }
    return all.toString();
  }

  @Test
  void allMessagesAreInTheList() throws IOException {
    assertThat(LINES).hasSizeGreaterThan(300);
    List<String> listed = Files.readAllLines(LIST);
    List<String> fresh = new ArrayList<>(LINES);
    fresh.removeAll(listed);
    assertThat(fresh).as("not in the list; all are in %s", ACTUAL.toAbsolutePath()).isEmpty();
    List<String> gone = new ArrayList<>(listed);
    gone.removeAll(LINES);
    assertThat(gone).as("in the list, and not so in the sources").isEmpty();
    assertThat(listed).isEqualTo(LINES);
  }

  @Test
  void mostAreProvoked() {
    assertThat(LINES)
        .filteredOn(line -> line.endsWith(NOT_PROVOKED))
        .hasSizeLessThanOrEqualTo(NOT_PROVOKED_MAX);
  }
}

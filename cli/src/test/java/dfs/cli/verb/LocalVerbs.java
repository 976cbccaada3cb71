package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The verbs with a directory of this machine in the place of a cluster. */
final class LocalVerbs {
  /** The root of the cluster. */
  final Path root;

  /** The root of what was. */
  Path past;

  /** The working directory. */
  final Path here;

  final Map<String, String> environment = new HashMap<>();
  Room room = new Room();
  byte[] input = {};
  boolean terminal;
  String err = "";
  byte[] out = {};

  LocalVerbs(Path scratch) throws IOException {
    root = Files.createDirectory(scratch.resolve("cluster"));
    past = root;
    here = Files.createDirectory(scratch.resolve("here"));
    environment.put("DFS_DATA", "/cluster");
  }

  /** Runs a verb that ends so; what it wrote, as text of {@link ByteText}. */
  String run(int status, String... words) {
    int ended = ends(words);
    assertThat(ended).as("status of %s, which said %s", List.of(words), err).isEqualTo(status);
    return ByteText.of(out);
  }

  /** Runs a verb; how it ends. */
  int ends(String... words) {
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    Streams streams = new Streams(new ByteArrayInputStream(input), written, said, terminal, false);
    Defaults defaults =
        new Defaults(
            List.of(Path.of("/no/data")),
            line -> "dfs " + line,
            environment,
            here,
            new Interruption(),
            room);
    VerbLine line =
        new VerbLine(streams, defaults, (data, timeout, asOf) -> asOf.isPresent() ? past : root);
    boolean dashed = words[0].startsWith("-");
    int ended = dashed ? new DashLine(streams, line).run(words) : line.run(words);
    out = written.toByteArray();
    err = said.toString(StandardCharsets.UTF_8);
    return ended;
  }

  /** A command that does nothing by itself, with the cluster at hand. */
  Call call() throws IOException {
    Defaults defaults =
        new Defaults(
            List.of(Path.of("/no/data")),
            line -> "dfs " + line,
            environment,
            here,
            new Interruption());
    return new Call(
        Given.parse(Verbs.spec("rm").orElseThrow(), List.of("x")),
        Manners.USUAL,
        new Streams(
            new ByteArrayInputStream(input),
            new ByteArrayOutputStream(),
            new ByteArrayOutputStream(),
            false,
            false),
        defaults,
        Duration.ofSeconds(10),
        (data, timeout, asOf) -> root);
  }

  /** Runs a verb that does all. */
  String done(String... words) {
    String text = run(0, words);
    assertThat(err).isEmpty();
    return text;
  }

  /** Runs a verb of which something fails; what it says of that. */
  String failed(String... words) {
    run(VerbLine.FAILED, words);
    return err;
  }

  /** A file of the cluster. */
  Path file(String name, String contents) throws IOException {
    Path path = ByteText.path(root.getFileSystem(), ByteText.of(root) + "/" + name);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, contents);
  }
}

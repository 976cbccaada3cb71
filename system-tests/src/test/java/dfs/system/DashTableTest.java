package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.cli.verb.DashLine;
import dfs.cli.verb.VerbSpec;
import dfs.system.VerbRunner.Result;
import dfs.system.VerbTable.Subject;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each verb of Hadoop's shell, and each command that asks the servers about files, on each kind of
 * file: status, what is written, and what is there afterwards, as the mount shows it. What is
 * expected is the file {@code dash.golden} beside this class, a line for each; what came of it
 * instead is left in {@code target/dash.actual}.
 */
@Timeout(300)
@Tag("side-by-side")
class DashTableTest {
  private static final String GOLDEN = "dash.golden";
  private static final Path ACTUAL = Path.of("target", "dash.actual");

  /** Commands about files, and what they print that is the same in each run. */
  private static final List<String> OF_FILES = List.of("fsck", "replication");

  /** All others, as they are asked when nobody answers. */
  private static final List<String> OF_SERVERS =
      List.of("status", "drain 1", "undrain 1", "forget-server 1", "down", "umount /nowhere");

  /** Those that start something. */
  private static final List<String> STARTING = List.of("up", "mount", "metadata", "chunk");

  private @TempDir Path scratch;
  private Path mnt;
  private String data;
  private String killed;
  private DfsProcess cluster;

  @BeforeEach
  void up() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    assumeTrue("root".equals(System.getProperty("user.name")), "becoming somebody else needs root");
    Shell.run(scratch, "chmod 755 .");
    mnt = scratch.resolve("mnt");
    data = scratch.resolve("data").toString();
    killed = scratch.resolve("killed").toString();
    cluster = DfsProcess.serve(scratch, "up", "--foreground", "--data", data, "--", mnt.toString());
    try (DfsProcess other =
        DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", killed)) {
      other.kill();
    }
  }

  @AfterEach
  void end() throws Exception {
    if (cluster != null) {
      cluster.close();
      Shell.quietly("umount", "-l", mnt.toString());
    }
  }

  private static List<Subject> subjects() {
    return List.of(
        Subject.FILE,
        Subject.DIRECTORY,
        Subject.SYMLINK,
        Subject.MISSING,
        Subject.CLOSED,
        Subject.RAW,
        Subject.DOWN,
        Subject.KILLED,
        Subject.HELP);
  }

  private static List<String> names() {
    List<String> names = new ArrayList<>(DashLine.specs().stream().map(VerbSpec::name).toList());
    names.addAll(OF_FILES);
    return names;
  }

  private static boolean isDashed(String name) {
    return !OF_FILES.contains(name);
  }

  @Test
  void everyVerbOnEverySubject() throws Exception {
    List<String> java = VerbRunner.command(scratch.resolve("classes"));
    for (String name : names()) {
      for (Subject subject : subjects()) {
        VerbTable.prepare(mnt.resolve(place(name, subject)), name, subject);
      }
    }
    Map<String, String> results = new LinkedHashMap<>();
    try (VerbRunner nobody =
        VerbRunner.start(
            java,
            scratch.resolve("err"),
            "setpriv",
            "--reuid",
            "65534",
            "--regid",
            "65534",
            "--clear-groups")) {
      for (String name : names()) {
        for (Subject subject : subjects()) {
          VerbRunner runner = subject == Subject.CLOSED ? nobody : null;
          results.put(place(name, subject), result(name, subject, runner));
        }
      }
    }
    Map<String, String> effects = VerbTable.effects(mnt);
    List<String> actual = new ArrayList<>();
    results.forEach(
        (place, result) ->
            actual.add(
                place + " | " + result.formatted(Objects.requireNonNull(effects.get(place)))));
    for (String line : OF_SERVERS) {
      for (String cluster : List.of("/none", killed)) {
        actual.add(line + " of " + shown(cluster) + " | " + asked(line, cluster));
      }
    }
    for (String name : STARTING) {
      actual.add(name + " --help | " + VerbRunner.runHere(List.of(name, "--help")).status());
    }
    Files.write(ACTUAL, actual, StandardCharsets.UTF_8);
    try (InputStream in = DashTableTest.class.getResourceAsStream(GOLDEN)) {
      String golden = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      assertThat(actual).containsExactlyElementsOf(golden.lines().toList());
    }
  }

  private static String place(String name, Subject subject) {
    return name + "/" + subject.name().toLowerCase(Locale.ROOT);
  }

  private String asked(String line, String cluster) {
    List<String> words = new ArrayList<>(List.of(line.split(" ", -1)));
    words.addAll(List.of("--data", cluster));
    Result result = VerbRunner.runHere(words);
    return result.status() + " | " + shown(result.out()) + " | " + shown(result.err());
  }

  /** What came of it: status, output, errors; and {@code %s} for what is there then. */
  private String result(String name, Subject subject, VerbRunner runner) throws Exception {
    String place = place(name, subject);
    Path local = Files.createDirectories(scratch.resolve("local").resolve(place));
    Shell.run(local, "printf 'local\\n' > l; chmod 777 .");
    String cluster =
        switch (subject) {
          case DOWN -> "/none";
          case KILLED -> killed;
          default -> data;
        };
    List<String> words =
        VerbTable.dashed(name, "/" + place, subject.nameOfFile(), local.toString());
    List<String> line = new ArrayList<>();
    line.add((isDashed(name) ? "-" : "") + name);
    line.addAll(List.of("--data", cluster));
    line.addAll(words);
    if (subject == Subject.HELP) {
      line = isDashed(name) ? List.of("-help", name) : List.of(name, "--help");
    }
    Result result = runner == null ? VerbRunner.runHere(line) : runner.run(line);
    Path got = local.resolve("out");
    String out = result.out();
    if (subject == Subject.HELP) {
      out =
          out.startsWith("Usage: dfs " + line.getFirst().replace("-help", "-" + name))
              ? "usage"
              : out;
    }
    return String.join(
        " | ",
        String.valueOf(result.status()),
        shown(out).replace("%", "%%"),
        shown(result.err()).replace("%", "%%"),
        "%s" + (Files.isRegularFile(got) ? "; got " + Files.readString(got).strip() : ""));
  }

  /** Without what differs from run to run. */
  private String shown(String bytes) {
    String text =
        bytes
            .replace(scratch.toString(), "SCRATCH")
            .replaceAll("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d(:\\d\\d)?", "TIME")
            .replaceAll("Filesystem +Size +Used +Available +Use%", "Filesystem N")
            .replaceAll("dfs:///( +[0-9]+)+ +[0-9]+%", "dfs:/// N");
    return VerbTable.escaped(text);
  }
}

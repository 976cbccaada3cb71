package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.cli.verb.VerbSpec;
import dfs.system.VerbRunner.Result;
import dfs.system.VerbTable.Subject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each verb on each kind of file: status, what is written, and what is there afterwards, as the
 * mount shows it. What is expected is the file {@code verbs.golden} beside this class, a line for
 * each; what came of it instead is left in {@code target/verbs.actual}.
 */
@Timeout(300)
@Tag("side-by-side")
class VerbTableTest {
  private static final String GOLDEN = "verbs.golden";

  /** Of all together: each waits for a second, and so many do at once. */
  private static final long ANSWER_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);

  private static final int AT_ONCE = 8;

  private static final Path ACTUAL = Path.of("target", "verbs.actual");

  private @TempDir Path scratch;
  private Path mnt;
  private String data;
  private DfsProcess cluster;

  @BeforeEach
  void up() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    assumeTrue("root".equals(System.getProperty("user.name")), "becoming somebody else needs root");
    Shell.run(scratch, "chmod 755 .");
    mnt = scratch.resolve("mnt");
    data = scratch.resolve("data").toString();
    cluster = DfsProcess.serve(scratch, "up", "--foreground", "--data", data, "--", mnt.toString());
  }

  @AfterEach
  void end() throws Exception {
    if (cluster != null) {
      cluster.close();
      Shell.quietly("umount", "-l", mnt.toString());
    }
  }

  @Test
  void everyVerbOnEverySubject() throws Exception {
    List<String> actual = new ArrayList<>();
    List<String> java = VerbRunner.command(scratch.resolve("classes"));
    Path err = scratch.resolve("err");
    try (VerbRunner nobody =
            VerbRunner.start(
                java, err, "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups");
        VerbRunner member =
            VerbRunner.start(
                java, err, "setpriv", "--reuid", "65534", "--regid", "65534", "--groups", "4242");
        VerbRunner localeC = VerbRunner.start(java, err, "env", "LC_ALL=C")) {
      for (VerbSpec spec : VerbTable.specs()) {
        for (Subject subject : Subject.values()) {
          VerbRunner runner =
              switch (subject) {
                case CLOSED -> nobody;
                case GROUP -> member;
                case LOCALE_C -> localeC;
                default -> null;
              };
          actual.add(line(spec, subject, runner));
        }
      }
    }
    Files.write(ACTUAL, actual, StandardCharsets.UTF_8);
    List<String> golden;
    try (var in = VerbTableTest.class.getResourceAsStream(GOLDEN)) {
      assertThat(in)
          .as("what is expected; what came is in %s", ACTUAL.toAbsolutePath())
          .isNotNull();
      golden = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
    assertThat(actual).containsExactlyElementsOf(golden);
  }

  private String line(VerbSpec spec, Subject subject, VerbRunner runner) throws Exception {
    String verb = spec.name();
    String label = subject.name().toLowerCase(Locale.ROOT);
    String place = "/" + verb + "/" + label;
    Path in = mnt.resolve(verb).resolve(label);
    Path local = Files.createDirectories(scratch.resolve("local").resolve(verb + "-" + label));
    Shell.run(local, "printf 'local\\n' > l; chmod 777 .");
    VerbTable.prepare(in, subject);
    List<String> words =
        new ArrayList<>(VerbTable.words(verb, place, subject.nameOfFile(), local.toString()));
    words.addAll(List.of("--data", subject == Subject.DOWN ? "/none" : data));
    if (subject == Subject.HELP) {
      words = List.of(verb, "--help");
    }
    Result result = runner == null ? VerbRunner.runHere(words) : runner.run(words);
    String out = shown(spec, subject, result.out());
    Path got = local.resolve("out");
    return String.join(
        " | ",
        verb + " " + label,
        String.valueOf(result.status()),
        out,
        shown(spec, subject, result.err()),
        VerbTable.effect(in) + (Files.exists(got) ? "; got " + Files.readString(got).strip() : ""));
  }

  /** Without what differs from run to run. */
  private String shown(VerbSpec spec, Subject subject, String bytes) {
    String text = bytes.replace(scratch.toString(), "SCRATCH");
    if (subject == Subject.HELP) {
      // Only that it is there: its words are in one place already.
      return text.startsWith("Usage: dfs " + spec.name() + " [OPTION...]") ? "usage" : text;
    }
    if (spec.name().equals("history")) {
      // How many states lie below depends on the clock.
      text = text.replaceAll("(?s)^\\S+ \\S+  (now|-) +(\\S+) +(\\d+|-)  .*", "$1 $2 $3");
    }
    text = text.replaceAll("the oldest is of [^ \n]+", "the oldest is of TIME");
    if (spec.name().equals("df")) {
      text = text.replaceAll(" +[0-9]+%?", " N");
    }
    return VerbTable.escaped(text);
  }

  /** What each verb prints is what the schema says, and it says nothing of any other. */
  @Test
  void recordsAreAsPublished() throws Exception {
    assertThat(RecordSchemas.faults()).isEmpty();
    List<String> printing = new ArrayList<>();
    for (VerbSpec spec : VerbTable.specs()) {
      assertThat(spec.has("--json"))
          .as("%s prints records, or not", spec.name())
          .isNotEqualTo(VerbTable.NO_RECORDS.contains(spec.name()));
      if (spec.has("--json")) {
        printing.add(spec.name());
      }
    }
    List<String> published = new ArrayList<>(printing);
    published.add("replication");
    assertThat(RecordSchemas.verbs()).containsExactlyInAnyOrderElementsOf(published);
    VerbTable.prepare(mnt.resolve("json"), Subject.RAW);
    VerbTable.prepare(mnt.resolve("json"), Subject.SYMLINK);
    Shell.run(scratch, "mkdir l; echo l > l/l");
    done("setfattr", "-n", "user.a", "-v", "b", "/json/s", "/json/a\n\udcff");
    done("setfacl", "-m", "u:17:rwx", "/json/t");
    done("snapshot", "create", "before");
    Shell.run(mnt, "echo more >> json/t");
    RecordSchemas schemas = new RecordSchemas();
    for (String verb : printing) {
      for (String name : List.of("s", "a\n\udcff", "t")) {
        List<String> words = VerbTable.printing(verb, "/json/" + name, scratch.resolve("l"));
        schemas.check(verb, done(words.toArray(String[]::new)));
      }
      done("rm", "-f", "/json/out");
      Shell.run(scratch, "rm -f l/out");
    }
    // A single object, on several lines.
    schemas.check("replication", done("replication", "--json", "/json/t").replace("\n", ""));
    done("rm", "/json/s");
    schemas.check("ls", done("ls", "--json", "--deleted", "/json"));
    schemas.check("find", done("find", "--json", "/json"));
  }

  /** What a command that must do all of it printed. */
  private String done(String... words) {
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(List.of("--data", data));
    Result result = VerbRunner.runHere(line);
    assertThat(result.status())
        .as("%s said %s", line, result.err())
        .isLessThanOrEqualTo(line.getFirst().equals("diff") ? 1 : 0);
    return new String(result.out().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /** A record that is wrong in any way is none. */
  @Test
  void theSchemaIsStrict() {
    RecordSchemas schemas = new RecordSchemas();
    assertThat(schemas.faults("du", "{\"path\":\"/\",\"sizeBytes\":1}")).isEmpty();
    for (String wrong :
        List.of(
            "{\"path\":\"/\"}",
            "{\"path\":\"/\",\"sizeBytes\":-1}",
            "{\"path\":\"/\",\"sizeBytes\":\"1\"}",
            "{\"path\":\"/\",\"sizeBytes\":1,\"size\":1}")) {
      assertThat(schemas.faults("du", wrong)).as(wrong).isNotEmpty();
    }
    assertThat(schemas.faults("none", "{}")).isNotEmpty();
  }

  /** Stopped, the server keeps its socket and says nothing. */
  @Test
  void whatDoesNotAnswerEndsACommand() throws Exception {
    Shell.run(mnt, "echo x > f; sync");
    Shell.run(scratch, "mkdir l; echo l > l/l");
    Shell.run(scratch, "kill -STOP " + cluster.pid());
    try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
      long since = System.nanoTime();
      Map<String, Future<Result>> results = new LinkedHashMap<>();
      for (VerbSpec spec : VerbTable.specs()) {
        String local = scratch.resolve("l").toString();
        List<String> words = new ArrayList<>(VerbTable.words(spec.name(), "", "f", local));
        words.addAll(List.of("--timeout", "1", "--data", data));
        results.put(spec.name(), threads.submit(() -> VerbRunner.runHere(words)));
      }
      for (Map.Entry<String, Future<Result>> each : results.entrySet()) {
        Result result = each.getValue().get();
        // As of diff(1), 1 means that there are differences.
        int failed = each.getKey().equals("diff") ? 2 : 1;
        assertThat(result.status()).as(each.getKey()).isEqualTo(failed);
        assertThat(result.err()).as(each.getKey()).startsWith("dfs: ").contains("no answer");
      }
      assertThat(System.nanoTime() - since).isLessThan(ANSWER_NANOS_MAX);
    } finally {
      Shell.run(scratch, "kill -CONT " + cluster.pid());
    }
    assertThat(scratch.resolve("l/out")).as("what get was to write").doesNotExist();
    assertThat(VerbRunner.runHere(List.of("cat", "--data", data, "/f")).out()).isEqualTo("x\n");
  }

  @Test
  void aProcessTakesBytesWhateverTheLocale() throws Exception {
    Shell.run(mnt, "mkdir d; echo x > $'d/a\\n\\377\\303\\244'; echo y > b");
    String dfs = "LC_ALL=C " + DfsProcess.commandLine();
    Files.writeString(
        scratch.resolve("script"),
        """
        set -eu
        %1$s ls --data %2$s -0 $'/d/a\\n\\377\\303\\244' | od -An -c
        %1$s cat $PWD/mnt/d/a*
        cd mnt; %1$s cat --data %2$s b d/../b
        %1$s mv d/a* d/z; ls d
        %1$s ls --data %2$s / | head -c 0
        cd ../; %1$s cat --data /none dfs:///b || echo status $?
        %1$s find dfs://host/b || echo status $?
        """
            .formatted(dfs, data));
    assertThat(Shell.run(scratch, "bash script"))
        .isEqualTo(
            """
               /   d   /   a  \\n 377 303 244  \\0
            x
            y
            y
            z
            dfs: /none: dfs is not up
                start it with: dfs up --data /none
            status 1
            dfs: dfs://host/b: a cluster on another host is not supported; write dfs:///PATH
            Try: dfs find --help
            status 2\
            """
                .strip());
  }
}

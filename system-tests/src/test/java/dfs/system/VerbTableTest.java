package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonParser;
import dfs.cli.verb.VerbSpec;
import dfs.cli.verb.Verbs;
import dfs.system.VerbRunner.Result;
import dfs.system.VerbTable.Subject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
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

  /** Other commands that ask a server. */
  private static final List<String> ASKING =
      List.of("status", "fsck /", "replication /", "drain 1", "undrain 1", "forget-server 1");

  private static final Path ACTUAL = Path.of("target", "verbs.actual");

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
    kill();
    for (VerbSpec spec : VerbTable.specs()) {
      for (Subject subject : Subject.values()) {
        VerbTable.prepare(in(spec, subject), spec.name(), subject);
      }
    }
    done("snapshot", "create", VerbTable.BEFORE);
    for (VerbSpec spec : VerbTable.specs()) {
      for (Subject subject : Subject.values()) {
        VerbTable.change(in(spec, subject), spec.name(), subject);
      }
    }
    Map<String, String> results = new LinkedHashMap<>();
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
          String place = spec.name() + "/" + label(subject);
          results.put(place, result(spec, subject, runner));
        }
      }
    }
    Map<String, String> effects = VerbTable.effects(mnt);
    results.forEach(
        (place, result) ->
            actual.add(
                place.replace('/', ' ')
                    + " | "
                    + result.formatted(Objects.requireNonNull(effects.get(place)))));
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

  /** A cluster that was up and is not: its sockets are still there. */
  private void kill() throws Exception {
    killed = scratch.resolve("killed").toString();
    try (DfsProcess other =
        DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", killed)) {
      other.kill();
    }
    assertThat(Path.of(killed, "run", "metadata.sock")).exists();
  }

  private static String label(Subject subject) {
    return subject.name().toLowerCase(Locale.ROOT);
  }

  private Path in(VerbSpec spec, Subject subject) {
    return mnt.resolve(spec.name()).resolve(label(subject));
  }

  /** What came of it: status, output, errors; and {@code %s} for what is there then. */
  private String result(VerbSpec spec, Subject subject, VerbRunner runner) throws Exception {
    String verb = spec.name();
    String place = "/" + verb + "/" + label(subject);
    Path local =
        Files.createDirectories(scratch.resolve("local").resolve(verb + "-" + label(subject)));
    Shell.run(local, "printf 'local\\n' > l; chmod 777 .");
    List<String> words =
        new ArrayList<>(VerbTable.words(verb, place, subject.nameOfFile(), local.toString()));
    words.add("--data");
    words.add(
        switch (subject) {
          case DOWN -> "/none";
          case KILLED -> killed;
          default -> data;
        });
    if (subject == Subject.HELP) {
      words = List.of(verb, "--help");
    }
    Result result = runner == null ? VerbRunner.runHere(words) : runner.run(words);
    String out = shown(spec, subject, result.out());
    Path got = local.resolve("out");
    return String.join(
        " | ",
        String.valueOf(result.status()),
        out.replace("%", "%%"),
        shown(spec, subject, result.err()).replace("%", "%%"),
        "%s" + (Files.exists(got) ? "; got " + Files.readString(got).strip() : ""));
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
    text = text.replaceAll("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z", "TIME");
    text = text.replaceAll("inode \\d+ was", "inode N was");
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
    published.addAll(List.of("replication", "status", "fsck"));
    assertThat(RecordSchemas.verbs()).containsExactlyInAnyOrderElementsOf(published);
    VerbTable.prepare(mnt.resolve("json"), "ls", Subject.RAW);
    VerbTable.prepare(mnt.resolve("json"), "ls", Subject.SYMLINK);
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
    recordsOfThePastSayItsInstant(printing, schemas);
    schemas.check("replication", done("replication", "--json", "/json/t"));
    reportsAreAsPublished(schemas);
    done("rm", "/json/s");
    schemas.check("ls", done("ls", "--json", "--deleted", "/json"));
    schemas.check("find", done("find", "--json", "/json"));
  }

  /** Of a cluster that is well, of one that is not, and of none. */
  private void reportsAreAsPublished(RecordSchemas schemas) throws Exception {
    Shell.run(mnt, "head -c 100000 /dev/urandom > json/blocks; sync json/blocks");
    schemas.check("status", done("status", "--json"));
    schemas.check("fsck", done("fsck", "--json"));
    String all = done("fsck", "--json", "--blocks", "--read-data", "/json");
    assertThat(all).contains("/json/blocks").contains("\"read\":");
    schemas.check("fsck", all);
    Result down = VerbRunner.runHere(List.of("status", "--json", "--data", "/none"));
    assertThat(down.status()).isEqualTo(1);
    schemas.check("status", down.out());
    done("drain", "--no-wait", "1");
    Result drained = VerbRunner.runHere(List.of("status", "--json", "--data", data));
    long since = System.nanoTime();
    while (!drained.out().contains("\"blocksLeft\":")
        && System.nanoTime() - since < ANSWER_NANOS_MAX) {
      drained = VerbRunner.runHere(List.of("status", "--json", "--data", data));
    }
    assertThat(drained.status()).isEqualTo(1);
    assertThat(drained.out()).contains("\"blocksLeft\":");
    schemas.check("status", drained.out());
    done("undrain", "1");
  }

  /** The one that is kept and read, whatever was asked for. */
  private void recordsOfThePastSayItsInstant(List<String> printing, RecordSchemas schemas)
      throws Exception {
    Shell.run(scratch, "rm -f l/out");
    String before = asOf(done("snapshot", "ls", "--json"));
    assertThat(asOf(done("diff", "--json", "/json", "@before"))).isEqualTo(before);
    Instant second = Instant.parse(before).truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
    Awaitility.await().until(() -> Instant.now().isAfter(second.plusSeconds(1)));
    String half = second.plusMillis(500).toString();
    assertThat(done("diff", "--json", "/json", "@before", half))
        .contains("\"until\":\"" + second + "\"");
    int taken = 0;
    for (String verb : printing) {
      if (!Verbs.spec(verb).orElseThrow().has("--as-of") || verb.equals("snapshot")) {
        continue;
      }
      taken++;
      for (String asked : List.of("@before", half)) {
        List<String> words =
            new ArrayList<>(VerbTable.printing(verb, "/json/a\n\udcff", scratch.resolve("l")));
        words.addAll(List.of("--as-of", asked, "--data", data));
        Result result = VerbRunner.runHere(words);
        assertThat(result.status()).as("%s said %s", words, result.err()).isZero();
        String read = asked.equals(half) ? second.toString() : before;
        assertThat(result.err())
            .as(verb)
            .isEqualTo("dfs: as of " + read + " (asked: " + asked + ")\n");
        assertThat(asOf(result.out())).as(verb).isEqualTo(read);
        schemas.check(
            verb,
            new String(result.out().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
        done("rm", "-f", "/json/out");
        Shell.run(scratch, "rm -f l/out");
      }
    }
    assertThat(taken).isGreaterThan(8);
  }

  private static String asOf(String records) {
    return JsonParser.parseString(records.lines().findFirst().orElseThrow())
        .getAsJsonObject()
        .get("asOf")
        .getAsString();
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
      for (String command : ASKING) {
        List<String> words = new ArrayList<>(List.of(command.split(" ", -1)));
        words.addAll(List.of("--timeout", "1", "--data", data));
        results.put(words.getFirst(), threads.submit(() -> VerbRunner.runHere(words)));
      }
      for (Map.Entry<String, Future<Result>> each : results.entrySet()) {
        Result result = each.getValue().get();
        // As of diff(1), 1 means that there are differences.
        int failed = each.getKey().equals("diff") ? 2 : 1;
        assertThat(result.status()).as(each.getKey()).isEqualTo(failed);
        boolean finding = each.getKey().equals("status");
        assertThat(finding ? result.out() : result.err())
            .as(each.getKey())
            .startsWith(finding ? "dfs is not well" : "dfs: ")
            .contains("no answer");
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
        %1$s fsck --data %2$s $'/d/a\\n\\377\\303\\244' | head -1
        %1$s replication --data %2$s $'/d/a\\n\\377\\303\\244' | head -1
        %1$s fsck --data %2$s $'/none\\377' 2>&1 || echo status $?
        %1$s replication --data %2$s 2 $'/none\\377' || echo status $?
        %1$s undelete --data %2$s $'/d/a\\n\\377\\303\\244' || echo status $?
        %1$s snapshot create --data %2$s s $'/d/a\\n\\377\\303\\244' || echo status $?
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
            1 files and 0 blocks were looked at
            '/d/a'$'\\n\\377''ä': 1, as the volume
            dfs: '/none'$'\\377': no such file or directory
            status 1
            dfs: '/none'$'\\377': no such file or directory
            status 1
            dfs: '/d/a'$'\\n\\377''ä': file exists
            status 1
            dfs: '/d/a'$'\\n\\377''ä': not a directory
            status 1
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

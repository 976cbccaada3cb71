package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import dfs.cli.command.Commands;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A signal ends a verb in good order: its status is that of the signal, nothing is said, no half
 * file is left unless somebody wants to go on with it, and no session.
 */
@Timeout(180)
@Tag("side-by-side")
class SignalsTest {
  private static final String INT = "INT";
  private static final String TERM = "TERM";
  private static final String PART = ".dfs-part-";

  /** Two for the verb, and some for a machine that has other work. */
  private static final long END_SECONDS_MAX = 6;

  private static final long BEGIN_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** Files of a tree that takes a while. */
  private static final int MANY = 600;

  private static final int TRIES = 5;

  private @TempDir Path scratch;
  private String data;
  private DfsProcess cluster;

  @BeforeEach
  void up() throws Exception {
    data = scratch.resolve("data").toString();
    cluster = DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data);
  }

  @AfterEach
  void end() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void whatPutHasNotWrittenWholeGoes() throws Exception {
    Shell.run(scratch, "mkdir -p t/d; echo a > t/d/a; truncate -s 1T t/big");
    Verb put = begin("put", "-r", scratch.resolve("t").toString(), "/t");
    awaitUntil(put, () -> listed("/t").matches("(?s).*\\.dfs-part-[0-9a-f]{16}-.*"));
    assertThat(put.signal(INT)).isEqualTo(130);
    assertThat(put.said()).isEmpty();
    assertNothingIsLeft("/");
    assertThat(done("find", "/t/d")).contains("/t/d");
  }

  @Test
  void continueKeepsIt() throws Exception {
    Shell.run(scratch, "truncate -s 1T big");
    Verb put = begin("put", "--continue", scratch.resolve("big").toString(), "/big");
    awaitUntil(put, () -> listed("/").contains(PART));
    assertThat(put.signal(TERM)).isEqualTo(143);
    assertThat(put.said()).isEmpty();
    assertThat(done("find", "/")).contains(PART);
    assertNobodyIsHere();
  }

  @Test
  void whatComesFromAPipeGoes() throws Exception {
    Verb put = begin("put", "-", "/x");
    put.write(new byte[8 << 20]);
    awaitUntil(put, () -> listed("/").contains(PART));
    assertThat(put.signal(INT)).isEqualTo(130);
    assertThat(put.said()).isEmpty();
    assertNothingIsLeft("/");
  }

  @Test
  void whatGetHasNotWrittenWholeGoes() throws Exception {
    done("touch", "/big");
    done("truncate", "-s", "1T", "/big");
    Path here = Files.createDirectory(scratch.resolve("here"));
    for (List<String> verb : List.of(List.of("get"), List.of("-get"))) {
      List<String> words = new ArrayList<>(verb);
      words.addAll(List.of("/big", here.resolve("big").toString()));
      Verb get = begin(words.toArray(String[]::new));
      awaitUntil(get, () -> !names(here).isEmpty());
      assertThat(get.signal(INT)).isEqualTo(130);
      assertThat(get.said()).isEmpty();
      assertThat(names(here)).isEmpty();
      assertNobodyIsHere();
    }
  }

  /** It prints, and nobody reads: it is in the middle of its work. */
  @Test
  void findLetsGoOfItsSession() throws Exception {
    putMany();
    Verb find = begin("find", "/");
    awaitUntil(find, () -> !here().isEmpty());
    find.awaitOutput();
    assertThat(find.signal(INT)).isEqualTo(130);
    assertNobodyIsHere();
  }

  @Test
  void restoreLeavesTheOldOrTheNew() throws Exception {
    putMany();
    done("snapshot", "create", "whole");
    int status = 0;
    for (int i = 0; i < TRIES && status == 0; i++) {
      done("rm", "-r", "/t/d0");
      Verb restore = begin("restore", "/t", "--as-of", "@whole");
      awaitUntil(restore, () -> !here().isEmpty() || !restore.isAlive());
      status = restore.signal(INT);
    }
    assertThat(status).isEqualTo(130);
    assertNobodyIsHere();
    assertThat(done("count", "/t").strip().replaceAll(" +", " "))
        .isIn(counted(MANY, 11), counted(MANY - MANY / 10, 10));
  }

  private static String counted(int files, int directories) {
    return "%d %d %d /t".formatted(directories, files, 2 * files);
  }

  /** The session cannot be closed, and the part not deleted: it ends all the same. */
  @Test
  void aServerThatHangsKeepsNobody() throws Exception {
    Shell.run(scratch, "truncate -s 1T big");
    Verb put = begin("put", scratch.resolve("big").toString(), "/big");
    awaitUntil(put, () -> listed("/").contains(PART));
    Shell.run(scratch, "kill -STOP " + cluster.pid());
    try {
      assertThat(put.signal(TERM)).isEqualTo(143);
      assertThat(put.said()).isEmpty();
    } finally {
      Shell.run(scratch, "kill -CONT " + cluster.pid());
    }
  }

  /** As a program of C that SIGPIPE ends. */
  @Test
  void whoHasNoReaderEndsInSilence() throws Exception {
    putMany();
    Files.writeString(
        scratch.resolve("script"),
        """
        set -o pipefail
        %1$s find --data %2$s / 2> err | head -1
        echo status ${PIPESTATUS[0]}
        """
            .formatted(DfsProcess.commandLine(), data));
    assertThat(Shell.run(scratch, "bash script; cat err")).isEqualTo("/\nstatus 141");
    assertNobodyIsHere();
  }

  /** A tree whose names fill any pipe. */
  private void putMany() throws Exception {
    Shell.run(
        scratch,
        "mkdir t; for d in {0..9}; do mkdir t/d$d; done; x=$(printf 'x%.0s' {1..245}); for ((i = 0;"
            + " i < "
            + MANY
            + "; i++)); do echo x > t/d$((i % 10))/$x$i; done");
    done("put", "-r", scratch.resolve("t").toString(), "/t");
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void awaitUntil(Verb verb, Condition condition) throws Exception {
    long since = System.nanoTime();
    while (!condition.holds()) {
      assertThat(System.nanoTime() - since).as(verb.said()).isLessThan(BEGIN_NANOS_MAX);
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private String listed(String directory) {
    return VerbRunner.runHere(List.of("ls", "-A", "--data", data, directory)).out();
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(Path::toString).toList();
    }
  }

  private String done(String... words) {
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(List.of("--data", data));
    VerbRunner.Result result = VerbRunner.runHere(line);
    assertThat(result.status()).as("%s said %s", line, result.err()).isZero();
    return result.out();
  }

  private void assertNothingIsLeft(String directory) {
    assertThat(done("find", directory)).doesNotContain(PART);
    assertNobodyIsHere();
  }

  private void assertNobodyIsHere() {
    assertThat(here()).isEmpty();
  }

  /** Sessions of verbs; that the block of a writer is not ended yet is nothing to them. */
  private List<JsonElement> here() {
    StringWriter said = new StringWriter();
    PrintWriter writer = new PrintWriter(said, true);
    Commands.run(writer, writer, "status", "--json", "--data", data);
    JsonArray sessions =
        JsonParser.parseString(said.toString()).getAsJsonObject().getAsJsonArray("sessions");
    return sessions.asList().stream()
        .filter(one -> one.getAsJsonObject().get("host").getAsString().equals("java"))
        .toList();
  }

  private Verb begin(String... words) throws IOException {
    // Whoever runs these tests may have them ignored.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT,PIPE,TERM"));
    command.addAll(List.of(DfsProcess.commandLine().split(" ", -1)));
    command.add(words[0]);
    // This machine may be slow, and that is not what is looked at.
    command.addAll(List.of("--data", data, "--timeout", "60"));
    command.addAll(List.of(words).subList(1, words.length));
    Path err = Files.createTempFile(scratch, "verb", ".err");
    return new Verb(
        new ProcessBuilder(command)
            .directory(Path.of("/").toFile())
            .redirectError(err.toFile())
            .start(),
        err);
  }

  /** A verb that is being done. */
  private record Verb(Process process, Path err) {
    boolean isAlive() {
      return process.isAlive();
    }

    String said() throws IOException {
      return Files.readString(err);
    }

    void write(byte[] bytes) throws IOException {
      OutputStream in = process.getOutputStream();
      in.write(bytes);
      in.flush();
    }

    /** Until it has printed something. */
    void awaitOutput() throws IOException {
      assertThat(process.getInputStream().read()).isGreaterThanOrEqualTo(0);
    }

    /** Sends a signal; how it ends then. */
    int signal(String name) throws Exception {
      Shell.quietly("kill", "-" + name, String.valueOf(process.pid()));
      boolean ended = process.waitFor(END_SECONDS_MAX, TimeUnit.SECONDS);
      process.destroyForcibly();
      assertThat(ended).as("it ends within " + END_SECONDS_MAX + " s").isTrue();
      return process.exitValue();
    }
  }
}

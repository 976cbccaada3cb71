package dfs.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.cli.data.DataDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is said of commands other than file verbs that fail before they meet a server: the words
 * that a person reads are the file {@code commands.golden} beside this class; what came instead is
 * left in {@code target/commands.actual}.
 */
class CommandErrorsTest {
  private static final String GOLDEN = "commands.golden";
  private static final Path ACTUAL = Path.of("target", "commands.actual");

  /** DATA is a data directory of two chunk servers that are not up. */
  private static final List<String> LINES =
      List.of(
          "",
          "nothing",
          "--data DATA status",
          "up --nothing",
          "up --data",
          "up --port x --data DATA",
          "up --no-mount --port 0 --data DATA",
          "up --data DATA /a /b",
          "up --data DATA --no-mount --chunk-servers 0",
          "up --data DATA --no-mount --chunk-servers 1",
          "up --data DATA --no-mount --replication 9",
          "up --data DATA --no-mount --replication 3",
          "up --data DATA --no-mount --lost-after 0",
          "up --data DATA --no-mount --scrub-rate 0",
          "up --data DATA --no-mount --scrub-every 0",
          "up --data DATA --no-mount --copy-rate -1",
          "up --data FILE --no-mount",
          "up --data FULL --no-mount",
          "metadata --data DATA --port 99999",
          "chunk --data DATA --number 0",
          "chunk --data DATA --number x",
          "chunk --new DATA",
          "chunk --config CONFIG --number 2",
          "chunk --config CONFIG --new /nowhere",
          "chunk --config FILE",
          "chunk --config /nowhere/at/all",
          "mount --data DATA",
          "umount",
          "umount --data DATA EMPTY",
          "down --data DATA",
          "status --data DATA",
          "status --timeout 0 --data DATA",
          "fsck --data DATA --read",
          "fsck --data DATA MANY",
          "replication --data DATA",
          "replication --data DATA 9 /",
          "replication --data DATA many /",
          "replication --data DATA 2 --min 3 /",
          "replication --data DATA --min x /",
          "drain --data DATA",
          "drain --data DATA 1",
          "undrain --data DATA 1",
          "forget-server --data DATA",
          "forget-server --data DATA x",
          "help nothing");

  private @TempDir Path scratch;

  @BeforeEach
  void prepare() throws IOException {
    scratch = scratch.toRealPath();
    DataDirectory data = new DataDirectory(scratch.resolve("data"));
    for (Path each : List.of(data.chunk(1), data.chunk(2), data.run(), scratch.resolve("empty"))) {
      Files.createDirectories(each);
    }
    Files.writeString(
        scratch.resolve("file"), "what = is this\ncluster.key = " + scratch.resolve("none") + "\n");
    Files.createDirectories(scratch.resolve("full/of/others"));
    Path key =
        Files.writeString(scratch.resolve("key"), "00112233445566778899aabbccddeeff".repeat(2));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    Files.write(
        scratch.resolve("config"),
        List.of(
            "metadata = " + scratch.resolve("m.sock"),
            "cluster.key = " + key,
            "runtime = " + scratch.resolve("run"),
            "directory.1 = " + scratch.resolve("disk")));
  }

  private String[] words(String line) {
    String many = "/p ".repeat(65).strip();
    String said = line.replace("MANY", many);
    for (String name : List.of("DATA", "FILE", "FULL", "CONFIG", "EMPTY")) {
      said = said.replace(name, scratch.resolve(name.toLowerCase(Locale.ROOT)).toString());
    }
    return said.isEmpty() ? new String[0] : said.split(" ", -1);
  }

  private List<String> actual() {
    List<String> lines = new ArrayList<>();
    for (String line : LINES) {
      StringWriter out = new StringWriter();
      StringWriter err = new StringWriter();
      int status =
          Commands.run(new PrintWriter(out, true), new PrintWriter(err, true), words(line));
      lines.add("$ dfs " + line);
      String said = out.toString() + err;
      lines.addAll(said.replace(scratch.toString(), "SCRATCH").lines().toList());
      lines.add("status " + status);
    }
    return lines;
  }

  @Test
  void errorsAreSaidAsWritten() throws IOException {
    List<String> actual = actual();
    Files.write(ACTUAL, actual);
    try (InputStream in = CommandErrorsTest.class.getResourceAsStream(GOLDEN)) {
      String golden = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      assertThat(actual).containsExactlyElementsOf(golden.lines().toList());
    }
  }
}

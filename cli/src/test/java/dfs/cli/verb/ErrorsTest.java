package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is said of verbs that fail before they meet a server, or whatever it answers: the words that
 * a person reads are the file {@code errors.golden} beside this class; what came instead is left in
 * {@code target/errors.actual}.
 */
class ErrorsTest {
  private static final String GOLDEN = "errors.golden";
  private static final Path ACTUAL = Path.of("target", "errors.actual");

  /** Command lines that fail; words are apart by a blank. */
  private static final List<String> LINES =
      List.of(
          "ls /missing",
          "ls --as-of 25:00 /f",
          "ls --as-of 9999-01-01T00:00:00Z /f",
          "ls --as-of @ /f",
          "ls --timeout x /f",
          "ls dfs://host/f",
          "stat -c",
          "find /d -type z",
          "find /d -maxdepth x",
          "tree -L 0 /d",
          "head -n x /f",
          "head /d",
          "tail -c x /f",
          "cat /d",
          "cat /missing /f",
          "put missing /x",
          "put l /f",
          "put t /x",
          "put l l /new",
          "put l /missing/x",
          "get /missing",
          "get /d -",
          "get --json /f -",
          "get /f l",
          "cp /f /f",
          "cp -r /d /d/in/new",
          "cp /d /new",
          "mv /f /d/in/file",
          "mv /d /d/in/new",
          "mv / /d",
          "mv /f /g /nowhere",
          "rm /d",
          "rm -r /",
          "rm -r /d/..",
          "mkdir /d",
          "mkdir /a/b",
          "mkdir -m 9 /a",
          "rmdir /d",
          "rmdir /f",
          "touch -d then /f",
          "touch -r /missing /f",
          "truncate -s x /f",
          "truncate /f",
          "ln /f /g",
          "ln /d /h",
          "ln -s x /g",
          "chmod u?x /f",
          "chmod 99 /f",
          "chown nobody-of-this-name /f",
          "chown :nobodies-of-this-name /f",
          "chgrp nobodies-of-this-name /f",
          "setfacl /f",
          "setfacl -m u:rwx /f",
          "setfacl -m u:17:rwz /f",
          "setfacl -m u:nobody-of-this-name:r /f",
          "getfacl /f",
          "setfattr -n a -v b /f",
          "setfattr -n user.a -x user.b /f",
          "getfattr -n user.none /f",
          "getfattr -n none /f",
          "test /f",
          "test -q /f",
          "checksum /d",
          "appendToFile l /d",
          "appendToFile missing /f",
          "getmerge /missing merged",
          "restore /f",
          "snapshot",
          "snapshot make x",
          "snapshot create",
          "ls ''",
          "du --no-such-option /f",
          "df one --data",
          "ls --timeout 0 /f",
          "ls --deleted -R /d",
          "ls --deleted --as-of 5m /d",
          "head -n 99999999999999999999 /f",
          "tail -n +3 /f",
          "stat -c % /f",
          "stat -c %q /f",
          "du -s -d 1 /d",
          "setfattr -n user.a -v 0xzz /f",
          "setfattr -n user.a -v 0s! /f",
          "history /f",
          "rm -r /d/.",
          "put -r / /d",
          "put l sub/l /d",
          "put l /dangling",
          "put -r socket /x",
          "put -rn socket /x",
          "put -rf link /d",
          "ln -s /f",
          "cp /f",
          "cp /f /g /d /h",
          "cp /f /new/",
          "mv /f /new/",
          "put l /new/",
          "put - /new/",
          "setfacl --set u::rw /f");

  /** The same of Hadoop's shell. */
  private static final List<String> DASHED =
      List.of(
          "-nothing",
          "-help nothing",
          "-ls /missing",
          "-ls -z /f",
          "-cat /d",
          "-cat",
          "-find /d -name",
          "-find /d -nosuch",
          "-mv / /d",
          "-mv /d /d/in/new",
          "-mv /f /new/",
          "-put l /new/",
          "-mv /f /g",
          "-mv /f /g /nowhere",
          "-rm /d",
          "-rm -r /",
          "-rmdir /",
          "-rmdir /d",
          "-mkdir /d",
          "-touch -t then /f",
          "-touchz /d",
          "-touchz /f",
          "-truncate -1 /f",
          "-truncate 99 /f",
          "-truncate 1 /d",
          "-text /sequence",
          "-tail /d",
          "-test /f",
          "-test -e -d /f",
          "-getfattr /f",
          "-getfattr -d -e x /f",
          "-getfattr -n user.none /f",
          "-setrep 99 /f",
          "-setrep 2 /f",
          "-moveToLocal /f l",
          "-expunge",
          "-stat",
          "-put l /f",
          "-put missing /x",
          "-get /f l",
          "-cp /f /f",
          "-chmod u?x /f",
          "-chown nobody-of-this-name /f",
          "-checksum /missing",
          "-count /missing",
          "-du /missing",
          "-df /missing");

  private @TempDir Path scratch;
  private LocalVerbs dfs;

  @BeforeEach
  void prepare() throws IOException {
    dfs = new LocalVerbs(scratch);
    dfs.file("f", "x");
    dfs.file("g", "y");
    dfs.file("d/in/file", "x");
    Files.writeString(dfs.here.resolve("l"), "x");
    Files.createDirectory(dfs.here.resolve("t"));
    Files.writeString(Files.createDirectory(dfs.here.resolve("sub")).resolve("l"), "other");
    Files.createSymbolicLink(dfs.here.resolve("link"), Path.of("l"));
    dfs.file("d/link/x", "x");
    dfs.file("sequence", "SEQ\u0006");
    Files.createSymbolicLink(dfs.root.resolve("dangling"), Path.of("nowhere"));
    ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        .bind(UnixDomainSocketAddress.of(dfs.here.resolve("socket")))
        .close();
  }

  private List<String> actual() {
    List<String> lines = new ArrayList<>();
    for (String line : Stream.concat(LINES.stream(), DASHED.stream()).toList()) {
      String[] words = line.replace("''", "").split(" ", -1);
      int status = dfs.ends(words);
      lines.add("$ dfs " + line);
      lines.addAll(dfs.err.replace(scratch.toString(), "SCRATCH").lines().toList());
      lines.add("status " + status);
    }
    return lines;
  }

  @Test
  void errorsAreSaidAsWritten() throws IOException {
    List<String> actual = actual();
    Files.write(ACTUAL, actual);
    try (InputStream in = ErrorsTest.class.getResourceAsStream(GOLDEN)) {
      String golden = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      assertThat(actual).containsExactlyElementsOf(golden.lines().toList());
    }
  }

  /** What went wrong with what, in words for people; what to do follows, or is plain. */
  @Test
  void errorsAreForPeople() {
    for (String line : LINES) {
      assertThat(dfs.ends(line.replace("''", "").split(" ", -1))).as(line).isBetween(1, 2);
      List<String> said = dfs.err.lines().toList();
      assertThat(said).as(line).isNotEmpty();
      assertThat(said.getFirst()).as(line).matches("dfs: \\S.*");
      assertThat(dfs.err)
          .as(line)
          .doesNotContain("Exception", "\tat ", "null", "java.", "dfs.cli", "@Nullable");
      for (String more : said.subList(1, said.size())) {
        assertThat(more).as(line).matches("(dfs: |Try: |    ).*");
      }
    }
  }
}

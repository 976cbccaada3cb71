package dfs.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.cli.verb.RecordSchema;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said of command lines that nothing comes of: one line, and what to do about it below. */
class CommandsTest {
  private @TempDir Path scratch;

  private static String said(int status, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    assertThat(Commands.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments))
        .as("status of %s, which said %s", String.join(" ", arguments), err)
        .isEqualTo(status);
    assertThat(out.toString()).isEmpty();
    return err.toString();
  }

  @Test
  void anUnknownCommandIsCalledThat() {
    assertThat(said(Commands.NOTHING_STARTED, "no-such-command"))
        .isEqualTo("dfs: no-such-command: there is no such command\nTry: dfs --help\n");
    assertThat(said(Commands.NOTHING_STARTED, "statsu", "--data", "x"))
        .startsWith("dfs: statsu: there is no such command\n");
  }

  @Test
  void theSchemaOfRecordsIsPrinted() {
    StringWriter out = new StringWriter();
    PrintWriter writer = new PrintWriter(out, true);
    assertThat(Commands.run(writer, writer, "help", "--schema")).isZero();
    assertThat(out).hasToString(RecordSchema.text());
  }

  @Test
  void anUnknownOptionIsCalledThat() {
    assertThat(said(Commands.NOTHING_STARTED, "up", "--no-such-option"))
        .isEqualTo("dfs: --no-such-option: there is no such option\nTry: dfs up --help\n");
    assertThat(said(Commands.NOTHING_STARTED, "--data", "x", "status"))
        .isEqualTo(
            """
            dfs: --data: there is no such option before a command; put it behind
            Try: dfs --help
            """);
  }

  @Test
  void anArgumentTooManyIsCalledThat() {
    assertThat(said(Commands.NOTHING_STARTED, "umount", "/a", "/b"))
        .isEqualTo("dfs: /b: is one argument too many\nTry: dfs umount --help\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ls", "fsck", "cat /x", "get /x", "put /dev/null /x", "rm /x", "mkdir /x"})
  void whatNeedsAVolumeSaysHowToStartIt(String command) {
    String data = scratch.resolve("data").toString();
    assertThat(said(Commands.FAILED, (command + " --data " + data).split(" ", -1)))
        .isEqualTo(
            "dfs: %s: dfs is not up\n    start it with: dfs up --data %s\n".formatted(data, data));
  }

  /** As after a kill: the addresses are there, and the socket, on which nobody listens. */
  private Path killed() throws IOException {
    Path data = scratch.resolve("data");
    Files.createDirectories(data.resolve("run"));
    Path socket = data.resolve("run/metadata.sock");
    Files.writeString(data.resolve("run/addresses"), "metadata unix:" + socket + "\n");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
    }
    return data;
  }

  @Test
  void whatWasKilledIsNotUp() throws IOException {
    Path data = killed();
    assertThat(said(Commands.FAILED, "ls", "--data", data.toString()))
        .isEqualTo(
            "dfs: %s: dfs is not up\n    start it with: dfs up --data %s\n".formatted(data, data));
  }

  @Test
  void aMountOfWhatIsNotUpStartsNothing() throws IOException {
    Path data = scratch.resolve("data");
    Path mnt = scratch.resolve("mnt");
    assertThat(said(Commands.NOTHING_STARTED, "mount", "--data", data.toString(), mnt.toString()))
        .contains(
            "dfs: %s: dfs is not up\n    start it with: dfs up --data %s\n".formatted(data, data));
    assertThat(data).doesNotExist();
    assertThat(mnt).doesNotExist();
    killed();
    assertThat(said(Commands.NOTHING_STARTED, "mount", "--data", data.toString(), mnt.toString()))
        .contains("dfs: %s: dfs is not up\n".formatted(data));
    assertThat(mnt).doesNotExist();
  }
}

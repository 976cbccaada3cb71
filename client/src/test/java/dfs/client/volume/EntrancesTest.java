package dfs.client.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which cluster a program means. */
class EntrancesTest {
  private @TempDir Path scratch;

  private ServerSocketChannel up(String name) throws IOException {
    Entrance entrance = new Entrance(scratch.resolve(name));
    Files.createDirectories(entrance.run());
    Files.writeString(entrance.addresses(), "");
    ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    return socket.bind(UnixDomainSocketAddress.of(entrance.metadataSocket()));
  }

  private Path found(String said, String variable, String... usual) throws IOException {
    Entrance found =
        Entrances.find(
            Optional.of(said).filter(text -> !text.isEmpty()).map(scratch::resolve),
            variable.isEmpty() ? "" : scratch.resolve(variable).toString(),
            List.of(usual).stream().map(scratch::resolve).toList());
    return scratch.relativize(found.root());
  }

  @Test
  void theOrderIsThatOfTheCommand() throws IOException {
    try (ServerSocketChannel _ = up("machines")) {
      assertThat(found("said", "variable", "own", "machines")).hasToString("said");
      assertThat(found("", "variable", "own", "machines")).hasToString("variable");
      assertThat(found("", "", "own", "machines")).hasToString("machines");
      try (ServerSocketChannel _ = up("own")) {
        assertThat(found("", "", "own", "machines")).hasToString("own");
        assertThat(found("", "", "machines")).hasToString("machines");
      }
    }
  }

  @Test
  void whoFindsNoneIsToldWhatWasTried() {
    assertThatThrownBy(() -> found("", "", "own", "machines"))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "no cluster is found: data and $DFS_DATA are not given, %s is not up, %s is not up;"
                    .formatted(scratch.resolve("own"), scratch.resolve("machines"))
                + " start one with: dfs up");
  }

  @Test
  void rootHasTheMachines() throws IOException {
    Path machines = Path.of("/var/lib/dfs");
    if (Credentials.ofThisProcess().isRoot()) {
      assertThat(Entrances.usual()).containsExactly(machines);
    } else {
      assertThat(Entrances.usual()).hasSize(2).endsWith(machines);
    }
  }
}

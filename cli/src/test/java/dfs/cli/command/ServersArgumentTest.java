package dfs.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which chunk servers a command is about. */
class ServersArgumentTest {
  private static final String STATUS =
      """
      {"chunkServers": [
        {"id": 1, "host": "a", "directories": [{"path": "/srv/1"}]},
        {"id": 2, "host": "a", "directories": [{"path": "/srv/2"}]},
        {"id": 4, "host": "b", "directories": [{"path": "/srv/2"}]},
        {"id": 5, "host": "c", "directories": []}]}
      """;

  private static List<Long> ids(String named) throws IOException, FailedException {
    return ServersArgument.ids(named, Report.parse(STATUS).chunkServers());
  }

  @Test
  void aServerIsNamedByIdDirectoryOrHost() throws Exception {
    assertThat(ids("2")).containsExactly(2L);
    assertThat(ids("17")).as("perhaps away").containsExactly(17L);
    assertThat(ids("/srv/1")).containsExactly(1L);
    assertThat(ids("/srv/1/")).containsExactly(1L);
    assertThat(ids("b:/srv/2")).containsExactly(4L);
    assertThat(ids("a")).containsExactly(1L, 2L);
    assertThat(ids("c")).containsExactly(5L);
  }

  @Test
  void whatIsNotClearIsRefused() {
    assertThatThrownBy(() -> ids("/srv/2"))
        .hasMessageContaining("chunk servers 2 on a and 4 on b")
        .hasMessageContaining("HOST:PATH");
    assertThatThrownBy(() -> ids("/srv/3")).hasMessageContaining("has this directory");
    assertThatThrownBy(() -> ids("b:/srv/1")).hasMessageContaining("has this directory");
    assertThatThrownBy(() -> ids("d")).hasMessageContaining("on this host");
    assertThatThrownBy(() -> ids("/srv")).hasMessageContaining("has this directory");
  }
}

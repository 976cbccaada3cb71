package dfs.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.cli.data.Machine;
import dfs.cli.verb.Defaults;
import dfs.cli.verb.Interruption;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which data directory a command is about that is told none. */
class PlacesTest {
  private @TempDir Path scratch;
  private Machine machine;

  @BeforeEach
  void begin() {
    machine = new Machine(scratch);
  }

  @AfterEach
  void end() throws IOException {
    machine.close();
  }

  private Defaults here(String variable, String here, String... usual) {
    return new Defaults(
        List.of(usual).stream().map(machine::path).toList(),
        words -> "dfs " + words,
        variable.isEmpty() ? Map.of() : Map.of("DFS_DATA", machine.path(variable).toString()),
        machine.path(here),
        new Interruption());
  }

  private String asked(Defaults here) throws IOException {
    return scratch.relativize(Places.asked(here, machine.mounts()).root()).toString();
  }

  @Test
  void whatIsAskedIsWhatVerbsMean() throws IOException {
    machine.up("machines");
    assertThat(asked(here("", "here", "own", "machines"))).isEqualTo("machines");
    machine.up("own");
    assertThat(asked(here("", "here", "own", "machines"))).isEqualTo("own");
    machine.mount("mnt", "machines");
    assertThat(asked(here("", "mnt/d", "own", "machines"))).isEqualTo("machines");
    assertThat(asked(here("variable", "mnt/d", "own", "machines"))).isEqualTo("variable");
    machine.reset();
    machine.up("machines");
    machine.mount("other", "");
    assertThat(asked(here("", "other", "own", "machines"))).isEqualTo("machines");
    machine.reset();
    assertThat(asked(here("", "here", "own", "machines"))).isEqualTo("own");
  }

  /** Nobody starts or stops what he did not name because it happens to be up. */
  @Test
  void whatIsStartedAndStoppedIsOnesOwn() throws IOException {
    machine.up("machines");
    assertThat(Places.data(here("", "here", "own", "machines")).root())
        .isEqualTo(machine.path("own"));
    assertThat(Places.data(here("variable", "here", "own")).root())
        .isEqualTo(machine.path("variable"));
  }
}

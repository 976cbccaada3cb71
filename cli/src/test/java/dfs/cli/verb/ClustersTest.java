package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dfs.cli.data.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which cluster a path means. */
class ClustersTest {
  private static final String ELSEWHERE = "elsewhere";

  private @TempDir Path scratch;
  private Machine machine;
  private final List<String> opened = new ArrayList<>();

  @BeforeEach
  void begin() {
    machine = new Machine(scratch);
  }

  @AfterEach
  void end() throws IOException {
    machine.close();
  }

  private Clusters clusters(String option, String variable, String here, List<String> usual)
      throws IOException {
    Defaults defaults =
        new Defaults(
            usual.stream().map(machine::path).toList(),
            words -> "dfs " + words,
            variable.isEmpty() ? Map.of() : Map.of("DFS_DATA", machine.path(variable).toString()),
            machine.path(here),
            new Interruption());
    return new Clusters(
        Optional.of(option).filter(text -> !text.isEmpty()).map(machine::path),
        defaults,
        machine.mounts(),
        Duration.ofSeconds(1),
        Optional.empty(),
        (data, timeout, asOf) -> {
          opened.add(scratch.relativize(data.root()).toString());
          return data.root().resolve("root");
        },
        (root, asked) -> {});
  }

  private void prepare(String up, String mounted) throws IOException {
    for (String name : up.split(" ", -1)) {
      if (!name.isEmpty()) {
        machine.up(name);
      }
    }
    if (!mounted.isEmpty()) {
      machine.mount("mnt", mounted.equals(ELSEWHERE) ? "" : mounted);
    }
  }

  /** What a path means that begins with a slash; "mnt" is what is mounted there, through itself. */
  @ParameterizedTest
  @CsvSource({
    // option, variable, up, mount of, working directory, means
    "said, variable, own machines said variable, own, mnt/d, said",
    "said, '', '', '', here, said",
    "'', variable, own machines variable, own, mnt/d, variable",
    "'', variable, '', '', here, variable",
    "'', '', own machines, machines, mnt/d, machines",
    "'', '', own machines, own, mnt, own",
    "'', '', own machines, elsewhere, mnt/d, mnt",
    "'', '', own machines, machines, here, own",
    "'', '', own, '', here, own",
    "'', '', machines, '', here, machines"
  })
  void theOrderIsThis(
      String option, String variable, String up, String mount, String here, String means)
      throws IOException {
    prepare(up, mount);
    try (Clusters clusters = clusters(option, variable, here, List.of("own", "machines"))) {
      Path root = clusters.root();
      assertThat(root).isEqualTo(machine.path(means.equals("mnt") ? "mnt" : means + "/root"));
      assertThat(clusters.root()).isEqualTo(root);
    }
    assertThat(opened).hasSize(means.equals("mnt") ? 0 : 1);
  }

  /** What a path below a mount means: that cluster, whatever else is up. */
  @Test
  void aMountIsOfItsOwnCluster() throws IOException {
    prepare("own machines said", "machines");
    try (Clusters clusters = clusters("", "", "here", List.of("own", "machines"))) {
      Path mount = clusters.mountOf(machine.path("mnt/d/../e")).orElseThrow();
      assertThat(clusters.rootOfMount(mount)).isEqualTo(machine.path("machines/root"));
      assertThat(clusters.mountOf(machine.path("mnt2"))).isEmpty();
    }
    try (Clusters clusters = clusters("said", "", "here", List.of("own"))) {
      assertThat(clusters.rootOfMount(machine.path("mnt"))).isEqualTo(machine.path("mnt"));
    }
  }

  /** For root, too, who has one usual directory. */
  @Test
  void whoFindsNoneIsToldWhatWasTried() throws IOException {
    for (List<String> usual : List.of(List.of("own", "machines"), List.of("machines"))) {
      try (Clusters clusters = clusters("", "", "here", usual)) {
        List<String> tried = new ArrayList<>(Arrays.asList("--data and $DFS_DATA are not given"));
        tried.add(machine.path("here") + " is on no mount of dfs");
        usual.forEach(name -> tried.add(machine.path(name) + " is not up"));
        assertThatThrownBy(clusters::root)
            .hasMessage(
                "no cluster is found: "
                    + String.join(", ", tried)
                    + "\n    start one with: dfs up");
      }
    }
  }
}

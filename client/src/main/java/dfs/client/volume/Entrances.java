package dfs.client.volume;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Which cluster is meant when nothing is said. */
public final class Entrances {
  private static final Path MACHINE = Path.of("/var/lib/dfs");
  private static final String VARIABLE = "DFS_DATA";

  private Entrances() {}

  /**
   * The data directory that is said; else that of the variable {@code DFS_DATA}; else the user's
   * own if it is up; else the machine's if it is up.
   *
   * @throws IOException that names what was tried, if nothing was said and neither is up
   */
  public static Entrance find(Optional<Path> said) throws IOException {
    if (said.isPresent()) {
      return new Entrance(said.get());
    }
    String variable = System.getenv(VARIABLE);
    if (variable != null && !variable.isEmpty()) {
      return new Entrance(Path.of(variable));
    }
    List<Entrance> tried =
        List.of(
            new Entrance(Path.of(System.getProperty("user.home", "/"), ".local/share/dfs")),
            new Entrance(MACHINE));
    for (Entrance entrance : tried) {
      if (entrance.isUp()) {
        return entrance;
      }
    }
    throw new IOException(
        "no cluster is up: tried %s and %s; say which, or start one with: dfs up"
            .formatted(tried.get(0).root(), tried.get(1).root()));
  }
}

package dfs.client.volume;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Which cluster is meant when nothing is said. */
public final class Entrances {
  private static final Path MACHINE = Path.of("/var/lib/dfs");
  private static final String VARIABLE = "DFS_DATA";

  private Entrances() {}

  /** The data directories to look at when none is said, the caller's own first. */
  public static List<Path> usual() throws IOException {
    return Credentials.ofThisProcess().isRoot()
        ? List.of(MACHINE)
        : List.of(Path.of(System.getProperty("user.home", "/"), ".local/share/dfs"), MACHINE);
  }

  /**
   * The data directory that is said; else that of the variable {@code DFS_DATA}; else the first of
   * the usual ones that is up.
   *
   * @throws IOException that names what was tried, if nothing was said and none is up
   */
  public static Entrance find(Optional<Path> said) throws IOException {
    return find(said, System.getenv().getOrDefault(VARIABLE, ""), usual());
  }

  /** As {@link #find(Optional)}, of this value of the variable and these usual ones. */
  static Entrance find(Optional<Path> said, String variable, List<Path> usual) throws IOException {
    if (said.isPresent()) {
      return new Entrance(said.get());
    }
    if (!variable.isEmpty()) {
      return new Entrance(Path.of(variable));
    }
    List<String> tried = new ArrayList<>();
    tried.add("data and $" + VARIABLE + " are not given");
    for (Path path : usual) {
      Entrance entrance = new Entrance(path);
      if (entrance.isUp()) {
        return entrance;
      }
      tried.add(entrance.root() + " is not up");
    }
    throw new IOException(
        "no cluster is found: " + String.join(", ", tried) + "; start one with: dfs up");
  }
}

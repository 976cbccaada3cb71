package dfs.cli.verb;

import dfs.cli.data.DataDirectory;
import dfs.cli.data.ProcessRecord;
import dfs.cli.preflight.MountTable;
import dfs.client.past.Moment;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which cluster a path means, and a session with it. In this order: what was said ({@code --data},
 * {@code DFS_DATA}); the mount that holds the path or the working directory; the first of the usual
 * data directories that is up. What a mount shows is reached through its data directory where that
 * is known, else through the mount itself.
 */
final class Clusters implements AutoCloseable {
  private static final String SCHEME = "dfs";
  private static final String VARIABLE = "DFS_DATA";

  private final Optional<Path> said;
  private final Defaults defaults;
  private final MountTable mounts;
  private final Duration timeout;
  private final Optional<Moment> asOf;
  private final Opening opening;
  private final Seen seen;
  private final Map<Path, Path> open = new HashMap<>();
  private final Map<Path, Path> roots = new HashMap<>();
  private @Nullable Path usual;

  /** How a data directory becomes a file system. */
  interface Opening {
    /**
     * The root of the cluster.
     *
     * @param asOf when it is seen; empty: now
     * @throws NoClusterException when nobody serves the directory
     */
    Path open(DataDirectory data, Duration timeout, Optional<Moment> asOf) throws IOException;
  }

  /** Is told of each file system of the past that is read. */
  interface Seen {
    /**
     * It was opened.
     *
     * @param asked when it is seen, as it was said
     */
    void opened(Path root, Moment asked) throws IOException;
  }

  /** Through the sockets of the data directory. */
  static Path connect(DataDirectory data, Duration timeout, Optional<Moment> asOf)
      throws IOException {
    if (!data.entrance().isUp()) {
      throw new NoClusterException(data.root());
    }
    Map<String, Object> settings = new HashMap<>();
    settings.put("data", data.root().toString());
    settings.put("timeout", timeout);
    asOf.ifPresent(moment -> settings.put("asOf", moment.toString()));
    FileSystem files = FileSystems.newFileSystem(URI.create(SCHEME + ":///"), settings);
    return files.getRootDirectories().iterator().next();
  }

  /**
   * @param option the value of {@code --data}
   * @param timeout how long a server is waited for
   * @param asOf when they are seen; empty: now
   * @param seen is told if that is the past
   */
  Clusters(
      Optional<Path> option,
      Defaults defaults,
      MountTable mounts,
      Duration timeout,
      Optional<Moment> asOf,
      Opening opening,
      Seen seen) {
    String variable = defaults.environment().getOrDefault(VARIABLE, "");
    this.said =
        option.or(
            () ->
                variable.isEmpty()
                    ? Optional.empty()
                    : Optional.of(defaults.workingDirectory().resolve(variable)));
    this.defaults = defaults;
    this.mounts = mounts;
    this.timeout = timeout;
    this.asOf = asOf;
    this.opening = opening;
    this.seen = seen;
  }

  /** The mount of ours that holds an absolute path of this machine. */
  Optional<Path> mountOf(Path local) {
    return mounts.of(local.normalize()).filter(MountTable.Mount::isDfs).map(MountTable.Mount::path);
  }

  /** Whether a normal path is the root of a file system. */
  boolean isRoot(Path path) {
    return path.getNameCount() == 0
        || open.containsValue(path)
        || roots.containsValue(path)
        || mountOf(path).filter(path::equals).isPresent();
  }

  /** The root of the cluster that paths mean which begin with a slash. */
  Path root() throws IOException {
    Path known = usual;
    if (known == null) {
      known = findRoot();
      usual = known;
    }
    return known;
  }

  private Path findRoot() throws IOException {
    if (said.isPresent()) {
      return rootOf(new DataDirectory(said.get()));
    }
    Optional<Path> mount = mountOf(defaults.workingDirectory());
    if (mount.isPresent()) {
      return rootOfMount(mount.get());
    }
    for (Path data : defaults.data()) {
      DataDirectory directory = new DataDirectory(data);
      if (directory.entrance().isUp()) {
        return rootOf(directory);
      }
    }
    List<String> tried = new ArrayList<>();
    tried.add("--data and $" + VARIABLE + " are not given");
    tried.add(defaults.workingDirectory() + " is on no mount of dfs");
    defaults.data().forEach(data -> tried.add(data + " is not up"));
    throw new RefusedException(
        "no cluster is found: "
            + String.join(", ", tried)
            + "\n    start one with: "
            + defaults.line().apply("up"));
  }

  /** The root of what is mounted here, or, if another cluster was said, the mount point. */
  Path rootOfMount(Path mount) throws IOException {
    Path known = roots.get(mount);
    if (known == null) {
      known = findRootOfMount(mount);
      roots.put(mount, known);
    }
    return known;
  }

  private Path findRootOfMount(Path mount) throws IOException {
    List<Path> candidates = new ArrayList<>();
    said.ifPresent(candidates::add);
    candidates.addAll(defaults.data());
    Optional<DataDirectory> known = ProcessRecord.dataOf(mount, candidates);
    if (known.isPresent()) {
      return rootOf(known.get());
    }
    if (asOf.isEmpty()) {
      return mount;
    }
    Path root = mount.resolve(".dfs").resolve(nameOf(asOf.get()));
    seen.opened(root, asOf.get());
    return root;
  }

  /** What a mount calls it. */
  private static String nameOf(Moment moment) {
    return moment.snapshot().isPresent() ? moment.toString() : "@" + moment;
  }

  private Path rootOf(DataDirectory data) throws IOException {
    Path root = open.get(data.root());
    if (root == null) {
      try (var _ = defaults.interruption().enter()) {
        root = opening.open(data, timeout, asOf);
        open.put(data.root(), root);
        if (isOurs(root)) {
          defaults.interruption().opened(root.getFileSystem());
        }
      }
      if (asOf.isPresent()) {
        seen.opened(root, asOf.get());
      }
    }
    return root;
  }

  @Override
  public void close() throws IOException {
    try (var _ = defaults.interruption().closing()) {
      for (Path root : open.values()) {
        if (isOurs(root)) {
          root.getFileSystem().close();
        }
      }
    }
  }

  private static boolean isOurs(Path root) {
    return !root.getFileSystem().equals(FileSystems.getDefault());
  }
}

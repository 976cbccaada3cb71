package dfs.cli.command;

import dfs.cli.data.DataDirectory;
import dfs.cli.data.ProcessRecord;
import dfs.cli.preflight.MountTable;
import dfs.cli.verb.Defaults;
import dfs.cli.verb.Interruption;
import dfs.client.volume.Credentials;
import dfs.client.volume.Entrances;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;

/** Where things are when nothing else is said: a machine's for root, a person's otherwise. */
final class Places {
  private static final String VARIABLE = "DFS_DATA";
  private static final Path ROOT_MOUNT = Path.of("/mnt/dfs");

  private Places() {}

  private static boolean isRoot() {
    try {
      return Credentials.ofThisProcess().isRoot();
    } catch (IOException e) {
      throw new UncheckedIOException("/proc is not mounted", e);
    }
  }

  private static Path home() {
    return Path.of(System.getProperty("user.home", "/"));
  }

  /** What surrounds this process. */
  static Defaults here(Interruption interruption) {
    try {
      return new Defaults(
          Entrances.usual(),
          Launcher::line,
          System.getenv(),
          Path.of("").toAbsolutePath(),
          interruption);
    } catch (IOException e) {
      throw new UncheckedIOException("/proc is not mounted", e);
    }
  }

  /** The data directory where something is started or stopped. */
  static DataDirectory data() {
    return data(here(new Interruption()));
  }

  /** The one that the environment says, or the caller's own. */
  static DataDirectory data(Defaults here) {
    String variable = here.environment().getOrDefault(VARIABLE, "");
    return new DataDirectory(
        variable.isEmpty() ? here.data().getFirst() : here.workingDirectory().resolve(variable));
  }

  /** The data directory where something is asked for. */
  static DataDirectory asked() throws IOException {
    return asked(here(new Interruption()), MountTable.read(MountTable.SELF));
  }

  /**
   * The one that the environment says; else that of the mount that holds the working directory;
   * else the first of the usual ones that is up; else the caller's own, which is not.
   */
  static DataDirectory asked(Defaults here, MountTable mounts) throws IOException {
    if (!here.environment().getOrDefault(VARIABLE, "").isEmpty()) {
      return data(here);
    }
    Optional<MountTable.Mount> mount =
        mounts.of(here.workingDirectory()).filter(MountTable.Mount::isDfs);
    if (mount.isPresent()) {
      Optional<DataDirectory> known = ProcessRecord.dataOf(mount.get().path(), here.data());
      if (known.isPresent()) {
        return known.get();
      }
    }
    for (Path path : here.data()) {
      DataDirectory data = new DataDirectory(path);
      if (data.entrance().isUp()) {
        return data;
      }
    }
    return data(here);
  }

  static Path mountPoint() {
    return isRoot() ? ROOT_MOUNT : home().resolve("dfs");
  }
}

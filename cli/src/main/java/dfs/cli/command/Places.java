package dfs.cli.command;

import dfs.cli.data.DataDirectory;
import dfs.client.volume.Credentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Where things are when nothing else is said: a machine's for root, a person's otherwise. */
final class Places {
  /** Of the cluster that a machine has for all its users. */
  static final Path MACHINE_DATA = Path.of("/var/lib/dfs");

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

  static DataDirectory data() {
    return new DataDirectory(isRoot() ? MACHINE_DATA : home().resolve(".local/share/dfs"));
  }

  static Path mountPoint() {
    return isRoot() ? ROOT_MOUNT : home().resolve("dfs");
  }
}

package dfs.cli.command;

import dfs.cli.volume.MountUsers;
import dfs.cli.volume.MountUsers.User;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;

/** Says who uses a mount that is to go. */
final class BusyMounts {
  private static final int SHOWN_MAX = 20;

  private BusyMounts() {}

  /** Prints the users of the mount; returns whether there are any. */
  static boolean print(Path mountPoint, PrintWriter err) throws IOException {
    List<User> users = MountUsers.of(mountPoint);
    for (User user : users.subList(0, Math.min(users.size(), SHOWN_MAX))) {
      err.println(
          "dfs: %s: in use by process %d (%s), which %s"
              .formatted(mountPoint, user.pid(), user.name(), user.how()));
    }
    if (users.size() > SHOWN_MAX) {
      err.println("dfs: %s: and %d more".formatted(mountPoint, users.size() - SHOWN_MAX));
    }
    return !users.isEmpty();
  }
}

package dfs.fuse.vfs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Supplementary groups of a process on this machine, from /proc/PID/status (proc(5)). */
final class ProcessGroups {
  private static final String GROUPS = "Groups:";

  private ProcessGroups() {}

  /** Empty when the process is gone. */
  static List<Integer> of(int process) {
    List<Integer> groups = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(Path.of("/proc", "" + process, "status"))) {
        if (line.startsWith(GROUPS)) {
          for (String group : line.substring(GROUPS.length()).strip().split("\\s+", -1)) {
            if (!group.isEmpty()) {
              groups.add(Integer.parseUnsignedInt(group));
            }
          }
        }
      }
    } catch (IOException | NumberFormatException e) {
      return List.of();
    }
    return groups;
  }
}

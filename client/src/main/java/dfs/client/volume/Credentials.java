package dfs.client.volume;

import dfs.protocol.metadata.Caller;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Who this process is. */
public final class Credentials {
  private static final int EFFECTIVE = 1;

  private Credentials() {}

  /** Effective user, group and supplementary groups (proc_pid_status(5)). */
  public static Caller ofThisProcess() throws IOException {
    int uid = -1;
    int gid = -1;
    List<Integer> groups = List.of();
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      List<String> words = Arrays.asList(line.strip().split("\\s+", -1));
      switch (words.getFirst()) {
        case "Uid:" -> uid = Integer.parseUnsignedInt(words.get(1 + EFFECTIVE));
        case "Gid:" -> gid = Integer.parseUnsignedInt(words.get(1 + EFFECTIVE));
        case "Groups:" ->
            groups =
                words.subList(1, words.size()).stream().map(Integer::parseUnsignedInt).toList();
        default -> {}
      }
    }
    return new Caller(uid, gid, groups);
  }

  /** The umask of this process. */
  public static int umask() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("Umask:")) {
        return Integer.parseInt(line.substring(line.indexOf(':') + 1).strip(), 8);
      }
    }
    return 0;
  }
}

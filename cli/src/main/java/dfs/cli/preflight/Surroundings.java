package dfs.cli.preflight;

import dfs.client.volume.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The machine as the checks see it.
 *
 * @param root whether this is the superuser
 * @param mayMount whether the kernel lets this process mount: CAP_SYS_ADMIN
 * @param fuseDevice normally /dev/fuse
 * @param searchPath where programs are looked for
 * @param mountInfo normally /proc/self/mountinfo
 */
public record Surroundings(
    boolean root, boolean mayMount, Path fuseDevice, List<Path> searchPath, Path mountInfo) {
  private static final int CAP_SYS_ADMIN = 21;

  /** This machine and process. */
  public static Surroundings ofThisProcess(Map<String, String> environment) throws IOException {
    List<Path> path = new ArrayList<>();
    for (String directory : environment.getOrDefault("PATH", "").split(":", -1)) {
      if (!directory.isEmpty()) {
        path.add(Path.of(directory));
      }
    }
    return new Surroundings(
        Credentials.ofThisProcess().isRoot(),
        hasCapability(CAP_SYS_ADMIN),
        Path.of("/dev/fuse"),
        path,
        MountTable.SELF);
  }

  private static boolean hasCapability(int number) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("CapEff:")) {
        String hexadecimal = line.substring(line.indexOf(':') + 1).strip();
        return (Long.parseUnsignedLong(hexadecimal, 16) >>> number & 1) == 1;
      }
    }
    return false;
  }
}

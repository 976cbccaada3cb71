package dfs.cli.volume;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Who keeps a mount busy: processes with their working directory, root, program, an open or a
 * mapped file on it. Only those that this user may look at are seen. The mount itself is not
 * touched.
 */
public final class MountUsers {
  private static final Path PROC = Path.of("/proc");
  private static final int MAPS_PATH = 5;

  /**
   * A process.
   *
   * @param name its command name
   * @param how what it uses, and which path
   */
  public record User(long pid, String name, String how) {}

  private final String mountPoint;

  private MountUsers(Path mountPoint) {
    this.mountPoint = mountPoint.toString();
  }

  /** The processes that use the mount at this path, one entry each, without this one. */
  public static List<User> of(Path mountPoint) throws IOException {
    MountUsers search = new MountUsers(mountPoint);
    List<User> users = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path process : processes) {
        long pid = Long.parseLong(String.valueOf(process.getFileName()));
        if (pid != ProcessHandle.current().pid()) {
          search.use(process).ifPresent(how -> users.add(new User(pid, name(process), how)));
        }
      }
    }
    return users;
  }

  private static String name(Path process) {
    try {
      return Files.readString(process.resolve("comm"), StandardCharsets.ISO_8859_1).strip();
    } catch (IOException e) {
      return "?";
    }
  }

  private Optional<String> use(Path process) {
    return link(process.resolve("cwd"), "works in")
        .or(() -> link(process.resolve("root"), "has its root at"))
        .or(() -> link(process.resolve("exe"), "runs"))
        .or(() -> descriptor(process))
        .or(() -> mapping(process));
  }

  private Optional<String> link(Path link, String how) {
    try {
      String target = Files.readSymbolicLink(link).toString();
      return isInside(target) ? Optional.of(how + " " + target) : Optional.empty();
    } catch (IOException e) {
      // it has ended, or is none of ours to look at
      return Optional.empty();
    }
  }

  private boolean isInside(String path) {
    return path.equals(mountPoint) || path.startsWith(mountPoint + "/");
  }

  private Optional<String> descriptor(Path process) {
    try (DirectoryStream<Path> descriptors =
        Files.newDirectoryStream(process.resolve("fd"), "[0-9]*")) {
      for (Path descriptor : descriptors) {
        Optional<String> use = link(descriptor, "has open");
        if (use.isPresent()) {
          return use;
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return Optional.empty();
  }

  private Optional<String> mapping(Path process) {
    try {
      for (String line : Files.readAllLines(process.resolve("maps"), StandardCharsets.ISO_8859_1)) {
        String[] fields = line.split("\\s+", MAPS_PATH + 1);
        if (fields.length > MAPS_PATH && isInside(fields[MAPS_PATH])) {
          return Optional.of("has mapped " + fields[MAPS_PATH]);
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return Optional.empty();
  }
}

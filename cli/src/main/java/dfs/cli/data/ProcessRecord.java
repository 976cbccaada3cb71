package dfs.cli.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A file in {@code run/} that says which process runs there. The time at which the process started
 * tells it from a later one that was given the same number.
 *
 * <pre>
 *   PID STARTED BOOT STATE
 *   mount point, or an empty line
 *   what keeps it from working, or an empty line
 * </pre>
 *
 * @param started clock ticks between the boot and the start of the process (proc_pid_stat(5))
 * @param boot id of the boot
 * @param mountPoint what it has mounted, or empty
 * @param problem what keeps it from working although it runs, in one line; empty: nothing
 */
public record ProcessRecord(
    long pid, long started, String boot, State state, Optional<Path> mountPoint, String problem) {
  /** How far the process is. */
  public enum State {
    STARTING,
    READY,
    STOPPING
  }

  /** Which process a file speaks of. */
  public enum Kind {
    ALL("pid"),
    METADATA("metadata.pid"),
    CHUNK("chunk"),
    SERVER(DataDirectory.SERVER),
    MOUNT("mount-");

    private final String file;

    Kind(String file) {
      this.file = file;
    }

    /** The file of a chunk server that is a process of its own. */
    public static Path chunkFile(DataDirectory data, int number) {
      return data.run().resolve(DataDirectory.chunkName(number) + ".pid");
    }

    /** The file of a process whose chunk servers a file names. */
    public static Path serverFile(DataDirectory data, String processName) {
      return data.run().resolve(processName + ".pid");
    }

    /**
     * The file; the mount point counts for {@link #MOUNT} only, {@link #CHUNK} and {@link #SERVER}
     * have others.
     */
    public Path file(DataDirectory data, Optional<Path> mountPoint) {
      return data.run()
          .resolve(
              this == MOUNT
                  ? file + DataDirectory.mountName(mountPoint.orElseThrow()) + ".pid"
                  : file);
    }
  }

  private static final Path PROC = Path.of("/proc");
  private static final int STAT_STARTED_AFTER_NAME = 19;

  /** A record of this process. */
  public static ProcessRecord ofThisProcess(State state, Optional<Path> mountPoint)
      throws IOException {
    long pid = ProcessHandle.current().pid();
    return new ProcessRecord(pid, startedTicks(pid).orElseThrow(), bootId(), state, mountPoint, "");
  }

  public ProcessRecord with(State changed) {
    return new ProcessRecord(pid, started, boot, changed, mountPoint, problem);
  }

  /**
   * The record with what is wrong now.
   *
   * @param text in any number of lines
   */
  public ProcessRecord withProblem(String text) {
    String line = text.replaceAll("\\R", " ");
    return new ProcessRecord(pid, started, boot, state, mountPoint, line);
  }

  /** Whether the process that wrote it still runs. */
  public boolean isAlive() throws IOException {
    Optional<Long> now = startedTicks(pid);
    return now.isPresent() && now.get() == started && boot.equals(bootId());
  }

  /** The first of these data directories that is up and has this mount. */
  public static Optional<DataDirectory> dataOf(Path mount, List<Path> candidates)
      throws IOException {
    for (Path candidate : candidates) {
      DataDirectory data = new DataDirectory(candidate);
      for (Found found : all(data)) {
        if (found.record().mountPoint().filter(mount::equals).isPresent()
            && data.entrance().isUp()) {
          return Optional.of(data);
        }
      }
    }
    return Optional.empty();
  }

  /** Writes the record; others see the old one or this. */
  public void write(Path file) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(
        fresh,
        "%d %d %s %s%n%s%n%s%n"
            .formatted(
                pid, started, boot, state, mountPoint.map(Path::toString).orElse(""), problem));
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static boolean isBelowFile(Path file) {
    Path up = file.getParent();
    while (up != null && !Files.exists(up)) {
      up = up.getParent();
    }
    return up != null && !Files.isDirectory(up);
  }

  /** The record in a file if there is one whose process is alive. */
  public static Optional<ProcessRecord> alive(Path file) throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (FileSystemException e) {
      if (isBelowFile(file)) {
        // What is wrong with such a data directory is said by who looks at it.
        return Optional.empty();
      }
      throw e;
    }
    String[] words = lines.isEmpty() ? new String[0] : lines.getFirst().split(" ", -1);
    if (words.length != 4) {
      return Optional.empty();
    }
    try {
      String mount = lines.size() > 1 ? lines.get(1) : "";
      ProcessRecord record =
          new ProcessRecord(
              Long.parseLong(words[0]),
              Long.parseLong(words[1]),
              words[2],
              State.valueOf(words[3]),
              mount.isEmpty() ? Optional.empty() : Optional.of(Path.of(mount)),
              lines.size() > 2 ? lines.get(2) : "");
      return record.isAlive() ? Optional.of(record) : Optional.empty();
    } catch (IllegalArgumentException e) {
      // a file that a crash left torn speaks of no process that runs
      return Optional.empty();
    }
  }

  /** A running process and the file that speaks of it. */
  public record Found(Path file, ProcessRecord record) {}

  /** All that run in a data directory, in the order in which to stop them: mounts first. */
  public static List<Found> all(DataDirectory data) throws IOException {
    List<Path> files = new ArrayList<>(begin(data, Kind.MOUNT));
    files.add(Kind.ALL.file(data, Optional.empty()));
    for (int number : data.chunkServers()) {
      files.add(Kind.chunkFile(data, number));
    }
    files.addAll(begin(data, Kind.SERVER));
    files.add(Kind.METADATA.file(data, Optional.empty()));
    List<Found> running = new ArrayList<>();
    for (Path file : files) {
      alive(file).ifPresent(record -> running.add(new Found(file, record)));
    }
    return running;
  }

  /** The files of a kind of which there may be any number. */
  private static List<Path> begin(DataDirectory data, Kind kind) throws IOException {
    if (!Files.isDirectory(data.run())) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(data.run())) {
      return entries
          .filter(
              entry ->
                  entry.getFileName().toString().startsWith(kind.file)
                      && entry.toString().endsWith(".pid"))
          .sorted()
          .toList();
    }
  }

  private static Optional<Long> startedTicks(long pid) {
    String stat;
    try {
      stat = Files.readString(PROC.resolve(pid + "/stat"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      // there is none, or it ended while it was read (ESRCH)
      return Optional.empty();
    }
    // the name stands in parentheses and may have any characters
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return fields[0].equals("Z")
        ? Optional.empty()
        : Optional.of(Long.parseLong(fields[STAT_STARTED_AFTER_NAME]));
  }

  private static String bootId() throws IOException {
    return Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
  }
}

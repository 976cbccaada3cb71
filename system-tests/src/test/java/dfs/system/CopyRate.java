package dfs.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How fast copies were made, by the log of the metadata server: from the first order to the last
 * block that has its copies; beside what {@code cp} and fsync of the same bytes take on that disk.
 */
final class CopyRate {
  private static final double MEBIBYTE = 1 << 20;

  private static final Pattern ORDERED =
      Pattern.compile("^(\\S+) .*: server (\\d+) is to copy block (\\d+) from .*");
  private static final Pattern MADE = Pattern.compile("^(\\S+) .*: block (\\d+) lies on .*");

  private final ServerProcesses servers;
  private final int count;
  private final int linesBefore;

  /** Counts from now on. */
  CopyRate(ServerProcesses servers, int count) throws IOException {
    this.servers = servers;
    this.count = count;
    this.linesBefore = log().size();
  }

  private List<String> log() throws IOException {
    return Files.readAllLines(Path.of(servers.data, "log", "metadata.log"));
  }

  /**
   * All copies were made, and nothing else is done.
   *
   * @return their rate as a share of that of {@code cp} and fsync
   */
  double measure() throws Exception {
    @Nullable OffsetDateTime begun = null;
    @Nullable OffsetDateTime ended = null;
    Map<Long, Path> blocks = new HashMap<>();
    Set<String> orders = new HashSet<>();
    List<Long> copies = new ArrayList<>();
    List<String> lines = log();
    for (String line : lines.subList(linesBefore, lines.size())) {
      Matcher ordered = ORDERED.matcher(line);
      Matcher made = MADE.matcher(line);
      if (ordered.matches()) {
        begun = begun == null ? OffsetDateTime.parse(ordered.group(1)) : begun;
        blocks.putIfAbsent(Long.parseLong(ordered.group(3)), Path.of(""));
        if (orders.add(ordered.group(2) + " " + ordered.group(3))) {
          copies.add(Long.parseLong(ordered.group(3)));
        }
      } else if (made.matches() && blocks.containsKey(Long.parseLong(made.group(2)))) {
        ended = OffsetDateTime.parse(made.group(1));
      }
    }
    if (begun == null || ended == null) {
      throw new AssertionError("no copies were made");
    }
    for (int server = 1; server <= count; server++) {
      for (long block : servers.blockBytes(server).keySet()) {
        blocks.replace(block, servers.blockFile(server, block));
      }
    }
    List<Path> files = new ArrayList<>(blocks.values());
    files.removeIf(file -> file.toString().isEmpty());
    long once = 0;
    for (Path file : files) {
      once += Files.size(file);
    }
    long bytes = 0;
    for (long block : copies) {
      Path file = blocks.get(block);
      bytes += file == null || file.toString().isEmpty() ? 0 : Files.size(file);
    }
    double seconds = Duration.between(begun, ended).toNanos() / 1e9;
    double copied = bytes / MEBIBYTE / seconds;
    double plain = once / MEBIBYTE / plainSeconds(files);
    System.out.println(
        "%d copies of %d blocks were made at %.0f MiB/s, %.0f MiB in %.2f s; cp and fsync: %.0f MiB/s"
            .formatted(copies.size(), files.size(), copied, bytes / MEBIBYTE, seconds, plain));
    return copied / plain;
  }

  private double plainSeconds(List<Path> files) throws Exception {
    Path to = Files.createDirectory(servers.scratch.resolve("plain"));
    Path names = Files.write(to.resolve("names"), files.stream().map(Path::toString).toList());
    long since = System.nanoTime();
    Shell.run(to, "xargs -a " + names + " cp -t . ; sync *.d");
    double seconds = (System.nanoTime() - since) / 1e9;
    Shell.run(servers.scratch, "rm -r plain");
    return seconds;
  }
}

package dfs.cli.config;

import dfs.chunk.server.ChunkServer;
import dfs.chunk.server.ChunkServer.Scrub;
import dfs.cli.config.ConfigLines.Line;
import dfs.cli.data.DataDirectory;
import dfs.client.volume.ClusterKeyFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The chunk servers of one process, as its file says: one for each data directory. The keys are
 * explained in {@code chunk.conf}, which {@code dfs chunk --example} prints.
 *
 * @param file absolute
 * @param name what the process's record, log and sockets are called after
 * @param metadataAddress {@code unix:/path} or {@code tcp:host:port}
 * @param clusterKey file of the cluster's key
 * @param host name of the machine, unless it is the one that the machine gives itself
 * @param runtime where sockets, logs and records of the process lie
 * @param directories by their numbers
 */
public record ChunkConfig(
    Path file,
    String name,
    String metadataAddress,
    Path clusterKey,
    Optional<String> host,
    DataDirectory runtime,
    List<Directory> directories,
    Background background) {
  private static final String DIRECTORY = "directory.";
  private static final String METADATA = "metadata";
  private static final String CLUSTER_KEY = "cluster.key";
  private static final String HOST = "host";
  private static final String RUNTIME = "runtime";
  private static final String SCRUB_RATE = "scrub.rate";
  private static final String SCRUB_EVERY = "scrub.every";
  private static final String COPY_RATE = "copy.rate";
  private static final Set<String> KEYS =
      Set.of(METADATA, CLUSTER_KEY, HOST, RUNTIME, SCRUB_RATE, SCRUB_EVERY, COPY_RATE);
  private static final String ALL_KEYS =
      "keys are metadata, cluster.key, host, runtime, directory.N, directory.N.weight, scrub.rate,"
          + " scrub.every and copy.rate; see: dfs chunk --example";
  private static final Pattern DIRECTORY_KEY =
      Pattern.compile("directory\\.([1-9]\\d?)(\\.weight)?");
  private static final Pattern WEIGHT = Pattern.compile("(\\d{1,4})(?:\\.(\\d{1,3}))?");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,32}");
  private static final Pattern HOST_NAME = Pattern.compile("[A-Za-z0-9._-]{1,253}");
  private static final Pattern TCP = Pattern.compile("([^/:\\s]+|\\[[0-9a-fA-F:]+\\]):(\\d{1,5})");
  private static final int PORT_MAX = 65_535;
  private static final int SOCKET_PATH_BYTES_MAX = 107;
  private static final int NUMBER_MAX = 1_000_000_000;
  private static final int MIB_SHIFT = 20;

  public ChunkConfig {
    directories = List.copyOf(directories);
  }

  /**
   * A data directory.
   *
   * @param number from 1 on
   * @param path absolute and normal
   * @param weight in thousandths
   * @param line where the file names it
   */
  public record Directory(int number, Path path, int weight, int line) {}

  /**
   * Reads a file.
   *
   * @param usual where sockets, logs and records lie if the file does not say
   * @throws ConfigException with all that is wrong with it
   */
  public static ChunkConfig read(Path file, DataDirectory usual)
      throws IOException, ConfigException {
    Path absolute = file.toAbsolutePath().normalize();
    ConfigLines lines = new ConfigLines(absolute);
    lines.checkKeys(KEYS, DIRECTORY, ALL_KEYS);
    String name = name(absolute, lines);
    DataDirectory runtime = path(lines, RUNTIME).map(DataDirectory::new).orElse(usual);
    String metadata = metadata(lines);
    Path key = path(lines, CLUSTER_KEY).orElse(runtime.clusterKey());
    checkKey(lines, key);
    lines
        .line(HOST)
        .filter(line -> !HOST_NAME.matcher(line.value()).matches())
        .ifPresent(line -> lines.wrong(line, "is no name of a host", "write one, as in: host = b"));
    List<Directory> directories = directories(lines);
    checkApart(lines, directories, runtime);
    Background background = background(lines);
    ChunkConfig config =
        new ChunkConfig(
            absolute, name, metadata, key, lines.value(HOST), runtime, directories, background);
    for (Directory directory : directories) {
      if (config.socket(directory).toString().getBytes(StandardCharsets.UTF_8).length
          > SOCKET_PATH_BYTES_MAX) {
        lines.missing(
            runtime.root() + " is too long a path for the sockets in it",
            "name a shorter one with: runtime = /DIR");
        break;
      }
    }
    if (!lines.problems().isEmpty()) {
      throw new ConfigException(lines.problems());
    }
    return config;
  }

  /**
   * A file with all keys and what they mean.
   *
   * @throws IOException when the program is not complete
   */
  public static String example() throws IOException {
    try (InputStream in = ChunkConfig.class.getResourceAsStream("chunk.conf")) {
      if (in == null) {
        throw new IOException("the example is not there: build dfs again");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** The socket at which a directory's blocks are served. */
  public Path socket(Directory directory) {
    return runtime.run().resolve("%s-%d.sock".formatted(processName(), directory.number()));
  }

  /** What the process's files in the runtime directory are called after. */
  public String processName() {
    return DataDirectory.serverName(name);
  }

  private static String name(Path file, ConfigLines lines) {
    String name = String.valueOf(file.getFileName()).replaceFirst("\\.[^.]*$", "");
    if (!NAME.matcher(name).matches()) {
      lines.missing(
          "its name is that of the process, and may have 32 letters, digits, - and _",
          "give the file such a name, with an ending like .conf");
    }
    return name;
  }

  private static Optional<Path> path(ConfigLines lines, String key) {
    Optional<Line> line = lines.line(key);
    if (line.isPresent() && !line.get().value().startsWith("/")) {
      lines.wrong(line.get(), "is no absolute path", "write it from / on");
    }
    return line.map(found -> Path.of(found.value()).toAbsolutePath().normalize());
  }

  private static String metadata(ConfigLines lines) {
    Optional<Line> line = lines.line(METADATA);
    String remedy =
        "write: metadata = /var/lib/dfs/run/metadata.sock, or: metadata = 127.0.0.1:PORT";
    if (line.isEmpty()) {
      lines.missing("it does not say where the metadata server is", remedy);
      return "";
    }
    String value = line.get().value();
    if (value.startsWith("/")) {
      return "unix:" + Path.of(value).normalize();
    }
    Matcher tcp = TCP.matcher(value);
    if (!tcp.matches() || Integer.parseInt(tcp.group(2)) > PORT_MAX) {
      lines.wrong(line.get(), "is neither the path of a socket nor HOST:PORT", remedy);
    }
    return "tcp:" + value;
  }

  private static void checkKey(ConfigLines lines, Path key) {
    Optional<Line> line = lines.line(CLUSTER_KEY);
    String reason;
    try {
      if (ClusterKeyFile.read(key).isPresent()) {
        return;
      }
      reason = "there is no such file";
    } catch (IOException e) {
      reason = "it cannot be used: " + e.getMessage();
    }
    String remedy =
        "copy cluster.key from the data directory of the metadata server, readable by its owner"
            + " alone (chmod 600)";
    if (line.isPresent()) {
      lines.wrong(line.get(), reason, remedy);
    } else {
      lines.missing(
          "it needs the key " + key + ": " + reason, remedy + ", or name it: cluster.key");
    }
  }

  private static List<Directory> directories(ConfigLines lines) {
    List<Directory> directories = new ArrayList<>();
    for (Line line : lines.all()) {
      Matcher matcher = DIRECTORY_KEY.matcher(line.key());
      if (!line.key().startsWith(DIRECTORY)) {
        continue;
      }
      int number = matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
      if (number < 1 || number > DataDirectory.CHUNK_SERVERS_MAX) {
        lines.wrong(
            line,
            "there is no such key",
            "directories are directory.1 to directory." + DataDirectory.CHUNK_SERVERS_MAX);
      } else if (matcher.group(2) == null) {
        Path path = path(lines, line.key()).orElseThrow();
        directories.add(new Directory(number, path, weight(lines, line), line.number()));
      } else if (lines.line(DIRECTORY + matcher.group(1)).isEmpty()) {
        lines.wrong(line, "there is no directory." + number, "name the directory, too");
      }
    }
    if (directories.isEmpty()) {
      lines.missing("it names no data directory", "write: directory.1 = /PATH");
    }
    directories.sort(Comparator.comparingInt(Directory::number));
    return directories;
  }

  private static int weight(ConfigLines lines, Line directory) {
    Optional<Line> line = lines.line(directory.key() + ".weight");
    if (line.isEmpty()) {
      return ChunkServer.Config.WEIGHT_USUAL;
    }
    Matcher matcher = WEIGHT.matcher(line.get().value());
    if (matcher.matches()) {
      String fraction = matcher.group(2) == null ? "" : matcher.group(2);
      int weight =
          Integer.parseInt(matcher.group(1)) * ChunkServer.Config.WEIGHT_USUAL
              + Integer.parseInt((fraction + "000").substring(0, 3));
      if (weight <= ChunkServer.Config.WEIGHT_MAX) {
        return weight;
      }
    }
    lines.wrong(
        line.get(),
        "is no weight",
        "a weight is 0 (no new blocks) to 1000, with three decimals at most; 1 is usual");
    return ChunkServer.Config.WEIGHT_USUAL;
  }

  /** No directory is another one, or lies in it, or has the sockets. */
  private static void checkApart(
      ConfigLines lines, List<Directory> directories, DataDirectory runtime) {
    for (Directory directory : directories) {
      Line line = lines.line(DIRECTORY + directory.number()).orElseThrow();
      Path path = real(directory.path());
      for (Directory other : directories) {
        if (other.number() < directory.number() && real(other.path()).equals(path)) {
          lines.wrong(line, "is the same as line " + other.line(), "name each directory once");
        } else if (other.number() != directory.number()
            && !real(other.path()).equals(path)
            && path.startsWith(real(other.path()))) {
          lines.wrong(
              line,
              "lies in the one of line " + other.line(),
              "keep them apart, each on a disk of its own");
        }
      }
      if (real(runtime.root()).startsWith(path)) {
        lines.wrong(
            line,
            "has the sockets and logs of the process in it: " + runtime.root(),
            "name another directory for them, which stays when this disk goes: runtime = /DIR");
      }
    }
  }

  /** Without symbolic links, as far as it exists. */
  private static Path real(Path path) {
    Path ancestor = path;
    while (!Files.exists(ancestor) && ancestor.getParent() != null) {
      ancestor = ancestor.getParent();
    }
    try {
      return ancestor.toRealPath().resolve(ancestor.relativize(path)).normalize();
    } catch (IOException e) {
      return path;
    }
  }

  private static Background background(ConfigLines lines) {
    Background usual = Background.USUAL;
    return new Background(
        new Scrub(
            mebibytes(lines, SCRUB_RATE, 1, usual.scrub().bytesPerSecond()),
            number(lines, SCRUB_EVERY, 1, usual.scrub().everySeconds())),
        mebibytes(lines, COPY_RATE, 0, usual.copyBytesPerSecond()));
  }

  /** In bytes. */
  private static long mebibytes(ConfigLines lines, String key, long least, long usualBytes) {
    return number(lines, key, least, usualBytes >> MIB_SHIFT) << MIB_SHIFT;
  }

  private static long number(ConfigLines lines, String key, long least, long usual) {
    Optional<Line> line = lines.line(key);
    if (line.isEmpty()) {
      return usual;
    }
    String value = line.get().value();
    long number = value.matches("\\d{1,10}") ? Long.parseLong(value) : -1;
    if (number < least || number > NUMBER_MAX) {
      lines.wrong(
          line.get(),
          "is no number from %d to %d".formatted(least, NUMBER_MAX),
          "the usual is " + usual);
      return usual;
    }
    return number;
  }
}

package dfs.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dfs.chunk.server.ChunkServer.Scrub;
import dfs.cli.config.ChunkConfig.Directory;
import dfs.cli.data.DataDirectory;
import dfs.cli.preflight.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The file of {@code dfs chunk --config}: what it says, and what is said of one that is wrong. */
class ChunkConfigTest {
  private static final String KEY = "00112233445566778899aabbccddeeff".repeat(2) + "\n";

  private @TempDir Path scratch;
  private DataDirectory runtime;
  private Path file;

  @BeforeEach
  void prepare() throws IOException {
    runtime = new DataDirectory(scratch.resolve("run"));
    Files.createDirectories(runtime.root());
    key(runtime.clusterKey(), "rw-------");
    file = scratch.resolve("disks.conf");
  }

  private static void key(Path at, String permissions) throws IOException {
    Files.writeString(at, KEY);
    Files.setPosixFilePermissions(at, PosixFilePermissions.fromString(permissions));
  }

  private ChunkConfig read(String... lines) throws IOException, ConfigException {
    Files.write(file, List.of(lines));
    return ChunkConfig.read(file, runtime);
  }

  private List<Problem> problems(String... lines) throws IOException {
    Files.write(file, List.of(lines));
    ConfigException e =
        catchThrowableOfType(ConfigException.class, () -> ChunkConfig.read(file, runtime));
    assertThat(e).as("what is wrong").isNotNull();
    return e.problems();
  }

  @Test
  void whatItSaysIsUnderstood() throws Exception {
    key(scratch.resolve("key"), "r--------");
    ChunkConfig config =
        read(
            "# a comment",
            "",
            "metadata = 127.0.0.1:7000",
            "cluster.key=" + scratch.resolve("key"),
            "  host   =   storage-1  ",
            "runtime = " + scratch.resolve("other"),
            "directory.2 = /srv/with = and # in it/",
            "directory.1 = /srv/disk1/../disk1",
            "directory.2.weight = 0.25",
            "directory.1.weight = 0",
            "scrub.rate = 3",
            "scrub.every = 60",
            "copy.rate = 0");
    assertThat(config)
        .isEqualTo(
            new ChunkConfig(
                file,
                "disks",
                "tcp:127.0.0.1:7000",
                scratch.resolve("key"),
                Optional.of("storage-1"),
                new DataDirectory(scratch.resolve("other")),
                List.of(
                    new Directory(1, Path.of("/srv/disk1"), 0, 8),
                    new Directory(2, Path.of("/srv/with = and # in it"), 250, 7)),
                new Background(new Scrub(3 << 20, 60), 0)));
    assertThat(config.socket(config.directories().getLast()))
        .isEqualTo(scratch.resolve("other/run/server-disks-2.sock"));
  }

  @Test
  void whatItLeavesOutIsAsUsual() throws Exception {
    ChunkConfig config = read("metadata = /m.sock", "directory.1 = /srv/disk1");
    assertThat(config)
        .isEqualTo(
            new ChunkConfig(
                file,
                "disks",
                "unix:/m.sock",
                runtime.clusterKey(),
                Optional.empty(),
                runtime,
                List.of(new Directory(1, Path.of("/srv/disk1"), 1000, 2)),
                Background.USUAL));
  }

  /** As it is, but for the key, which is not on this machine; with all that it proposes, too. */
  @Test
  void theExampleCanBeUsed() throws Exception {
    String key = "cluster.key = " + runtime.clusterKey();
    assertThat(read(ChunkConfig.example(), key).directories()).hasSize(1);
    String all =
        ChunkConfig.example()
            .replaceAll("(?m)^#(?=[a-z])", "")
            .replaceAll("(?m)^cluster.key.*$", key);
    ChunkConfig config = read(all);
    assertThat(config.directories()).extracting(Directory::weight).containsExactly(1000, 500);
    assertThat(config.background()).isEqualTo(Background.USUAL);
    assertThat(config.runtime().root()).isEqualTo(Path.of("/var/lib/dfs"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "weigth = 1 | there is no such key | keys are metadata",
        "no equals sign | is not of the form: key = value | write it so",
        "host = | is not of the form: key = value | write it so",
        "host = a b | is no name of a host | host = b",
        "directory.33 = /srv/x | there is no such key | directory.1 to directory.32",
        "directory.0 = /srv/x | there is no such key | directory.1 to directory.32",
        "directory.x = /srv/x | there is no such key | directory.1 to directory.32",
        "directory.2.weight = 1 | there is no directory.2 | name the directory",
        "directory.1.weight = -1 | is no weight | 0 (no new blocks) to 1000",
        "directory.1.weight = 1000.001 | is no weight | 0 (no new blocks) to 1000",
        "directory.1.weight = 0.0001 | is no weight | three decimals",
        "directory.1.weight = much | is no weight | 1 is usual",
        "directory.1 = /srv/e | is said a second time, after line 2 | keep one of the two",
        "directory.2 = /srv/d/ | is the same as line 2 | name each directory once",
        "directory.2 = /srv/d/e | lies in the one of line 2 | keep them apart",
        "directory.2 = srv | is no absolute path | write it from / on",
        "directory.2 = / | has the sockets and logs | runtime = /DIR",
        "runtime = here | is no absolute path | write it from / on",
        "cluster.key = /no/such/key | there is no such file | chmod 600",
        "scrub.rate = 0 | is no number from 1 to 1000000000 | the usual is 8",
        "scrub.every = soon | is no number | the usual is 604800",
        "copy.rate = -1 | is no number from 0 to 1000000000 | the usual is 64",
      })
  void whatIsWrongIsNamedWithItsLineAndARemedy(String line, String reason, String remedy)
      throws IOException {
    List<Problem> problems = problems("metadata = /m.sock", "directory.1 = /srv/d", line);
    assertThat(problems)
        .anySatisfy(
            problem -> {
              assertThat(problem.subject()).isEqualTo(file + ", line 3");
              assertThat(problem.reason()).startsWith(line.strip() + ": ").contains(reason);
              assertThat(problem.remedy()).contains(remedy);
            });
  }

  @ParameterizedTest
  @CsvSource({
    "metadata = somewhere",
    "metadata = host:",
    "metadata = host:70000",
    "metadata = a:b"
  })
  void aMetadataServerHasASocketOrAPort(String line) throws IOException {
    assertThat(problems(line, "directory.1 = /srv/d"))
        .extracting(Problem::reason)
        .containsExactly(line + ": is neither the path of a socket nor HOST:PORT");
  }

  @Test
  void whatIsMissingIsNamedTogether() throws IOException {
    Files.delete(runtime.clusterKey());
    assertThat(problems())
        .extracting(Problem::reason)
        .containsExactly(
            "it does not say where the metadata server is",
            "it needs the key " + runtime.clusterKey() + ": there is no such file",
            "it names no data directory");
  }

  @Test
  void aKeyThatOthersMayReadIsRefused() throws IOException {
    key(scratch.resolve("key"), "rw-r--r--");
    String line = "cluster.key = " + scratch.resolve("key");
    assertThat(problems("metadata = /m.sock", "directory.1 = /srv/d", line))
        .extracting(Problem::reason)
        .singleElement()
        .asString()
        .contains("can be read by others");
  }

  /** Also where one is a symbolic link to the other. */
  @Test
  void directoriesAreComparedAsTheDiskHasThem() throws IOException {
    Path real = Files.createDirectory(scratch.resolve("real"));
    Path link = Files.createSymbolicLink(scratch.resolve("link"), real);
    assertThat(
            problems(
                "metadata = /m.sock", "directory.1 = " + real, "directory.2 = " + link + "/below"))
        .extracting(Problem::reason)
        .singleElement()
        .asString()
        .contains("lies in the one of line 2");
  }

  @Test
  void aPathThatIsTooLongForSocketsIsRefused() throws IOException {
    String deep = Stream.generate(() -> "x".repeat(20)).limit(5).reduce("", (a, b) -> a + "/" + b);
    String key = "cluster.key = " + runtime.clusterKey();
    assertThat(problems("metadata = /m.sock", "directory.1 = /d", "runtime = " + deep, key))
        .extracting(Problem::reason)
        .containsExactly(deep + " is too long a path for the sockets in it");
  }

  @Test
  void aNumberIsWrittenInOneWayOnly() throws Exception {
    assertThat(
            problems("metadata = /m.sock", "directory.1 = /srv/disk1", "directory.01 = /srv/disk2"))
        .extracting(Problem::reason)
        .containsExactly("directory.01 = /srv/disk2: there is no such key");
  }
}

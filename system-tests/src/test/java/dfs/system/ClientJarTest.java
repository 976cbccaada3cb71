package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The client in one jar, in an application that has other versions of what it holds. */
@Timeout(300)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class ClientJarTest {
  private static final Path TARGET = Path.of("..", "client-jar", "target");
  private static final Path OTHERS = Path.of("target", "others");

  private @TempDir Path scratch;

  /** What an application does; it says where its classes are from. */
  static final class Application {
    private Application() {}

    public static void main(String[] arguments) throws Exception {
      for (String name :
          List.of(
              "com.google.common.collect.ImmutableList",
              "com.google.protobuf.ByteString",
              "io.netty.channel.epoll.EpollEventLoopGroup")) {
        System.out.println(name + " " + from(Class.forName(name)));
      }
      Map<String, Object> settings = Map.of("data", arguments[0]);
      try (FileSystem volume = FileSystems.newFileSystem(URI.create("dfs:///"), settings)) {
        Path file = volume.getPath("/notes/today.txt");
        Files.createDirectories(file.getParent());
        Files.writeString(file, "hello\n".repeat(100_000));
        System.out.println("read " + Files.size(file) + " " + Files.readAllLines(file).getLast());
        System.out.println("provider " + from(volume.provider().getClass()));
      }
    }

    private static Path from(Class<?> type) throws Exception {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI())
          .getFileName();
    }
  }

  /** Made when the modules are packaged, which an earlier phase of the build does not do. */
  private static Path jar() throws IOException {
    try (DirectoryStream<Path> jars = Files.newDirectoryStream(TARGET, "dfs-client-*.jar")) {
      for (Path jar : jars) {
        return jar;
      }
    }
    throw new AssertionError(
        "no jar in " + TARGET + ": make it with mvn package -pl client-jar -am");
  }

  @Test
  void itWorksBesideOtherVersionsOfWhatItHolds() throws Exception {
    String data = scratch.resolve("data").toString();
    Path own = Files.createDirectories(scratch.resolve("own/dfs/system"));
    String name = ClientJarTest.class.getName() + "$Application";
    Path compiled = Path.of("target", "test-classes", name.replace('.', '/') + ".class");
    Files.copy(compiled, own.resolve(String.valueOf(compiled.getFileName())));
    List<String> classPath = new ArrayList<>(List.of(scratch.resolve("own").toString()));
    try (DirectoryStream<Path> others = Files.newDirectoryStream(OTHERS, "*.jar")) {
      others.forEach(other -> classPath.add(other.toString()));
    }
    classPath.add(jar().toString());
    Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .filter(entry -> entry.contains("slf4j-api"))
        .forEach(classPath::add);
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            String.join(File.pathSeparator, classPath),
            name,
            data);
    Path said = scratch.resolve("said");
    try (DfsProcess servers =
        DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data)) {
      assertThat(servers.isAlive()).isTrue();
      Process application =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(said.toFile())
              .start();
      assertThat(application.waitFor()).as(Files.readString(said)).isZero();
    }
    assertThat(Files.readString(said))
        .contains("ImmutableList guava-20.0.jar")
        .contains("ByteString protobuf-java-3.11.4.jar")
        .contains("EpollEventLoopGroup netty-all-4.0.56.Final.jar")
        .contains("read 600000 hello")
        .contains("provider " + jar().getFileName());
  }

  /** What it holds of others has a name of its own; what it names to others is theirs. */
  @Test
  void allInItIsOurs() throws Exception {
    try (JarFile jar = new JarFile(jar().toFile())) {
      List<String> foreign =
          jar.stream()
              .map(ZipEntry::getName)
              .filter(name -> !name.endsWith("/") && !name.startsWith("dfs/"))
              .toList();
      assertThat(foreign)
          .contains(
              "META-INF/THIRD-PARTY", "META-INF/services/java.nio.file.spi.FileSystemProvider")
          .allMatch(
              name ->
                  name.matches(
                      "META-INF/(MANIFEST.MF|LICENSE|THIRD-PARTY"
                          + "|services/(dfs\\.shaded\\..*|java\\.nio\\.file\\.spi\\.FileSystemProvider)"
                          + "|native/libdfs_shaded_netty_.*\\.so)"));
    }
  }

  @Test
  void slf4jIsAllThatItNeeds() throws Exception {
    String pom = Files.readString(TARGET.resolve("dependency-reduced-pom.xml"));
    List<MatchResult> needed =
        Pattern.compile("<dependency>(.*?)</dependency>", Pattern.DOTALL)
            .matcher(pom)
            .results()
            .filter(found -> !found.group(1).matches("(?s).*<scope>(test|provided)</scope>.*"))
            .toList();
    assertThat(needed).hasSize(1);
    assertThat(needed.getFirst().group(1)).contains("<artifactId>slf4j-api</artifactId>");
  }
}

package dfs.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The class path of the processes that the tests start, and an archive of the classes that they
 * load, made once: a start takes half the time. Only where all of it is jars, as in the check.
 */
final class SharedClasses {
  /** Of the JVM's own, so that what a process says is what it has to say. */
  private static final String SILENT = "-Xlog:disable";

  private static @Nullable List<String> flags;

  private SharedClasses() {}

  private static boolean isOfTests(String entry) {
    return entry.endsWith("test-classes")
        || entry.contains("/system-tests/")
        || entry.endsWith("-tests.jar");
  }

  private static String classPath(boolean ofTests) {
    return Arrays.stream(System.getProperty("java.class.path").split(":", -1))
        .filter(entry -> !entry.isEmpty() && isOfTests(entry) == ofTests)
        .collect(Collectors.joining(":"));
  }

  /** Of the command. */
  static String classPath() {
    return classPath(false);
  }

  /** What these tests add, to be put behind that of the command. */
  static String classPathOfTests() {
    return classPath(true);
  }

  /**
   * Flags of a JVM that runs something of {@link #classPath}; the first caller makes the archive.
   */
  static synchronized List<String> flags() {
    List<String> known = flags;
    if (known == null) {
      try {
        known = make();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      flags = known;
    }
    return known;
  }

  private static List<String> make() throws IOException {
    if (!Arrays.stream(classPath().split(":", -1)).allMatch(entry -> entry.endsWith(".jar"))) {
      return List.of();
    }
    Path scratch = Files.createTempDirectory("dfs-classes");
    // In the reverse of this order.
    scratch.toFile().deleteOnExit();
    Path archive = scratch.resolve("classes.jsa");
    archive.toFile().deleteOnExit();
    Path said = scratch.resolve("said");
    List<String> command =
        DfsProcess.command(classPath(), List.of(SILENT, "-XX:ArchiveClassesAtExit=" + archive));
    Path data = scratch.resolve("data");
    command.addAll(List.of("up", "--foreground", "--no-mount", "--data", data.toString()));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      DfsProcess.awaitReady(process, said);
      process.destroy();
      if (process.waitFor() != 0) {
        throw new IOException("no archive was made: " + Files.readString(said));
      }
      Shell.run(scratch, "chmod 755 .; rm -rf data said");
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
    return List.of(SILENT, "-XX:SharedArchiveFile=" + archive);
  }
}

package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.cli.command.Commands;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The command {@code dfs} as a process of its own, in the foreground or to its end. */
final class DfsProcess implements AutoCloseable {
  private static final String FIRST_COMPILER_ONLY = "-XX:TieredStopAtLevel=1";
  private static final long READY_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private final Process process;
  private final Path said;

  private DfsProcess(Process process, Path said) {
    this.process = process;
    this.said = said;
  }

  /** How to run a class of these tests in a process of its own. */
  static List<String> java(String main) {
    List<String> command = new ArrayList<>(SharedClasses.flags());
    command.addAll(0, jvm());
    command.addAll(
        List.of("-cp", SharedClasses.classPath() + ":" + SharedClasses.classPathOfTests(), main));
    return command;
  }

  private static List<String> jvm() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC"));
    if (!Boolean.getBoolean("dfs.long")) {
      // Most live for seconds: the second compiler costs them more than it gives.
      command.add(FIRST_COMPILER_ONLY);
    }
    command.addAll(List.of(System.getProperty("dfs.jvm.flags", "").split(" ", -1)));
    command.removeIf(String::isEmpty);
    return command;
  }

  /** The command, with these flags of the JVM besides. */
  static List<String> command(String classPath, List<String> flags) {
    List<String> command = jvm();
    command.addAll(flags);
    command.addAll(List.of("-cp", classPath, "dfs.cli.Main"));
    return command;
  }

  private static List<String> command() {
    return command(SharedClasses.classPath(), SharedClasses.flags());
  }

  /** The command for a shell. */
  static String commandLine() {
    return String.join(" ", command());
  }

  /** The command for a shell of somebody who cannot read the build: over a copy in this folder. */
  static String commandLineOver(Path folder) throws Exception {
    List<String> copies = new ArrayList<>();
    for (String entry : SharedClasses.classPath().split(":", -1)) {
      if (Files.exists(Path.of(entry))) {
        Path copy = folder.resolve(copies.size() + "-" + Path.of(entry).getFileName());
        Shell.run(folder, "cp -r " + entry + " " + copy);
        copies.add(copy.toString());
      }
    }
    Shell.run(folder, "chmod -R a+rX .");
    return String.join(" ", command(String.join(":", copies), List.of()));
  }

  private static Process launch(Path output, List<String> prefix, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(command());
    if (arguments.getFirst().equals("chunk")) {
      // As scripts/dfs starts it.
      command.add(prefix.size() + 1, FIRST_COMPILER_ONLY);
    }
    command.addAll(arguments);
    return new ProcessBuilder(command)
        .directory(Path.of("/").toFile())
        .redirectInput(Path.of("/dev/null").toFile())
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  /** Starts a serving command; returns once it says that it serves. */
  static DfsProcess serve(Path scratch, String... arguments) throws IOException {
    DfsProcess started = begin(scratch, arguments);
    started.awaitReady();
    return started;
  }

  /** Starts a serving command and does not wait until it serves. */
  static DfsProcess begin(Path scratch, String... arguments) throws IOException {
    return beginUnder(List.of(), scratch, arguments);
  }

  /**
   * As {@link #begin}, by another command.
   *
   * @param prefix of the command line; it becomes what it is told to run
   */
  static DfsProcess beginUnder(List<String> prefix, Path scratch, String... arguments)
      throws IOException {
    Path output = Files.createTempFile(scratch, arguments[0], ".out");
    return new DfsProcess(launch(output, prefix, List.of(arguments)), output);
  }

  /** Returns once it says that it serves. */
  void awaitReady() throws IOException {
    awaitReady(process, said);
  }

  static void awaitReady(Process process, Path said) throws IOException {
    long since = System.nanoTime();
    while (!Files.readString(said).contains("log ")) {
      if (!process.isAlive() || System.nanoTime() - since > READY_NANOS) {
        process.destroyForcibly();
        throw new IOException("it is not ready; it said: " + Files.readString(said));
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /**
   * What a command does and says that must end so, within this process: for who looks again and
   * again.
   */
  static String call(int status, String... arguments) {
    StringWriter said = new StringWriter();
    PrintWriter writer = new PrintWriter(said, true);
    assertThat(Commands.run(writer, writer, arguments))
        .as("%s said %s", List.of(arguments), said)
        .isEqualTo(status);
    return said.toString();
  }

  /** Runs a command to its end, which must have this status; returns what it said. */
  static String runTo(int status, Path scratch, String... arguments) throws Exception {
    Path output = Files.createTempFile(scratch, arguments[0], ".out");
    Process process = launch(output, List.of(), List.of(arguments));
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("%s ends", arguments[0]).isTrue();
    String said = Files.readString(output);
    assertThat(process.exitValue()).as("%s said %s", List.of(arguments), said).isEqualTo(status);
    return said;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  String said() throws IOException {
    return Files.readString(said);
  }

  /** It must end by itself within so many seconds. */
  void awaitEnd(int seconds) throws Exception {
    assertThat(process.waitFor(seconds, TimeUnit.SECONDS))
        .as("it ends; it said %s", said())
        .isTrue();
    assertThat(process.exitValue()).isNotZero();
  }

  /** SIGSTOP: its connections stay, and nobody answers. */
  void pause() throws Exception {
    signal("STOP");
  }

  /** SIGCONT. */
  void wake() throws Exception {
    signal("CONT");
  }

  private void signal(String name) throws Exception {
    Shell.run(Path.of("/"), "kill -" + name + " " + pid());
  }

  /** SIGKILL, and waits until it is dead. */
  void kill() {
    process.destroyForcibly();
    await();
  }

  private void await() {
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** SIGTERM, and waits; the exit status. */
  int stop() {
    process.destroy();
    await();
    return process.exitValue();
  }

  /** And no key of a cluster was logged. */
  @Override
  public void close() {
    kill();
    try {
      LoggedKeys.check(Objects.requireNonNull(said.getParent()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package dfs.cli.command;

import dfs.cli.daemon.Daemon;
import dfs.cli.daemon.Roles;
import dfs.cli.data.ProcessRecord;
import dfs.cli.data.ProcessRecord.Kind;
import dfs.cli.data.ProcessRecord.State;
import dfs.cli.preflight.Preflight;
import dfs.cli.preflight.Problem;
import dfs.cli.preflight.Surroundings;
import dfs.cli.volume.Volume;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Starts a serving process: asks for everything first, then runs it here or as a process of its
 * own, detached, and waits until it serves.
 */
final class Start {
  private static final long READY_NANOS = TimeUnit.SECONDS.toNanos(90);
  private static final long LOOK_MILLIS = 50;
  private static final int CONSOLE_LINES = 10;

  private final Daemon.Config config;
  private final String command;
  private final PrintWriter out;
  private final PrintWriter err;

  /** Says that it is there. */
  interface Announcement {
    void ready(ProcessRecord record);
  }

  /**
   * @param command the subcommand that starts such a process
   */
  Start(Daemon.Config config, String command, PrintWriter out, PrintWriter err) {
    this.config = config;
    this.command = command;
    this.out = out;
    this.err = err;
  }

  int run(boolean foreground, Announcement announcement) throws Exception {
    return run(foreground, config.mountPoint(), announcement);
  }

  /**
   * @param named the mount point that the person named: one that is up must have it
   */
  int run(boolean foreground, Optional<Path> named, Announcement announcement) throws Exception {
    Optional<ProcessRecord> running = ProcessRecord.alive(config.record());
    if (running.isPresent() && running.get().state() != State.STOPPING) {
      return alreadyUp(running.get(), named, announcement);
    }
    List<Problem> problems = new ArrayList<>(others());
    problems.addAll(
        Preflight.check(
            new Preflight.Request(config.data(), config.mountPoint(), config.port()),
            Surroundings.ofThisProcess(System.getenv())));
    if (!problems.isEmpty()) {
      print(problems, err);
      return Commands.NOTHING_STARTED;
    }
    if (foreground) {
      ProcessRecord record = ProcessRecord.ofThisProcess(State.READY, config.mountPoint());
      return Daemon.run(
          config,
          () -> {
            announcement.ready(record);
            out.flush();
          });
    }
    return detached(announcement);
  }

  /** All that is missing, each with what to do about it. */
  static void print(List<Problem> problems, PrintWriter err) {
    for (Problem problem : problems) {
      err.println("dfs: " + problem.subject() + ": " + problem.reason());
      err.println("    " + problem.remedy());
    }
    err.println(
        "dfs: nothing was started: "
            + (problems.size() == 1 ? "1 thing is" : problems.size() + " things are")
            + " in the way");
  }

  private int alreadyUp(ProcessRecord running, Optional<Path> named, Announcement announcement)
      throws Exception {
    ProcessRecord ready = await(running, Optional.empty());
    List<Problem> problems = lacking(ready, named);
    if (!problems.isEmpty()) {
      print(problems, err);
      return Commands.NOTHING_STARTED;
    }
    out.println("dfs is up already: process " + ready.pid());
    announcement.ready(ready);
    return Commands.DONE;
  }

  /** What was asked for and a process that is up does not have. */
  private List<Problem> lacking(ProcessRecord running, Optional<Path> named) throws IOException {
    List<Problem> problems = new ArrayList<>();
    if (named.isPresent() && !running.mountPoint().equals(named)) {
      problems.add(
          new Problem(
              named.get().toString(),
              "is not mounted: dfs is up already, "
                  + running
                      .mountPoint()
                      .map(path -> "with the mount " + path)
                      .orElse("without a mount"),
              "mount it there, too, with: "
                  + Launcher.line("mount", config.data())
                  + " "
                  + named.get()));
    }
    int servers = Roles.chunkServers(config.data());
    if (config.kind() == Kind.ALL && config.chunkServers().size() > servers) {
      problems.add(
          new Problem(
              config.chunkServers().size() + " chunk servers",
              "do not run: dfs is up already with " + servers,
              "stop it, and start it with so many: " + Launcher.line("down", config.data())));
    }
    if (config.replication().copies().isPresent()
        && !copies().equals(config.replication().copies())) {
      problems.add(
          new Problem(
              config.replication().copies().get() + " copies",
              "are not kept: dfs is up already with " + copies().map(String::valueOf).orElse("?"),
              "stop it, and start it with so many: " + Launcher.line("down", config.data())));
    }
    if (config.port().isPresent()) {
      int port = config.port().get();
      Optional<Problem> impossible = Preflight.noSuchPort(port);
      if (impossible.isPresent()) {
        problems.add(impossible.get());
      } else if (!Roles.listensOn(config.data(), port)) {
        problems.add(
            new Problem(
                "port " + port,
                "is not listened on: dfs is up already without it",
                "stop it, and start it with the port: " + Launcher.line("down", config.data())));
      }
    }
    return problems;
  }

  /** Copies that are made of new blocks. */
  private Optional<Integer> copies() throws IOException {
    try (Volume volume = Volume.open(config.data())) {
      return Report.parse(volume.report("status")).number("volume", "copies");
    }
  }

  /** Processes that have a role of this one, or the lack of one that it needs. */
  private List<Problem> others() throws IOException {
    List<Problem> problems = new ArrayList<>();
    if (config.kind() == Kind.MOUNT) {
      if (!config.data().entrance().isUp()) {
        problems.add(
            new Problem(
                config.data().root().toString(),
                "dfs is not up",
                "start it with: " + Launcher.line("up", config.data())));
      }
      return problems;
    }
    for (Path record : conflicting()) {
      ProcessRecord.alive(record)
          .ifPresent(
              other ->
                  problems.add(
                      new Problem(
                          config.data().root().toString(),
                          "is in use by process " + other.pid(),
                          "stop it with: " + Launcher.line("down", config.data()))));
    }
    return problems;
  }

  /** Records of processes that would have a role that this one is to have. */
  private List<Path> conflicting() throws IOException {
    List<Path> records = new ArrayList<>();
    if (config.kind() == Kind.ALL) {
      records.add(Kind.METADATA.file(config.data(), Optional.empty()));
      config.chunkServers().forEach(number -> records.add(Kind.chunkFile(config.data(), number)));
    } else if (config.kind() == Kind.SERVER) {
      return records;
    } else if (config.kind() == Kind.METADATA
        || Roles.runsChunkServer(config.data(), config.chunkServers().getFirst())) {
      records.add(Kind.ALL.file(config.data(), Optional.empty()));
    }
    return records;
  }

  private int detached(Announcement announcement) throws Exception {
    String launcher =
        Launcher.path()
            .orElseThrow(
                () ->
                    new FailedException(
                        command, "no script is known to start a process with; use --foreground"));
    config.createDirectories();
    Path console = config.log().resolveSibling(config.log().getFileName() + ".console");
    Process process =
        new ProcessBuilder(arguments(launcher))
            .directory(Path.of("/").toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(console.toFile())
            .start();
    Optional<ProcessRecord> started = awaitRecord(process);
    if (started.isEmpty()) {
      for (String line : lastLines(console)) {
        err.println(line);
      }
      throw new FailedException(
          "process " + process.pid(), "ended with status " + process.exitValue() + log());
    }
    ProcessRecord ready = await(started.get(), Optional.of(console));
    // What did not start, and kept nothing else from it.
    lastLines(console).stream().filter(line -> line.startsWith("dfs: ")).forEach(err::println);
    announcement.ready(ready);
    return Commands.DONE;
  }

  private String log() {
    return " (see " + config.log() + ")";
  }

  private List<String> arguments(String launcher) {
    List<String> arguments = new ArrayList<>(List.of("setsid", launcher, command, "--foreground"));
    if (config.named().isPresent()) {
      arguments.addAll(List.of("--config", config.named().get().file().toString()));
      config.fresh().forEach(path -> arguments.addAll(List.of("--new", path.toString())));
      return arguments;
    }
    arguments.addAll(List.of("--data", config.data().root().toString()));
    config.port().ifPresent(port -> arguments.addAll(List.of("--port", String.valueOf(port))));
    config
        .replication()
        .copies()
        .ifPresent(copies -> arguments.addAll(List.of("--replication", String.valueOf(copies))));
    config
        .replication()
        .lostSeconds()
        .ifPresent(after -> arguments.addAll(List.of("--lost-after", String.valueOf(after))));
    if (config.kind() == Kind.ALL) {
      arguments.addAll(List.of("--chunk-servers", String.valueOf(config.chunkServers().size())));
      arguments.addAll(BackgroundOption.arguments(config.background()));
    } else if (config.kind() == Kind.CHUNK) {
      arguments.addAll(List.of("--number", String.valueOf(config.chunkServers().getFirst())));
      arguments.addAll(BackgroundOption.arguments(config.background()));
    }
    if (config.kind() == Kind.ALL && config.mountPoint().isEmpty()) {
      arguments.add("--no-mount");
    }
    config
        .mountPoint()
        .ifPresent(mountPoint -> arguments.addAll(List.of("--", mountPoint.toString())));
    return arguments;
  }

  /** Waits until the process has said that it is there; empty if it ended before. */
  private Optional<ProcessRecord> awaitRecord(Process process) throws Exception {
    long since = System.nanoTime();
    while (System.nanoTime() - since < READY_NANOS) {
      Optional<ProcessRecord> record = ProcessRecord.alive(config.record());
      if (record.isPresent() && record.get().pid() == process.pid()) {
        return record;
      }
      if (process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        return Optional.empty();
      }
    }
    throw notReady();
  }

  /** Waits until a process that has started serves. */
  private ProcessRecord await(ProcessRecord started, Optional<Path> console) throws Exception {
    long since = System.nanoTime();
    while (System.nanoTime() - since < READY_NANOS) {
      Optional<ProcessRecord> now = ProcessRecord.alive(config.record());
      if (now.isPresent() && now.get().state() == State.READY) {
        return now.get();
      }
      if (!started.isAlive()) {
        for (String line : console.isPresent() ? lastLines(console.get()) : List.<String>of()) {
          err.println(line);
        }
        throw new FailedException(
            "process " + started.pid(), "ended before it could serve" + log());
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
    throw notReady();
  }

  private FailedException notReady() {
    return new FailedException(
        config.data().root().toString(),
        "not ready after %d s; it goes on starting%s"
            .formatted(TimeUnit.NANOSECONDS.toSeconds(READY_NANOS), log()));
  }

  /** What the process printed before it ended. */
  private static List<String> lastLines(Path console) throws IOException {
    List<String> lines = Files.readAllLines(console);
    return lines.subList(Math.max(0, lines.size() - CONSOLE_LINES), lines.size());
  }
}

package dfs.cli.command;

import dfs.cli.data.ProcessRecord;
import dfs.cli.data.ProcessRecord.Found;
import dfs.cli.preflight.MountTable;
import dfs.cli.preflight.MountTable.Mount;
import dfs.client.volume.Credentials;
import dfs.fuse.nativecalls.Libc;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dfs umount}: takes one mount away; the process that has nothing but it ends. */
@Command(
    name = "umount",
    mixinStandardHelpOptions = true,
    description = "Takes a mount away; what was written there is written back.")
final class Umount implements Callable<Integer> {
  private static final long END_NANOS = TimeUnit.SECONDS.toNanos(90);
  private static final long LOOK_MILLIS = 50;

  @Parameters(paramLabel = "MOUNTPOINT", description = "where it is mounted")
  private Path mountPoint = Path.of("");

  @Mixin private final DataOption data = new DataOption();

  @Option(
      names = "--force",
      description = "also when it is in use: it vanishes now, and who uses it keeps what he has")
  private boolean force;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    Path path = mountPoint.toAbsolutePath().normalize();
    Optional<Mount> mounted = MountTable.read(MountTable.SELF).at(path);
    if (mounted.isEmpty() || !mounted.get().isDfs()) {
      throw new FailedException(path.toString(), "no dfs is mounted there");
    }
    if (!force && BusyMounts.print(path, err)) {
      err.println("dfs: not unmounted; let go of it, or go on with --force");
      return Commands.FAILED;
    }
    List<Found> owners = owners(path);
    unmount(path);
    for (Found owner : owners) {
      awaitEnd(owner.record());
    }
    return Commands.DONE;
  }

  /** Processes that end with this mount. */
  private List<Found> owners(Path path) throws IOException {
    Path own = ProcessRecord.Kind.MOUNT.file(data.directory(), Optional.of(path)).toAbsolutePath();
    return ProcessRecord.all(data.directory()).stream()
        .filter(found -> found.file().toAbsolutePath().equals(own))
        .toList();
  }

  private void unmount(Path path) throws Exception {
    if (Credentials.ofThisProcess().isRoot()) {
      Libc.umount2(path.toString(), force ? Libc.MNT_DETACH : 0);
      return;
    }
    List<String> command = new ArrayList<>(List.of("fusermount3", "-u"));
    if (force) {
      command.add("-z");
    }
    command.addAll(List.of("--", path.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new FailedException(path.toString(), said.strip());
    }
  }

  private static void awaitEnd(ProcessRecord record) throws Exception {
    long since = System.nanoTime();
    while (record.isAlive()) {
      if (System.nanoTime() - since > END_NANOS) {
        throw new FailedException("process " + record.pid(), "is still writing back");
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
  }
}

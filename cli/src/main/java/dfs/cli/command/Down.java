package dfs.cli.command;

import dfs.cli.data.DataDirectory;
import dfs.cli.data.ProcessRecord;
import dfs.cli.data.ProcessRecord.Found;
import dfs.cli.data.ProcessRecord.State;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dfs down}: stops what runs in a data directory, mounts first. */
@Command(
    name = "down",
    mixinStandardHelpOptions = true,
    description = "Writes everything back, unmounts and stops.")
final class Down implements Callable<Integer> {
  private static final long STOP_NANOS = TimeUnit.SECONDS.toNanos(90);
  private static final long LOOK_MILLIS = 50;

  @Mixin private final DataOption data = new DataOption();

  @Option(
      names = "--force",
      description = "also when a mount is in use: who uses it gets errors from then on")
  private boolean force;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    DataDirectory directory = data.directory();
    List<Found> running = ProcessRecord.all(directory);
    if (running.isEmpty()) {
      out.println("dfs is not up with the data " + directory.root());
      return Commands.DONE;
    }
    if (!force && isBusy(running, err)) {
      err.println("dfs: nothing was stopped; let go of it, or go on with --force");
      return Commands.FAILED;
    }
    for (Found found : running) {
      stop(found);
    }
    out.println("dfs is down; its data stays in " + directory.root());
    return Commands.DONE;
  }

  private static boolean isBusy(List<Found> running, PrintWriter err) throws IOException {
    boolean busy = false;
    for (Found found : running) {
      if (found.record().mountPoint().isPresent()) {
        busy |= BusyMounts.print(found.record().mountPoint().get(), err);
      }
    }
    return busy;
  }

  /**
   * Asks a process to end and waits. One that is ending already is not asked again: that would end
   * it at once.
   */
  private static void stop(Found found) throws Exception {
    ProcessRecord record = found.record();
    String name = "process " + record.pid();
    if (record.state() != State.STOPPING && record.isAlive()) {
      boolean signalled = ProcessHandle.of(record.pid()).map(ProcessHandle::destroy).orElse(true);
      if (!signalled) {
        throw new FailedException(name, "may not be stopped by you");
      }
    }
    long since = System.nanoTime();
    while (record.isAlive()) {
      if (System.nanoTime() - since > STOP_NANOS) {
        throw new FailedException(
            name,
            "is still writing back or stopping; look at its log, or end it with: kill -9 "
                + record.pid());
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
  }
}

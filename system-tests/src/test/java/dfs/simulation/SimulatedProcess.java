package dfs.simulation;

import dfs.protocol.seam.Time;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A process of the simulation, from its start to its death: its clock, its threads, and what is to
 * be told when it dies. A dead one runs nothing any more, whatever its threads were about to do.
 */
final class SimulatedProcess implements Time {
  private final Scheduler scheduler;
  private final String name;
  private final int machine;
  private final int number;
  private final Random random;
  private final List<Runnable> atDeath = new ArrayList<>();
  private boolean alive = true;

  /**
   * @param machine where it runs: processes of one machine are cut off together
   */
  SimulatedProcess(Scheduler scheduler, String name, int machine, int number) {
    this.scheduler = scheduler;
    this.name = name;
    this.machine = machine;
    this.number = number;
    this.random = new Random(scheduler.random.nextLong());
  }

  String name() {
    return name;
  }

  int machine() {
    return machine;
  }

  int number() {
    return number;
  }

  boolean isAlive() {
    return alive;
  }

  /** What its rooms get for random. */
  Random random() {
    return random;
  }

  /** SIGKILL. */
  void kill() {
    if (alive) {
      alive = false;
      atDeath.forEach(Runnable::run);
      atDeath.clear();
    }
  }

  /** Runs when it dies, outside of it. */
  void atDeath(Runnable what) {
    atDeath.add(what);
  }

  /** Starts a thread of it. */
  void start(String threadName, Runnable task) {
    scheduler.thread(this, threadName, task).start();
  }

  @Override
  public long monotonicNanos() {
    return scheduler.nowNanos();
  }

  @Override
  public long wallNanos() {
    return scheduler.nowNanos();
  }

  @Override
  public Timer after(long delay, TimeUnit unit, Runnable task) {
    Scheduler.Alarm alarm = scheduler.after(this, unit.toNanos(delay), task);
    return alarm::cancel;
  }

  @Override
  public Thread thread(String threadName, Runnable task) {
    return scheduler.thread(this, threadName, task);
  }

  @Override
  public ExecutorService threads(String threadName) {
    return Executors.newThreadPerTaskExecutor(task -> thread(threadName, task));
  }

  @Override
  public Thread lightThread(String threadName, Runnable task) {
    return scheduler.thread(this, threadName, task);
  }
}

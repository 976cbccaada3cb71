package dfs.simulation;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs the threads of all simulated processes on the calling thread, one at a time, until each
 * waits; which one goes on next is picked at random from a seed. When none can, the clock jumps to
 * the next timer. The same seed gives the same run.
 *
 * <p>The threads are virtual ones whose scheduler this is, by the JDK's constructor for it, which
 * is not public.
 */
final class Scheduler {
  private static final Constructor<?> BUILDER = builder();

  /** The runs of one instant; more of them means that threads keep each other awake for ever. */
  private static final int STEPS_PER_INSTANT_MAX = 1_000_000;

  final Random random;
  private final Thread carrier = Thread.currentThread();
  private final List<Step> ready = new ArrayList<>();
  private final PriorityQueue<Alarm> alarms =
      new PriorityQueue<>(
          Comparator.comparingLong(Alarm::atNanos).thenComparingLong(Alarm::number));
  private long nowNanos = 1_000_000_000_000L;
  private long alarmsSet;
  private long steps;
  private long trace;
  private @Nullable Throwable failure;

  private record Step(SimulatedProcess process, Thread thread, Runnable run) {}

  /** Where a thread's continuations come to; knows the thread once it is made. */
  private final class Carrier implements Executor {
    private final SimulatedProcess process;
    private @Nullable Thread thread;

    Carrier(SimulatedProcess process) {
      this.process = process;
    }

    @Override
    public void execute(Runnable run) {
      if (!Thread.currentThread().isVirtual() && !Thread.currentThread().equals(carrier)) {
        fail(new IllegalStateException(Thread.currentThread() + " woke " + thread));
      }
      if (process.isAlive() && thread != null) {
        ready.add(new Step(process, thread, run));
      }
    }
  }

  /** Something that is due at a time. */
  static final class Alarm {
    private final long atNanos;
    private final long number;
    private final SimulatedProcess process;
    private @Nullable Runnable task;

    private Alarm(long atNanos, long number, SimulatedProcess process, Runnable task) {
      this.atNanos = atNanos;
      this.number = number;
      this.process = process;
      this.task = task;
    }

    long atNanos() {
      return atNanos;
    }

    long number() {
      return number;
    }

    void cancel() {
      task = null;
    }
  }

  Scheduler(long seed) {
    random = new Random(seed);
  }

  private static Constructor<?> builder() {
    try {
      Constructor<?> constructor =
          Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
              .getDeclaredConstructor(Executor.class);
      constructor.setAccessible(true);
      return constructor;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JDK cannot run threads on a scheduler of ours", e);
    }
  }

  /** A thread of a process, not started. */
  Thread thread(SimulatedProcess process, String name, Runnable task) {
    Carrier executor = new Carrier(process);
    try {
      Thread thread =
          ((Thread.Builder.OfVirtual) BUILDER.newInstance(executor))
              .name(process.name() + " " + name)
              .uncaughtExceptionHandler((t, e) -> fail(e))
              .unstarted(task);
      executor.thread = thread;
      return thread;
    } catch (InstantiationException | IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The run fails when it gets to the end of the present step. */
  void fail(Throwable e) {
    if (failure == null) {
      failure = e;
    }
  }

  long nowNanos() {
    return nowNanos;
  }

  /** Stands for all that has happened so far. */
  long trace() {
    return trace;
  }

  long steps() {
    return steps;
  }

  /** Does something on a thread of a process later, if it is still alive then. */
  Alarm after(SimulatedProcess process, long nanos, Runnable task) {
    Alarm alarm = new Alarm(nowNanos + Math.max(0, nanos), alarmsSet++, process, task);
    alarms.add(alarm);
    return alarm;
  }

  /** A random delay of around so much. */
  long around(long nanos) {
    return nanos / 2 + random.nextLong(nanos);
  }

  /**
   * Lets everybody run until something holds.
   *
   * @param limitNanos of simulated time
   * @return whether it holds
   */
  boolean run(BooleanSupplier until, long limitNanos) {
    long end = nowNanos + limitNanos;
    int inInstant = 0;
    while (!until.getAsBoolean()) {
      if (!ready.isEmpty()) {
        if (++inInstant > STEPS_PER_INSTANT_MAX) {
          throw new AssertionError("threads keep each other awake at " + nowNanos);
        }
        step();
        continue;
      }
      inInstant = 0;
      Alarm next = alarms.peek();
      if (next == null || next.atNanos > end) {
        nowNanos = end;
        return false;
      }
      alarms.poll();
      Runnable task = next.task;
      if (task != null && next.process.isAlive()) {
        nowNanos = next.atNanos;
        thread(next.process, "timer", task).start();
      }
    }
    return true;
  }

  private void step() {
    int index = random.nextInt(ready.size());
    Step step = ready.get(index);
    Step last = ready.removeLast();
    if (index < ready.size()) {
      ready.set(index, last);
    }
    if (!step.process.isAlive()) {
      return;
    }
    steps++;
    trace = 31 * (31 * trace + step.process.number()) + nowNanos;
    step.run.run();
    if (step.thread.getState() == Thread.State.BLOCKED) {
      // Who would wake it is a thread of the JVM's, at a time of its own.
      Throwable where = new IllegalStateException(step.thread + " waits for a monitor");
      where.setStackTrace(step.thread.getStackTrace());
      fail(where);
    }
    Throwable thrown = failure;
    if (thrown != null) {
      throw thrown instanceof AssertionError e ? e : new AssertionError(thrown.toString(), thrown);
    }
  }
}

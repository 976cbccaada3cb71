package dfs.metadata.consensus;

import com.alipay.sofa.jraft.storage.LogStorage;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** The library's log storage with a slow or broken disk. */
final class FaultyLogStorage {
  private FaultyLogStorage() {}

  /** Whether the disk is broken. */
  static final class Switch {
    volatile boolean on;
  }

  private interface Before {
    /** True if the call fails, which only an append can. */
    boolean call(String method);
  }

  /** Every append takes at least this long. */
  static LogStorage slow(LogStorage storage, long nanos) {
    return wrap(
        storage,
        method -> {
          if (!method.equals("appendEntries")) {
            return false;
          }
          long until = System.nanoTime() + nanos;
          while (System.nanoTime() < until) {
            LockSupport.parkNanos(until - System.nanoTime());
          }
          return false;
        });
  }

  /** Appends fail as the library reports it, once the switch is on. */
  static LogStorage breakable(LogStorage storage, Switch broken) {
    return wrap(storage, method -> method.equals("appendEntries") && broken.on);
  }

  /** Counts how many entries are read. */
  static LogStorage counted(LogStorage storage, AtomicLong reads) {
    return wrap(
        storage,
        method -> {
          if (method.equals("getEntry")) {
            reads.incrementAndGet();
          }
          return false;
        });
  }

  private static LogStorage wrap(LogStorage storage, Before before) {
    return (LogStorage)
        Proxy.newProxyInstance(
            LogStorage.class.getClassLoader(),
            new Class<?>[] {LogStorage.class},
            (proxy, method, arguments) -> {
              if (before.call(method.getName())) {
                return 0;
              }
              try {
                return method.invoke(storage, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}

package dfs.metadata.consensus;

import com.alipay.sofa.jraft.storage.LogStorage;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.locks.LockSupport;

/** The library's log storage with a slow or broken disk. */
final class FaultyLogStorage {
  private FaultyLogStorage() {}

  /** Whether the disk is broken. */
  static final class Switch {
    volatile boolean on;
  }

  private interface Before {
    /** True if the append fails. */
    boolean append();
  }

  /** Every append takes at least this long. */
  static LogStorage slow(LogStorage storage, long nanos) {
    return wrap(
        storage,
        () -> {
          long until = System.nanoTime() + nanos;
          while (System.nanoTime() < until) {
            LockSupport.parkNanos(until - System.nanoTime());
          }
          return false;
        });
  }

  /** Appends fail as the library reports it, once the switch is on. */
  static LogStorage breakable(LogStorage storage, Switch broken) {
    return wrap(storage, () -> broken.on);
  }

  private static LogStorage wrap(LogStorage storage, Before before) {
    return (LogStorage)
        Proxy.newProxyInstance(
            LogStorage.class.getClassLoader(),
            new Class<?>[] {LogStorage.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("appendEntries") && before.append()) {
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

package dfs.system;

import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** A disk on which this process dies at an operation that it is told of before. */
final class HaltingDisk {
  /** As of SIGKILL. */
  static final int STATUS = 137;

  private static final Set<String> CHANGES =
      Set.of("createDirectories", "rename", "delete", "syncDirectory", "write", "truncate", "sync");

  private final Disk disk;
  private final AtomicLong left = new AtomicLong(Long.MAX_VALUE);

  HaltingDisk(Disk disk) {
    this.disk = disk;
  }

  /** Of the operations from now on that change something so many are done, and not the next one. */
  void haltAfter(long operations) {
    left.set(operations);
  }

  Disk halting() {
    return made(
        Disk.class,
        (proxy, method, arguments) -> {
          boolean creates = method.getName().equals("open") && Boolean.TRUE.equals(arguments[1]);
          Object result = call(disk, method, arguments, creates);
          return result instanceof DiskFile file ? halting(file) : result;
        });
  }

  private DiskFile halting(DiskFile file) {
    return made(DiskFile.class, (proxy, method, arguments) -> call(file, method, arguments, false));
  }

  private static <T> T made(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private Object call(Object target, Method method, Object[] arguments, boolean creates)
      throws Throwable {
    if ((creates || CHANGES.contains(method.getName())) && left.getAndDecrement() <= 0) {
      Runtime.getRuntime().halt(STATUS);
    }
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}

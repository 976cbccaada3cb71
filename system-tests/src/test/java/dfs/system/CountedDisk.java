package dfs.system;

import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/** A disk of a chunk server whose flushes are counted. */
final class CountedDisk {
  private final Disk disk;
  private final AtomicLong ofJournal = new AtomicLong();
  private final AtomicLong ofBlocks = new AtomicLong();

  /** Flushes since the start: of the journal, and of files of blocks. */
  record Flushes(long ofJournal, long ofBlocks) {
    Flushes since(Flushes before) {
      return new Flushes(ofJournal - before.ofJournal, ofBlocks - before.ofBlocks);
    }
  }

  CountedDisk(Disk disk) {
    this.disk = disk;
  }

  Flushes flushes() {
    return new Flushes(ofJournal.get(), ofBlocks.get());
  }

  Disk counted() {
    return made(
        Disk.class,
        (proxy, method, arguments) -> {
          Object result = call(disk, method, arguments);
          if (!(result instanceof DiskFile file)) {
            return result;
          }
          Path path = (Path) arguments[0];
          return counted(file, path.startsWith("journal") ? ofJournal : ofBlocks);
        });
  }

  private static DiskFile counted(DiskFile file, AtomicLong count) {
    return made(
        DiskFile.class,
        (proxy, method, arguments) -> {
          if (method.getName().equals("sync")) {
            count.incrementAndGet();
          }
          return call(file, method, arguments);
        });
  }

  private static <T> T made(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private static Object call(Object target, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}

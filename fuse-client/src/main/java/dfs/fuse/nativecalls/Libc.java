package dfs.fuse.nativecalls;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * System calls of the C library, by their own names. Each throws {@link SystemCallException} with
 * the call's errno.
 */
public final class Libc {
  public static final int O_RDWR = 2;
  public static final int O_NONBLOCK = 04000;
  public static final int O_CLOEXEC = 02000000;
  public static final int EINTR = 4;
  public static final int EAGAIN = 11;
  public static final int ENOENT = 2;
  public static final int ENODEV = 19;
  public static final int EINVAL = 22;
  public static final int ENOTCONN = 107;
  public static final long MS_NOSUID = 2;
  public static final long MS_NODEV = 4;
  public static final int MNT_DETACH = 2;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle OPEN =
      variadic("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), 2);
  private static final MethodHandle CLOSE =
      call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle READ =
      call("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle WRITE =
      call("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle POLL =
      call("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle IOCTL =
      variadic("ioctl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS), 2);
  private static final MethodHandle MOUNT =
      call("mount", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));
  private static final MethodHandle UMOUNT2 =
      call("umount2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle GETUID = call("geteuid", FunctionDescriptor.of(JAVA_INT));
  private static final MethodHandle STRERROR =
      call("strerror", FunctionDescriptor.of(ADDRESS, JAVA_INT));

  private static final ThreadLocal<MemorySegment> CAPTURED =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  private Libc() {}

  static MethodHandle call(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name), type, Linker.Option.captureCallState("errno"));
  }

  private static MethodHandle variadic(String name, FunctionDescriptor type, int fixed) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        type,
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(fixed));
  }

  static MemorySegment captured() {
    return CAPTURED.get();
  }

  /** The result, or the exception for a negative one. */
  static long checked(String what, long result) throws SystemCallException {
    if (result >= 0) {
      return result;
    }
    int errno = (int) ERRNO.get(captured(), 0L);
    throw new SystemCallException(what, errno, strerror(errno));
  }

  static RuntimeException impossible(Throwable t) {
    if (t instanceof Error e) {
      throw e;
    }
    throw new IllegalStateException(t);
  }

  /** Text of an error number. */
  public static String strerror(int errno) {
    try {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(captured(), errno);
      return text.reinterpret(256).getString(0);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  public static int open(String path, int flags) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      return (int)
          checked(
              "open " + path,
              (int) OPEN.invokeExact(captured(), arena.allocateFrom(path), flags | O_CLOEXEC));
    } catch (SystemCallException e) {
      throw e;
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  public static void close(int fd) throws SystemCallException {
    try {
      checked("close", (int) CLOSE.invokeExact(captured(), fd));
    } catch (SystemCallException e) {
      throw e;
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /** Reads into the buffer from its start; returns the number of bytes, 0 at the end. */
  public static int read(int fd, NativeBuffer into) throws SystemCallException {
    try {
      MemorySegment memory = into.segment();
      return (int)
          checked("read", (long) READ.invokeExact(captured(), fd, memory, memory.byteSize()));
    } catch (SystemCallException e) {
      throw e;
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /**
   * Writes the first {@code length} bytes of the buffer in one call; returns how many were taken.
   */
  public static int write(int fd, NativeBuffer from, int length) throws SystemCallException {
    try {
      MemorySegment memory = from.segment().asSlice(0, length);
      return (int)
          checked("write", (long) WRITE.invokeExact(captured(), fd, memory, (long) length));
    } catch (SystemCallException e) {
      throw e;
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /**
   * Waits until the descriptor can be read, or the time is over (-1: for ever); returns whether it
   * can or has failed.
   */
  public static boolean pollReadable(int fd, int timeoutMillis) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(8, 4);
      entry.set(JAVA_INT, 0, fd);
      entry.set(JAVA_INT, 4, 1);
      return checked("poll", (int) POLL.invokeExact(captured(), entry, 1L, timeoutMillis)) > 0;
    } catch (SystemCallException e) {
      throw e;
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /** An ioctl whose argument is a pointer to an int. */
  public static void ioctl(int fd, long request, int value) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment argument = arena.allocateFrom(JAVA_INT, value);
      checked("ioctl", (int) IOCTL.invokeExact(captured(), fd, request, argument));
    } catch (SystemCallException e) {
      throw e;
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  public static void mount(String source, String target, String type, long flags, String data)
      throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      checked(
          "mount " + target,
          (int)
              MOUNT.invokeExact(
                  captured(),
                  arena.allocateFrom(source),
                  arena.allocateFrom(target),
                  arena.allocateFrom(type),
                  flags,
                  arena.allocateFrom(data)));
    } catch (SystemCallException e) {
      throw e;
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  public static void umount2(String target, int flags) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      checked(
          "umount " + target,
          (int) UMOUNT2.invokeExact(captured(), arena.allocateFrom(target), flags));
    } catch (SystemCallException e) {
      throw e;
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /** Effective user id. */
  public static int geteuid() {
    try {
      return (int) GETUID.invokeExact(captured());
    } catch (Throwable t) {
      throw impossible(t);
    }
  }
}

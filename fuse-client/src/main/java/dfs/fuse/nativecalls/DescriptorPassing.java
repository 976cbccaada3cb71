package dfs.fuse.nativecalls;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * Runs a program that hands back an open file over a Unix socket: how fusermount3 mounts for an
 * ordinary user. The JDK's own process builder closes every descriptor in the child, so the program
 * is spawned here.
 */
public final class DescriptorPassing {
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int SOL_SOCKET = 1;

  private static final MethodHandle SOCKETPAIR =
      Libc.call(
          "socketpair", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle RECVMSG =
      Libc.call("recvmsg", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle SPAWN =
      Libc.call(
          "posix_spawnp",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
  private static final MethodHandle WAITPID =
      Libc.call("waitpid", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));

  private DescriptorPassing() {}

  /**
   * Runs {@code command} with the number of the socket in the environment variable {@code
   * variable}, and returns the descriptor that it sends.
   *
   * @throws SystemCallException when the program cannot be started or ends without sending one
   */
  public static int run(List<String> command, String variable) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pair = arena.allocate(8, 4);
      Libc.checked(
          "socketpair",
          (int) SOCKETPAIR.invokeExact(Libc.captured(), AF_UNIX, SOCK_STREAM, 0, pair));
      int theirs = pair.get(JAVA_INT, 0);
      int ours = pair.get(JAVA_INT, 4);
      try {
        int pid = spawn(arena, command, variable + "=" + theirs);
        Libc.close(theirs);
        theirs = -1;
        int received = receive(arena, ours);
        int status = await(arena, pid);
        if (received < 0 || status != 0) {
          throw new SystemCallException(command.getFirst(), 5, "failed with status " + status);
        }
        return received;
      } finally {
        Libc.close(ours);
        if (theirs >= 0) {
          Libc.close(theirs);
        }
      }
    } catch (SystemCallException e) {
      throw e;
    } catch (Throwable t) {
      throw Libc.impossible(t);
    }
  }

  private static int spawn(Arena arena, List<String> command, String setting) throws Throwable {
    MemorySegment pid = arena.allocate(JAVA_INT);
    MemorySegment arguments = strings(arena, command);
    String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");
    MemorySegment environment = strings(arena, List.of(setting, "PATH=" + path));
    MemorySegment program = arena.allocateFrom(command.getFirst());
    int error =
        (int)
            SPAWN.invokeExact(
                Libc.captured(),
                pid,
                program,
                MemorySegment.NULL,
                MemorySegment.NULL,
                arguments,
                environment);
    if (error != 0) {
      throw new SystemCallException(command.getFirst(), error, Libc.strerror(error));
    }
    return pid.get(JAVA_INT, 0);
  }

  private static MemorySegment strings(Arena arena, List<String> values) {
    MemorySegment array = arena.allocate(ADDRESS, values.size() + 1L);
    for (int i = 0; i < values.size(); i++) {
      array.setAtIndex(ADDRESS, i, arena.allocateFrom(values.get(i)));
    }
    return array;
  }

  /**
   *
   *
   * <pre>
   * msghdr: 0 name | 8 namelen | 16 iov | 24 iovlen | 32 control | 40 controllen | 48 flags
   * cmsghdr: 0 length u64 | 8 level u32 | 12 type u32 | 16 descriptor u32
   * </pre>
   */
  private static int receive(Arena arena, int socket) throws Throwable {
    MemorySegment data = arena.allocate(8);
    MemorySegment vector = arena.allocate(16, 8);
    vector.set(ADDRESS, 0, data);
    vector.set(JAVA_LONG, 8, 1);
    MemorySegment control = arena.allocate(32, 8);
    MemorySegment header = arena.allocate(56, 8);
    header.set(ADDRESS, 16, vector);
    header.set(JAVA_LONG, 24, 1);
    header.set(ADDRESS, 32, control);
    header.set(JAVA_LONG, 40, control.byteSize());
    long got =
        Libc.checked("recvmsg", (long) RECVMSG.invokeExact(Libc.captured(), socket, header, 0));
    boolean rights =
        got > 0
            && header.get(JAVA_LONG, 40) >= 20
            && control.get(JAVA_INT, 8) == SOL_SOCKET
            && control.get(JAVA_INT, 12) == SCM_RIGHTS;
    return rights ? control.get(JAVA_INT, 16) : -1;
  }

  private static int await(Arena arena, int pid) throws Throwable {
    MemorySegment status = arena.allocate(JAVA_INT);
    Libc.checked("waitpid", (int) WAITPID.invokeExact(Libc.captured(), pid, status, 0));
    int code = status.get(JAVA_INT, 0);
    return ((code >> 8) & 0xff) | (code & 0x7f);
  }
}

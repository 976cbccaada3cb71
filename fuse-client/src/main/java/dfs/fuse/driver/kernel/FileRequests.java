package dfs.fuse.driver.kernel;

import dfs.fuse.vfs.Vfs;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;
import java.nio.ByteBuffer;

/** Requests about open files. Each method answers one opcode and returns the answer's length. */
final class FileRequests {
  private static final int OPEN_DIRECT = 1;
  private static final int OPEN_KEEP_CACHE = 2;

  /** No FLUSH when a descriptor is closed: a file that was only read has nothing to report. */
  private static final int OPEN_NO_FLUSH = 1 << 5;

  private static final int ACCESS_MODE = 3;
  private static final int O_APPEND = 02000;
  private static final int WRITE_KILL_PRIVILEGES = 4;
  private static final int WRITE_FROM_CACHE = 1;

  private final Vfs vfs;
  private final Gate gate;
  private final InodeRequests inodes;

  FileRequests(Vfs vfs, Gate gate, InodeRequests inodes) {
    this.vfs = vfs;
    this.gate = gate;
    this.inodes = inodes;
  }

  /** struct fuse_open_in: 0 flags. */
  int open(Request in, Answer out) {
    Vfs.Opened opened = vfs.open(in.caller(), in.process(), in.node(), in.u32(0));
    if (opened.handle() == 0) {
      return InodeRequests.failed(in, out, opened.reply());
    }
    gate.enter();
    return out.start().openOut(opened.handle(), flags(opened, in.u32(0))).finish(in.unique());
  }

  /** struct fuse_create_in: 0 flags | 4 mode | 8 umask | 16 name. */
  int create(Request in, Answer out) {
    Change.CreateFile change =
        new Change.CreateFile(in.node(), in.text(16), in.u32(4) & 07777, in.u32(8), true);
    Vfs.Opened opened = vfs.create(in.caller(), in.process(), change, in.u32(0));
    if (opened.handle() == 0 || !(opened.reply() instanceof Reply.Entry entry)) {
      return InodeRequests.failed(in, out, opened.reply());
    }
    return inodes.created(in, out, entry.attributes(), opened.handle(), flags(opened, in.u32(0)));
  }

  private static int flags(Vfs.Opened opened, int asked) {
    int cache = opened.direct() ? OPEN_DIRECT : opened.keepCache() ? OPEN_KEEP_CACHE : 0;
    return (asked & ACCESS_MODE) == 0 ? cache | OPEN_NO_FLUSH : cache;
  }

  /** struct fuse_read_in: 0 fh | 8 offset | 16 size. */
  int read(Request in, Answer out) {
    while (true) {
      long epoch = vfs.cacheEpoch();
      ByteBuffer body = out.start().body();
      body.limit(Answer.HEADER_BYTES + in.u32(16));
      Errno errno = vfs.read(in.u64(0), in.u64(8), body);
      body.limit(body.capacity());
      gate.enter();
      if (vfs.cacheEpoch() == epoch) {
        return errno == Errno.OK ? out.finish(in.unique()) : out.fail(in.unique(), errno);
      }
      gate.leave();
    }
  }

  /** struct fuse_write_in: 0 fh | 8 offset | 16 size | 20 write_flags | 32 flags | 40 data. */
  int write(Request in, Answer out) {
    int size = in.u32(16);
    int how = in.u32(20);
    boolean append = (in.u32(32) & O_APPEND) != 0;
    boolean kill = (how & WRITE_KILL_PRIVILEGES) != 0;
    Errno errno =
        (how & WRITE_FROM_CACHE) != 0
            ? vfs.writeBack(in.u64(0), in.u64(8), in.data(40, size))
            : vfs.write(in.u64(0), in.u64(8), in.data(40, size), append, kill);
    return errno == Errno.OK
        ? out.start().u32(size).u32(0).finish(in.unique())
        : out.fail(in.unique(), errno);
  }

  int flush(Request in, Answer out) {
    return out.fail(in.unique(), vfs.flush(in.u64(0)));
  }

  int sync(Request in, Answer out) {
    return out.fail(in.unique(), vfs.sync(in.u64(0)));
  }

  /** struct fuse_release_in: 0 fh | 8 flags. */
  int release(Request in, Answer out) {
    vfs.release(in.u64(0), (in.u32(8) & ACCESS_MODE) != 0);
    return out.start().finish(in.unique());
  }
}

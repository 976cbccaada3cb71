package dfs.fuse.driver.kernel;

import dfs.fuse.vfs.Vfs;
import dfs.protocol.metadata.Errno;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** Decides who answers a request, and agrees on the protocol with the kernel. */
final class Requests {
  private static final int MAJOR = 7;
  private static final int MINOR_NEWEST = 45;
  private static final int MINOR_OLDEST = 36;
  private static final int BACKGROUND_MAX = 256;
  private static final int CONGESTION = 192;
  private static final int WRITE_BYTES_MAX = 1 << 20;
  private static final int READ_AHEAD_BYTES = 1 << 20;
  private static final int REPLY_PADDING_LONGS = 3;

  private final Vfs vfs;
  private final InodeRequests inodes;
  private final FileRequests files;
  private final DirectoryRequests directories;
  private final CountDownLatch agreed = new CountDownLatch(1);
  private volatile int minor;
  private volatile @Nullable String failure;

  Requests(Vfs vfs, Gate gate) {
    this.vfs = vfs;
    this.inodes = new InodeRequests(vfs, gate);
    this.files = new FileRequests(vfs, gate, inodes);
    this.directories = new DirectoryRequests(vfs, gate, inodes);
  }

  /** Minor version of the protocol agreed on; 0 before. */
  int protocolMinor() {
    return minor;
  }

  /** Waits for INIT. */
  void awaitAgreement() throws IOException, InterruptedException {
    agreed.await();
    if (failure != null) {
      throw new IOException(failure);
    }
  }

  void connectionLost(Exception cause) {
    if (minor == 0 && failure == null) {
      failure = "the kernel closed the connection: " + cause.getMessage();
    }
    agreed.countDown();
  }

  /** Builds the answer and returns its length; 0: none is due. */
  int answer(Request in, Answer out) {
    Opcode opcode = Opcode.of(in.opcode());
    if (opcode == null) {
      return out.fail(in.unique(), Errno.ENOSYS);
    }
    in.begin(vfs.cacheEpoch());
    return switch (opcode) {
      case LOOKUP -> inodes.lookup(in, out);
      case FORGET -> forget(in);
      case BATCH_FORGET -> forgetBatch(in);
      case GETATTR -> inodes.getAttributes(in, out);
      case SETATTR -> inodes.setAttributes(in, out);
      case READLINK -> inodes.readLink(in, out);
      case SYMLINK -> inodes.makeSymlink(in, out);
      case MKNOD -> inodes.makeNode(in, out);
      case MKDIR -> inodes.makeDirectory(in, out);
      case UNLINK -> inodes.unlink(in, out);
      case RMDIR -> inodes.removeDirectory(in, out);
      case RENAME -> inodes.rename(in, out, false);
      case RENAME2 -> inodes.rename(in, out, true);
      case LINK -> inodes.link(in, out);
      case OPEN -> files.open(in, out);
      case CREATE -> files.create(in, out);
      case READ -> files.read(in, out);
      case WRITE -> files.write(in, out);
      case FLUSH -> files.flush(in, out);
      case FSYNC -> files.sync(in, out);
      case RELEASE -> files.release(in, out);
      case STATFS -> inodes.space(in, out);
      case SETXATTR -> inodes.setXattr(in, out);
      case GETXATTR -> inodes.getXattr(in, out);
      case LISTXATTR -> inodes.listXattrs(in, out);
      case REMOVEXATTR -> inodes.removeXattr(in, out);
      case OPENDIR -> directories.open(in, out);
      case READDIR -> directories.list(in, out, false);
      case READDIRPLUS -> directories.list(in, out, true);
      case RELEASEDIR -> directories.release(in, out);
      // Every change of a directory is durable before it is answered.
      case FSYNCDIR, DESTROY -> out.start().finish(in.unique());
      case INIT -> init(in, out);
      // A caller that is being killed waits for the answer; nothing here waits for another caller.
      case INTERRUPT -> 0;
      case GETLK,
          SETLK,
          SETLKW,
          ACCESS,
          BMAP,
          IOCTL,
          POLL,
          NOTIFY_REPLY,
          FALLOCATE,
          LSEEK,
          COPY_FILE_RANGE,
          SETUPMAPPING,
          REMOVEMAPPING,
          SYNCFS,
          TMPFILE,
          STATX,
          COPY_FILE_RANGE_64,
          CUSE_INIT ->
          out.fail(in.unique(), opcode.refusal());
    };
  }

  private int forget(Request in) {
    vfs.forget(in.node(), in.u64(0));
    return 0;
  }

  /** struct fuse_batch_forget_in: 0 count | 8 of each: nodeid u64, nlookup u64. */
  private int forgetBatch(Request in) {
    for (int i = 0; i < in.u32(0); i++) {
      vfs.forget(in.u64(8 + (16 * i)), in.u64(16 + (16 * i)));
    }
    return 0;
  }

  /**
   * struct fuse_init_in: 0 major | 4 minor | 8 max_readahead | 12 flags | 16 flags2. The answer,
   * struct fuse_init_out, is 64 bytes long.
   */
  private int init(Request in, Answer out) {
    int theirs = in.u32(4);
    long offered = Integer.toUnsignedLong(in.u32(12));
    if ((offered & InitFlags.INIT_EXT) != 0) {
      offered |= Integer.toUnsignedLong(in.u32(16)) << 32;
    }
    long missing = InitFlags.REQUIRED & ~offered;
    if (in.u32(0) != MAJOR || theirs < MINOR_OLDEST || missing != 0) {
      failure =
          "this kernel speaks FUSE %d.%d without flags %x; at least %d.%d (Linux 5.17) is needed"
              .formatted(in.u32(0), theirs, missing, MAJOR, MINOR_OLDEST);
      agreed.countDown();
      return out.fail(in.unique(), Errno.EPROTO);
    }
    long flags = InitFlags.WANTED & offered;
    int version = Math.min(theirs, MINOR_NEWEST);
    out.start().u32(MAJOR).u32(version).u32(Math.min(in.u32(8), READ_AHEAD_BYTES)).u32((int) flags);
    out.u16(BACKGROUND_MAX).u16(CONGESTION).u32(WRITE_BYTES_MAX).u32(1);
    out.u16(WRITE_BYTES_MAX / 4096).u16(0).u32((int) (flags >>> 32)).u32(0);
    for (int i = 0; i < REPLY_PADDING_LONGS; i++) {
      out.u64(0);
    }
    minor = version;
    agreed.countDown();
    return out.finish(in.unique());
  }
}

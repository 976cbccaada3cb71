package dfs.fuse.driver.kernel;

import dfs.protocol.metadata.Errno;
import org.jspecify.annotations.Nullable;

/**
 * Every opcode of linux/fuse.h up to protocol 7.45: done here, or the errno it gets and why. ENOSYS
 * tells the kernel never to ask again.
 */
enum Opcode {
  LOOKUP(1),
  FORGET(2),
  GETATTR(3),
  SETATTR(4),
  READLINK(5),
  SYMLINK(6),
  MKNOD(8),
  MKDIR(9),
  UNLINK(10),
  RMDIR(11),
  RENAME(12),
  LINK(13),
  OPEN(14),
  READ(15),
  WRITE(16),
  STATFS(17),
  RELEASE(18),
  FSYNC(20),
  SETXATTR(21),
  GETXATTR(22),
  LISTXATTR(23),
  REMOVEXATTR(24),
  FLUSH(25),
  INIT(26),
  OPENDIR(27),
  READDIR(28),
  RELEASEDIR(29),
  FSYNCDIR(30),
  GETLK(31, Errno.ENOSYS, "locks are the kernel's own within the mount: the lock flags are off"),
  SETLK(32, Errno.ENOSYS, "locks are the kernel's own within the mount: the lock flags are off"),
  SETLKW(33, Errno.ENOSYS, "locks are the kernel's own within the mount: the lock flags are off"),
  ACCESS(34, Errno.ENOSYS, "default_permissions: the kernel checks by itself and never asks"),
  CREATE(35),
  INTERRUPT(36),
  BMAP(37, Errno.ENOSYS, "there is no block device below"),
  DESTROY(38),
  IOCTL(39, Errno.ENOSYS, "no ioctl is offered; the caller sees ENOTTY"),
  POLL(40, Errno.ENOSYS, "files are always ready; the kernel then answers poll(2) itself"),
  NOTIFY_REPLY(41, Errno.ENOSYS, "answers NOTIFY_RETRIEVE, which is never sent"),
  BATCH_FORGET(42),
  FALLOCATE(43, Errno.EOPNOTSUPP, "space is not reserved ahead; posix_fallocate(3) writes zeros"),
  READDIRPLUS(44),
  RENAME2(45),
  LSEEK(
      46, Errno.ENOSYS, "the kernel then treats a file as data up to its end, as lseek(2) allows"),
  COPY_FILE_RANGE(47, Errno.ENOSYS, "the kernel then copies through the page cache"),
  SETUPMAPPING(48, Errno.ENOSYS, "virtiofs only"),
  REMOVEMAPPING(49, Errno.ENOSYS, "virtiofs only"),
  SYNCFS(50, Errno.ENOSYS, "sent to virtiofs and fuseblk only"),
  TMPFILE(51, Errno.EOPNOTSUPP, "an inode without a name is not offered; programs then name one"),
  STATX(52, Errno.ENOSYS, "the kernel then asks GETATTR; birth times are not shown"),
  COPY_FILE_RANGE_64(53, Errno.ENOSYS, "the kernel then copies through the page cache"),
  CUSE_INIT(4096, Errno.ENOSYS, "character devices in user space are another protocol");

  private static final int HIGHEST = 53;
  private static final @Nullable Opcode[] BY_NUMBER = new @Nullable Opcode[HIGHEST + 1];

  static {
    for (Opcode opcode : values()) {
      if (opcode.number <= HIGHEST) {
        BY_NUMBER[opcode.number] = opcode;
      }
    }
  }

  private final int number;
  private final Errno refusal;
  private final String reason;

  Opcode(int number) {
    this(number, Errno.OK, "");
  }

  Opcode(int number, Errno refusal, String reason) {
    this.number = number;
    this.refusal = refusal;
    this.reason = reason;
  }

  /** The opcode with this number, or null: newer than the protocol that was agreed on. */
  static @Nullable Opcode of(int number) {
    return number >= 0 && number <= HIGHEST ? BY_NUMBER[number] : null;
  }

  int number() {
    return number;
  }

  /** What it gets instead of being done; OK if it is done. */
  Errno refusal() {
    return refusal;
  }

  String reason() {
    return reason;
  }
}

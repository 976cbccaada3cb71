package dfs.protocol.metadata;

/**
 * Why an operation was refused: the Linux error numbers that dfs answers with. Constants are only
 * ever added at the end.
 */
public enum Errno {
  OK(0, "success"),
  EPERM(1, "operation not permitted"),
  ENOENT(2, "no such file or directory"),
  EINTR(4, "interrupted"),
  EIO(5, "input/output error"),
  EBADF(9, "bad file handle"),
  EAGAIN(11, "try again"),
  ENOMEM(12, "out of memory"),
  EACCES(13, "permission denied"),
  EBUSY(16, "busy"),
  EEXIST(17, "file exists"),
  EXDEV(18, "not on the same file system"),
  ENODEV(19, "no such device"),
  ENOTDIR(20, "not a directory"),
  EISDIR(21, "is a directory"),
  EINVAL(22, "invalid argument"),
  EFBIG(27, "file too large"),
  ENOSPC(28, "no space left"),
  ESPIPE(29, "illegal seek"),
  EROFS(30, "read-only"),
  EMLINK(31, "too many links"),
  ERANGE(34, "result too large"),
  EDEADLK(35, "deadlock avoided"),
  ENAMETOOLONG(36, "name too long"),
  ENOSYS(38, "function not implemented"),
  ENOTEMPTY(39, "directory not empty"),
  ELOOP(40, "too many symbolic links"),
  ENODATA(61, "no such attribute or no data"),
  EPROTO(71, "protocol error"),
  EOVERFLOW(75, "value too large"),
  EOPNOTSUPP(95, "not supported"),
  ESTALE(116, "stale file handle"),
  EDQUOT(122, "quota exceeded"),
  ETIMEDOUT(110, "timed out"),
  EMFILE(24, "too many open files"),
  ENOLCK(37, "too many locks");

  private final int number;
  private final String text;

  Errno(int number, String text) {
    this.number = number;
    this.text = text;
  }

  /** The number as in errno(3), positive. */
  public int number() {
    return number;
  }

  /** What a person reads. */
  public String text() {
    return text;
  }
}

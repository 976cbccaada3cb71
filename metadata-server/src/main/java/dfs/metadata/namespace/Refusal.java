package dfs.metadata.namespace;

import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;

/**
 * How an operation leaves half-way when it finds that it may not or cannot be done. Caught in one
 * place for changes and one for queries, where it becomes a value; never leaves this package.
 */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final Errno errno;
  private final String detail;

  private Refusal(Errno errno, String detail) {
    super(detail, null, false, false);
    this.errno = errno;
    this.detail = detail;
  }

  static Refusal of(Errno errno, String detail) {
    return new Refusal(errno, detail);
  }

  Reply reply() {
    return new Reply.Refused(errno, detail);
  }

  Errno errno() {
    return errno;
  }
}
